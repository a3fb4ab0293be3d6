-- What was sold of each product, of all customers, known or not; services, postage, fees and tests left out.
-- grain: one product
-- key: product_id
-- tables: order_lines, products
-- parameters: as_of date
-- columns: product_id string, description string, category string, items double, amount int64, returns_amount int64
WITH sums AS (
    SELECT
        product_id,
        CAST(SUM(CASE WHEN line_kind = 'sale' THEN quantity ELSE 0 END) AS DOUBLE) AS items,
        CAST(SUM(CASE WHEN line_kind = 'sale' THEN amount ELSE 0 END) AS BIGINT) AS amount,
        CAST(SUM(CASE WHEN line_kind = 'return' THEN -amount ELSE 0 END) AS BIGINT) AS returns_amount
    FROM order_lines
    WHERE product_id IS NOT NULL AND item_kind = 'product' AND ordered_on < $as_of
    GROUP BY product_id
)
SELECT
    sums.product_id AS product_id,
    products.description AS description,
    products.category AS category,
    sums.items AS items,
    sums.amount AS amount,
    sums.returns_amount AS returns_amount
FROM sums
LEFT JOIN products ON products.product_id = sums.product_id
ORDER BY amount DESC, product_id
