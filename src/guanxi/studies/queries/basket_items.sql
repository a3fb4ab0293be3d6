-- Which products were bought together: what was sold in each basket, with or without a known customer; services,
-- postage, fees and tests left out, likewise what was returned or never came about. A product without a number goes by
-- its description. A basket is one order of one customer on one day; it bears the number of one of its lines.
-- grain: one basket x product
-- key: basket, product
-- tables: order_lines
-- parameters: since date, until date
-- columns: basket int64, ordered_on date, product string
WITH sold AS (
    SELECT
        source,
        order_id,
        customer_id,
        ordered_on,
        COALESCE(product_id, description) AS product,
        MIN(delivery_id * 1099511627776 + source_row) AS line
    FROM order_lines
    WHERE
        ordered_on >= $since
        AND ordered_on < $until
        AND line_kind = 'sale'
        AND item_kind = 'product'
        AND COALESCE(product_id, description) IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
)
SELECT
    MIN(line) OVER (PARTITION BY source, order_id, customer_id, ordered_on) AS basket,
    ordered_on,
    product
FROM sold
