-- What each known customer bought in a period: categories, or products where level says so; returns and what never came
-- about left out, likewise services, postage, fees and tests.
-- grain: one customer x category or product
-- key: customer_id, product
-- tables: order_lines, products
-- parameters: since date, until date, level string
-- columns: customer_id string, product string
WITH bought AS (
    SELECT
        order_lines.customer_id AS customer_id,
        CASE
            WHEN $level = 'category' THEN COALESCE(order_lines.category, products.category)
            ELSE COALESCE(order_lines.product_id, order_lines.description)
        END AS product
    FROM order_lines
    LEFT JOIN products ON products.product_id = order_lines.product_id
    WHERE
        order_lines.customer_id IS NOT NULL
        AND order_lines.ordered_on >= $since
        AND order_lines.ordered_on < $until
        AND order_lines.line_kind = 'sale'
        AND order_lines.item_kind = 'product'
)
SELECT
    customer_id,
    product
FROM bought
WHERE product IS NOT NULL
GROUP BY customer_id, product
ORDER BY customer_id, product
