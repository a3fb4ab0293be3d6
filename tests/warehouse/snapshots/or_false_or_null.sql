-- or_false_or_null for Spark
SELECT
  id,
  id > 9 OR n > 0 AS yes
FROM numbers
WHERE
  id = 4
