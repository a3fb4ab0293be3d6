-- and_three_values for Spark
SELECT
  id,
  n > 0 AND x < 1 AS yes
FROM numbers
ORDER BY
  id NULLS LAST
