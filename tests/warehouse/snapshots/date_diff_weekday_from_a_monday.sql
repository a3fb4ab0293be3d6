-- date_diff_weekday_from_a_monday for Spark
SELECT
  id,
  CAST(DATEDIFF(DAY, CAST('1900-01-01' AS DATE), a) AS BIGINT) % 7 AS weekday
FROM days
ORDER BY
  id NULLS LAST
