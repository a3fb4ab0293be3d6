-- date_diff_leap_day_month_end_year_end for Spark
SELECT
  id,
  CAST(DATEDIFF(DAY, a, b) AS BIGINT) AS days
FROM days
ORDER BY
  id NULLS LAST
