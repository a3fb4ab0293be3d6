-- avg_of_nobody for Spark
SELECT
  AVG(x) AS mean
FROM nobody
