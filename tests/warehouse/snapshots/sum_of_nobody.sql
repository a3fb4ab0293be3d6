-- sum_of_nobody for Spark
SELECT
  CAST(SUM(n) AS BIGINT) AS n,
  SUM(x) AS x
FROM nobody
