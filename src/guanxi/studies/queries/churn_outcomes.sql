-- Who had bought in the year before a cut-off, and how often from then until another date: the label of churn.
-- grain: one customer who had bought in the 365 days before the cut-off
-- key: customer_id
-- tables: customer_orders
-- parameters: cutoff date, until date
-- columns: customer_id string, days_since_last_order int64, later_orders int64
WITH sums AS (
    SELECT
        customer_id,
        MAX(CASE WHEN ordered_on < $cutoff THEN ordered_on END) AS last_order_on,
        COUNT(CASE WHEN ordered_on >= $cutoff AND ordered_on < $until THEN 1 END) AS later_orders
    FROM customer_orders
    WHERE sale_lines > 0
    GROUP BY customer_id
)
SELECT
    customer_id,
    CAST(DATE_DIFF('day', last_order_on, $cutoff) AS BIGINT) AS days_since_last_order,
    later_orders
FROM sums
WHERE DATE_DIFF('day', last_order_on, $cutoff) <= 365
ORDER BY customer_id
