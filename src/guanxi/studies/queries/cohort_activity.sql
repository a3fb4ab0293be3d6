-- How many of the customers who first bought in a month bought in each later month; months are year x 12 + month - 1.
-- grain: one month of first purchase x month of purchase
-- key: first_month, month
-- tables: customer_orders
-- parameters: -
-- columns: first_month int64, month int64, customers int64, amount int64
WITH months AS (
    SELECT
        customer_id,
        CAST(EXTRACT(YEAR FROM ordered_on) * 12 + EXTRACT(MONTH FROM ordered_on) - 1 AS BIGINT) AS month,
        CAST(SUM(amount) AS BIGINT) AS amount
    FROM customer_orders
    WHERE sale_lines > 0
    GROUP BY 1, 2
),
firsts AS (
    SELECT customer_id, month, amount, MIN(month) OVER (PARTITION BY customer_id) AS first_month
    FROM months
)
SELECT
    first_month,
    month,
    COUNT(*) AS customers,
    CAST(SUM(amount) AS BIGINT) AS amount
FROM firsts
GROUP BY 1, 2
ORDER BY 1, 2
