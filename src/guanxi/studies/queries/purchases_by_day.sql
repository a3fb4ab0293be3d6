-- On how many customers' days of purchase each day fell, of customers who had bought before a date.
-- grain: one day from the date on with a purchase
-- key: ordered_on
-- tables: customer_features, customer_orders
-- parameters: cutoff date, until date
-- columns: ordered_on date, purchases int64
SELECT
    orders.ordered_on AS ordered_on,
    COUNT(DISTINCT orders.customer_id) AS purchases
FROM customer_orders AS orders
INNER JOIN customer_features AS known ON known.customer_id = orders.customer_id
WHERE
    orders.sale_lines > 0
    AND orders.ordered_on >= $cutoff
    AND orders.ordered_on < $until
    AND known.first_order_on < $cutoff
GROUP BY orders.ordered_on
ORDER BY orders.ordered_on
