-- What known customers bought before a date, by product; services, postage, fees and tests left out.
-- grain: one customer x product
-- key: customer_id, product_id
-- tables: order_lines
-- parameters: as_of date
-- columns: customer_id string, product_id string, category string, amount int64
SELECT
    customer_id,
    product_id,
    MAX(category) AS category,
    CAST(SUM(amount) AS BIGINT) AS amount
FROM order_lines
WHERE
    customer_id IS NOT NULL
    AND product_id IS NOT NULL
    AND ordered_on < $as_of
    AND line_kind = 'sale'
    AND item_kind = 'product'
GROUP BY customer_id, product_id
