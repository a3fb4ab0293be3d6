-- greatest_null_is_passed_over for Spark
SELECT
  id,
  GREATEST(n, 0, id) AS most
FROM numbers
ORDER BY
  id NULLS LAST
