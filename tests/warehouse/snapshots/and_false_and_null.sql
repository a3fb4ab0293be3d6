-- and_false_and_null for Spark
SELECT
  id,
  id > 9 AND n > 0 AS yes
FROM numbers
WHERE
  id = 4
