-- least_null_is_passed_over for Spark
SELECT
  id,
  LEAST(n, 0, id) AS least
FROM numbers
ORDER BY
  id NULLS LAST
