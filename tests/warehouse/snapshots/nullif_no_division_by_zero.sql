-- nullif_no_division_by_zero for Spark
SELECT
  id,
  x / NULLIF(x - 0.5, 0.0) AS ratio
FROM numbers
ORDER BY
  id NULLS LAST
