-- The first purchase from a date on of who had bought before it. Several orders of one day are one purchase.
-- grain: one customer who had bought before the date and bought again
-- key: customer_id
-- tables: customer_features, customer_orders
-- parameters: cutoff date, until date
-- columns: customer_id string, next_on date, next_amount int64
WITH days AS (
    SELECT
        customer_id,
        ordered_on,
        CAST(SUM(amount) AS BIGINT) AS amount
    FROM customer_orders
    WHERE sale_lines > 0 AND ordered_on >= $cutoff AND ordered_on < $until
    GROUP BY customer_id, ordered_on
),
firsts AS (
    SELECT
        customer_id,
        MIN(ordered_on) AS next_on
    FROM days
    GROUP BY customer_id
)
SELECT
    firsts.customer_id AS customer_id,
    firsts.next_on AS next_on,
    days.amount AS next_amount
FROM firsts
INNER JOIN days ON days.customer_id = firsts.customer_id AND days.ordered_on = firsts.next_on
INNER JOIN customer_features AS known ON known.customer_id = firsts.customer_id
WHERE known.first_order_on < $cutoff
ORDER BY firsts.customer_id
