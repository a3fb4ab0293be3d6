-- customer_products for Spark
SELECT
  customer_id,
  product_id,
  MAX(category) AS category,
  CAST(SUM(amount) AS BIGINT) AS amount
FROM order_lines
WHERE
  NOT customer_id IS NULL
  AND NOT product_id IS NULL
  AND ordered_on < CAST(:as_of AS DATE)
  AND line_kind = 'sale'
  AND item_kind = 'product'
GROUP BY
  customer_id,
  product_id
