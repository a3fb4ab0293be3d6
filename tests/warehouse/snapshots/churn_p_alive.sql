-- churn_p_alive for Spark
WITH said AS (
  SELECT
    customer_id,
    value,
    CAST(ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY snapshot_id DESC) AS BIGINT) AS place
  FROM scores
  WHERE
    study = 'value' AND score = 'p_alive' AND as_of = CAST(:cutoff AS DATE)
)
SELECT
  customer_id,
  value AS p_alive
FROM said
WHERE
  place = 1
ORDER BY
  customer_id NULLS LAST
