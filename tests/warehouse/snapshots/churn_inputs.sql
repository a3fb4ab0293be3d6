-- churn_inputs for Spark
SELECT
  customer_id,
  last_order_on,
  days_since_last_order,
  tenure_days,
  order_days,
  orders_90d,
  orders_365d,
  amount,
  amount_90d,
  amount_365d,
  amount_trend,
  mean_order_amount,
  mean_days_between_orders,
  sd_days_between_orders,
  median_days_between_orders,
  CAST(max_days_between_orders AS DOUBLE) AS max_days_between_orders,
  return_share,
  distinct_products,
  distinct_categories,
  top_product_share,
  weekend_share
FROM customer_features
WHERE
  days_since_last_order <= 365
ORDER BY
  customer_id NULLS LAST
