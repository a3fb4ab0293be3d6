-- Orders and money by country, largest first.
-- grain: one country
-- key: country
-- tables: orders
-- parameters: as_of date
-- columns: country string, customers int64, orders int64, amount int64, returns_amount int64
SELECT
    country,
    COUNT(DISTINCT customer_id) AS customers,
    COUNT(CASE WHEN sale_lines > 0 THEN 1 END) AS orders,
    CAST(SUM(amount) AS BIGINT) AS amount,
    CAST(SUM(returns_amount) AS BIGINT) AS returns_amount
FROM orders
WHERE ordered_on < $as_of
GROUP BY country
ORDER BY amount DESC, country
