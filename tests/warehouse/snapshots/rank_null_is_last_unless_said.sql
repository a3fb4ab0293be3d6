-- rank_null_is_last_unless_said for Spark
SELECT
  id,
  CAST(RANK() OVER (ORDER BY n NULLS LAST) AS BIGINT) AS place
FROM numbers
ORDER BY
  id NULLS LAST
