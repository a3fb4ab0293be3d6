-- Each customer as he stood at an earlier date, and what he did from then until another one.
-- grain: one customer who had bought before the cut-off
-- key: customer_id
-- tables: customer_orders
-- parameters: cutoff date, until date
-- columns: customer_id string, days_since_last_order int64, orders int64, amount int64, later_orders int64,
--   later_amount int64
WITH sums AS (
    SELECT
        customer_id,
        MAX(CASE WHEN ordered_on < $cutoff THEN ordered_on END) AS last_order_on,
        COUNT(CASE WHEN ordered_on < $cutoff THEN 1 END) AS orders,
        CAST(SUM(CASE WHEN ordered_on < $cutoff THEN amount ELSE 0 END) AS BIGINT) AS amount,
        COUNT(CASE WHEN ordered_on >= $cutoff AND ordered_on < $until THEN 1 END) AS later_orders,
        CAST(SUM(CASE WHEN ordered_on >= $cutoff AND ordered_on < $until THEN amount ELSE 0 END) AS BIGINT)
            AS later_amount
    FROM customer_orders
    WHERE sale_lines > 0
    GROUP BY customer_id
)
SELECT
    customer_id,
    CAST(DATE_DIFF('day', last_order_on, $cutoff) AS BIGINT) AS days_since_last_order,
    orders,
    amount,
    later_orders,
    later_amount
FROM sums
WHERE orders > 0
ORDER BY customer_id
