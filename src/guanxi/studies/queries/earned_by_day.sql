-- What named customers bought and sent back by day before a date, apart by kind of line and by what is known of the cost:
-- of the line, or of a piece of the product. A return takes its cost back, whether or not the file repeats the minus; a
-- discount costs nothing. Lines of no amount and those that never came about are left out.
-- grain: one customer x day x kind of line x cost of a piece
-- key: customer_id, ordered_on, line_kind, has_cost, unit_cost
-- tables: named_customers, order_lines, products
-- parameters: as_of date
-- columns: customer_id string, ordered_on date, line_kind string, has_cost boolean, unit_cost double, sales int64,
--   amount int64, cost int64, quantity double
WITH lines AS (
    SELECT
        order_lines.customer_id AS customer_id,
        order_lines.ordered_on AS ordered_on,
        order_lines.line_kind AS line_kind,
        order_lines.line_kind = 'discount' OR order_lines.cost IS NOT NULL AS has_cost,
        CASE
            WHEN order_lines.line_kind <> 'discount' AND order_lines.cost IS NULL
                THEN CAST(products.unit_cost AS DOUBLE)
        END AS unit_cost,
        order_lines.amount AS amount,
        CASE
            WHEN order_lines.line_kind = 'discount' THEN 0
            WHEN order_lines.line_kind = 'return' THEN -ABS(order_lines.cost)
            ELSE order_lines.cost
        END AS cost,
        CASE
            WHEN order_lines.line_kind = 'return' THEN -ABS(order_lines.quantity)
            ELSE order_lines.quantity
        END AS quantity
    FROM order_lines
    INNER JOIN named_customers ON named_customers.customer_id = order_lines.customer_id
    LEFT JOIN products ON products.product_id = order_lines.product_id
    WHERE
        order_lines.ordered_on < $as_of
        AND order_lines.item_kind <> 'test'
        AND order_lines.line_kind IN ('sale', 'discount', 'return')
)
SELECT
    customer_id,
    ordered_on,
    line_kind,
    has_cost,
    unit_cost,
    COUNT(CASE WHEN line_kind = 'sale' THEN 1 END) AS sales,
    CAST(SUM(amount) AS BIGINT) AS amount,
    CAST(COALESCE(SUM(cost), 0) AS BIGINT) AS cost,
    CAST(SUM(quantity) AS DOUBLE) AS quantity
FROM lines
GROUP BY customer_id, ordered_on, line_kind, has_cost, unit_cost
ORDER BY customer_id, ordered_on, line_kind, has_cost, unit_cost
