-- max_of_dates for Spark
SELECT
  MAX(a) AS a,
  MIN(a) AS first
FROM days
