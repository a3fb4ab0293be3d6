-- What the segments are made from.
-- grain: one customer who has appeared
-- key: customer_id
-- tables: customer_features
-- parameters: -
-- columns: customer_id string, country string, first_order_at timestamp, last_order_at timestamp,
--   first_order_on date, last_order_on date, orders int64, order_days int64, items double, amount int64,
--   returns_amount int64, days_since_last_order int64, mean_days_between_orders double
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
ORDER BY customer_id
