-- scores_said for Spark
SELECT
  customer_id,
  value,
  low,
  high
FROM run_scores
WHERE
  study = CAST(:study AS STRING) AND score = CAST(:score AS STRING)
ORDER BY
  customer_id NULLS LAST
