-- dense_rank_ties for Spark
SELECT
  id,
  DENSE_RANK() OVER (ORDER BY n DESC) AS place
FROM numbers
ORDER BY
  id NULLS LAST
