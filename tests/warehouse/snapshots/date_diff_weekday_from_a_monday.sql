-- date_diff_weekday_from_a_monday for Spark
SELECT
  id,
  DATEDIFF(DAY, CAST('1900-01-01' AS DATE), a) % 7 AS weekday
FROM days
ORDER BY
  id NULLS LAST
