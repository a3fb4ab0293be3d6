-- order_counts for Spark
SELECT
  orders,
  COUNT(*) AS customers,
  CAST(SUM(amount) AS BIGINT) AS amount,
  CAST(MEDIAN(days_to_second_order) AS DOUBLE) AS median_days_to_second_order
FROM customer_features
GROUP BY
  orders
ORDER BY
  orders NULLS LAST
