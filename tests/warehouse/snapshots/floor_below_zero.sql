-- floor_below_zero for Spark
SELECT
  id,
  CAST(FLOOR(x) AS BIGINT) AS whole
FROM numbers
ORDER BY
  id NULLS LAST
