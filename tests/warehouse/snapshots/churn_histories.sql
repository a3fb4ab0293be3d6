-- churn_histories for Spark
SELECT
  customer_id,
  frequency,
  recency_days,
  age_days
FROM customer_features
WHERE
  NOT frequency IS NULL
ORDER BY
  customer_id NULLS LAST
