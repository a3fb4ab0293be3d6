-- segment_inputs for Spark
SELECT
  customer_id,
  country,
  first_order_at,
  last_order_at,
  first_order_on,
  last_order_on,
  orders,
  order_days,
  items,
  amount,
  returns_amount,
  days_since_last_order,
  mean_days_between_orders
FROM customer_features
ORDER BY
  customer_id NULLS LAST
