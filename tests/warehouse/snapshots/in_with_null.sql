-- in_with_null for Spark
SELECT
  id
FROM numbers
WHERE
  n IN (3, 7)
ORDER BY
  id NULLS LAST
