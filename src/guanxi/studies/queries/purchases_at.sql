-- How each customer had bought by an earlier date, in the horizon before it, and from then until another one.
-- Several orders of one day are one purchase.
-- grain: one customer who has appeared before the date of the features
-- key: customer_id
-- tables: customer_features, customer_orders
-- parameters: since date, cutoff date, until date
-- columns: customer_id string, orders int64, frequency int64, recency_days double, age_days double, amount int64,
--   repeat_amount int64, recent_orders int64, recent_amount int64, days_since_last_order int64, later_orders int64,
--   later_amount int64
WITH days AS (
    SELECT
        customer_id,
        ordered_on,
        CAST(SUM(amount) AS BIGINT) AS amount
    FROM customer_orders
    WHERE sale_lines > 0
    GROUP BY customer_id, ordered_on
),
sums AS (
    SELECT
        days.customer_id AS customer_id,
        MIN(known.first_order_on) AS first_on,
        MAX(CASE WHEN ordered_on < $cutoff THEN ordered_on END) AS last_on,
        COUNT(CASE WHEN ordered_on < $cutoff THEN 1 END) AS orders,
        CAST(SUM(CASE WHEN ordered_on < $cutoff THEN days.amount ELSE 0 END) AS BIGINT) AS amount,
        CAST(
            SUM(CASE WHEN ordered_on > known.first_order_on AND ordered_on < $cutoff THEN days.amount ELSE 0 END)
            AS BIGINT
        ) AS repeat_amount,
        COUNT(CASE WHEN ordered_on >= $since AND ordered_on < $cutoff THEN 1 END) AS recent_orders,
        CAST(SUM(CASE WHEN ordered_on >= $since AND ordered_on < $cutoff THEN days.amount ELSE 0 END) AS BIGINT)
            AS recent_amount,
        COUNT(CASE WHEN ordered_on >= $cutoff AND ordered_on < $until THEN 1 END) AS later_orders,
        CAST(SUM(CASE WHEN ordered_on >= $cutoff AND ordered_on < $until THEN days.amount ELSE 0 END) AS BIGINT)
            AS later_amount
    FROM days
    INNER JOIN customer_features AS known ON known.customer_id = days.customer_id
    WHERE known.first_order_on < $cutoff
    GROUP BY days.customer_id
)
SELECT
    known.customer_id AS customer_id,
    sums.orders AS orders,
    sums.orders - 1 AS frequency,
    CAST(DATE_DIFF('day', sums.first_on, sums.last_on) AS DOUBLE) AS recency_days,
    CAST(DATE_DIFF('day', sums.first_on, $cutoff) AS DOUBLE) AS age_days,
    sums.amount AS amount,
    sums.repeat_amount AS repeat_amount,
    sums.recent_orders AS recent_orders,
    sums.recent_amount AS recent_amount,
    CAST(DATE_DIFF('day', sums.last_on, $cutoff) AS BIGINT) AS days_since_last_order,
    sums.later_orders AS later_orders,
    sums.later_amount AS later_amount
FROM customer_features AS known
LEFT JOIN sums ON sums.customer_id = known.customer_id
ORDER BY known.customer_id
