-- What each product is called.
-- grain: one product with a number
-- key: product_id
-- tables: products
-- parameters: -
-- columns: product_id string, description string, category string
SELECT
    product_id,
    description,
    category
FROM products
ORDER BY product_id
