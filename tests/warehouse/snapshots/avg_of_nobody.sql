-- avg_of_nobody for Spark
SELECT
  AVG(CAST(x AS DOUBLE)) AS mean
FROM nobody
