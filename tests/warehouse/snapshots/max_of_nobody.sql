-- max_of_nobody for Spark
SELECT
  MAX(n) AS n
FROM nobody
