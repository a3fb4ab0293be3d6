-- sales_by_product for Spark
WITH sums AS (
  SELECT
    product_id,
    CAST(SUM(CASE WHEN line_kind = 'sale' THEN quantity ELSE 0 END) AS DOUBLE) AS items,
    CAST(SUM(CASE WHEN line_kind = 'sale' THEN amount ELSE 0 END) AS BIGINT) AS amount,
    CAST(SUM(CASE WHEN line_kind = 'return' THEN -amount ELSE 0 END) AS BIGINT) AS returns_amount
  FROM order_lines
  WHERE
    NOT product_id IS NULL
    AND item_kind = 'product'
    AND ordered_on < CAST(:as_of AS DATE)
  GROUP BY
    product_id
)
SELECT
  sums.product_id AS product_id,
  products.description AS description,
  products.category AS category,
  sums.items AS items,
  sums.amount AS amount,
  sums.returns_amount AS returns_amount
FROM sums
LEFT JOIN products
  ON products.product_id = sums.product_id
ORDER BY
  amount DESC,
  product_id NULLS LAST
