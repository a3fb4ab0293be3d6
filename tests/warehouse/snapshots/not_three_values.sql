-- not_three_values for Spark
SELECT
  id,
  NOT n > 0 AS yes
FROM numbers
WHERE
  id IN (1, 2, 4)
ORDER BY
  id NULLS LAST
