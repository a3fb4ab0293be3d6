-- sqrt_numbers for Spark
SELECT
  id,
  SQRT(ABS(x)) AS root
FROM numbers
ORDER BY
  id NULLS LAST
