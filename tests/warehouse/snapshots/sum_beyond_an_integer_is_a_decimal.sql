-- sum_beyond_an_integer_is_a_decimal for Spark
SELECT
  CAST(SUM(CAST(9000000000000000000 AS DECIMAL(19, 0))) AS DOUBLE) AS total
FROM numbers
