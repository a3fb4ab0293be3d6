-- What is known of each customer who bought in the last year, for saying whether he will buy again.
-- grain: one customer who had bought in the 365 days before the date of the features
-- key: customer_id
-- tables: customer_features
-- parameters: -
-- columns: customer_id string, last_order_on date, days_since_last_order int64, tenure_days int64, order_days int64,
--   orders_90d int64, orders_365d int64, amount int64, amount_90d int64, amount_365d int64, amount_trend double,
--   mean_order_amount double, mean_days_between_orders double, sd_days_between_orders double,
--   median_days_between_orders double, max_days_between_orders double, return_share double, distinct_products int64,
--   distinct_categories int64, top_product_share double, weekend_share double
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
WHERE days_since_last_order <= 365
ORDER BY customer_id
