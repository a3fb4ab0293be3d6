-- abs_signs for Spark
SELECT
  id,
  ABS(n) AS n,
  ABS(x) AS x
FROM numbers
ORDER BY
  id NULLS LAST
