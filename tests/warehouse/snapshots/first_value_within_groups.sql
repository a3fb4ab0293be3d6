-- first_value_within_groups for Spark
SELECT
  id,
  FIRST_VALUE(n) OVER (PARTITION BY grp ORDER BY id DESC) AS latest
FROM numbers
ORDER BY
  id NULLS LAST
