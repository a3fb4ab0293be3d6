-- nullif_no_division_by_zero for Spark
SELECT
  id,
  CAST(x AS DOUBLE) / CAST(NULLIF(x - 0.5, 0.0) AS DOUBLE) AS ratio
FROM numbers
ORDER BY
  id NULLS LAST
