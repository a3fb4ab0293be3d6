-- count_of_nobody for Spark
SELECT
  COUNT(*) AS lines,
  COUNT(n) AS known
FROM nobody
