-- Of named customers those who appear, at whatever date, in an order of any kind or in a customer file, and the day of
-- their first purchase.
-- grain: one customer
-- key: customer_id
-- tables: customers_said, named_customers, order_lines
-- parameters: -
-- columns: customer_id string, first_on date
WITH appeared AS (
    SELECT
        customer_id,
        CASE WHEN line_kind = 'sale' AND item_kind <> 'test' THEN ordered_on END AS bought_on
    FROM order_lines
    UNION ALL
    SELECT customer_id, CAST(NULL AS DATE) AS bought_on FROM customers_said WHERE said_by = 'file'
)
SELECT
    appeared.customer_id AS customer_id,
    MIN(appeared.bought_on) AS first_on
FROM appeared
INNER JOIN named_customers ON named_customers.customer_id = appeared.customer_id
GROUP BY appeared.customer_id
ORDER BY appeared.customer_id
