-- in_not_in_leaves_null_out for Spark
SELECT
  id
FROM numbers
WHERE
  NOT n IN (3, 7)
ORDER BY
  id NULLS LAST
