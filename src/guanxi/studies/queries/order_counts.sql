-- How many customers have ordered how often.
-- grain: one number of orders
-- key: orders
-- tables: customer_features
-- parameters: -
-- columns: orders int64, customers int64, amount int64, median_days_to_second_order double
SELECT
    orders,
    COUNT(*) AS customers,
    CAST(SUM(amount) AS BIGINT) AS amount,
    CAST(MEDIAN(days_to_second_order) AS DOUBLE) AS median_days_to_second_order
FROM customer_features
GROUP BY orders
ORDER BY orders
