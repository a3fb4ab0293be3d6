-- The orders, cancellations and credit notes of known customers before a date, without test lines.
-- grain: one customer x order
-- key: customer_id, order_id, source
-- tables: orders
-- parameters: as_of date
-- columns: customer_id string, source string, order_id string, ordered_at timestamp, ordered_on date,
--   ordered_hour int64, sale_lines int64, items decimal, amount int64, returns_amount int64
SELECT
    customer_id,
    source,
    order_id,
    MIN(ordered_at) AS ordered_at,
    MIN(ordered_on) AS ordered_on,
    MIN(ordered_hour) AS ordered_hour,
    CAST(SUM(sale_lines) AS BIGINT) AS sale_lines,
    CAST(SUM(items) AS DECIMAL(28, 4)) AS items,
    CAST(SUM(amount) AS BIGINT) AS amount,
    CAST(SUM(returns_amount) AS BIGINT) AS returns_amount
FROM orders
WHERE customer_id IS NOT NULL AND ordered_on < $as_of
GROUP BY customer_id, source, order_id
