-- Orders and money by day, of all customers, known or not.
-- grain: one day with orders
-- key: ordered_on
-- tables: orders
-- parameters: as_of date
-- columns: ordered_on date, orders int64, amount int64, returns_amount int64, known_amount int64
SELECT
    ordered_on,
    COUNT(CASE WHEN sale_lines > 0 THEN 1 END) AS orders,
    CAST(SUM(amount) AS BIGINT) AS amount,
    CAST(SUM(returns_amount) AS BIGINT) AS returns_amount,
    CAST(SUM(CASE WHEN customer_id IS NOT NULL THEN amount ELSE 0 END) AS BIGINT) AS known_amount
FROM orders
WHERE ordered_on < $as_of
GROUP BY ordered_on
ORDER BY ordered_on
