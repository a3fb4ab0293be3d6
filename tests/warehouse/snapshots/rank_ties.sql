-- rank_ties for Spark
SELECT
  id,
  RANK() OVER (ORDER BY n DESC) AS place
FROM numbers
ORDER BY
  id NULLS LAST
