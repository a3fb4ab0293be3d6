-- cast_wide_product for Spark
SELECT
  CAST(CAST(9000000000 AS DECIMAL(19, 0)) * CAST(9000000000 AS DECIMAL(19, 0)) AS DOUBLE) AS square
FROM numbers
WHERE
  id = 1
