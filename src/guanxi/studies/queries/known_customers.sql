-- Everyone who has appeared before a date in an order of any kind, or in a customer file.
-- grain: one customer
-- key: customer_id
-- tables: customers_said, order_lines
-- parameters: as_of date
-- columns: customer_id string
WITH appeared AS (
    SELECT customer_id FROM order_lines WHERE customer_id IS NOT NULL AND ordered_on < $as_of
    UNION ALL
    SELECT customer_id FROM customers_said WHERE said_by = 'file' AND COALESCE(joined_on < $as_of, TRUE)
)
SELECT customer_id
FROM appeared
GROUP BY customer_id
ORDER BY customer_id
