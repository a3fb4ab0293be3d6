-- dense_rank_ties for Spark
SELECT
  id,
  CAST(DENSE_RANK() OVER (ORDER BY n DESC) AS BIGINT) AS place
FROM numbers
ORDER BY
  id NULLS LAST
