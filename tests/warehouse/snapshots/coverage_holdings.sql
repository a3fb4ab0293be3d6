-- coverage_holdings for Spark
WITH bought AS (
  SELECT
    order_lines.customer_id AS customer_id,
    CASE
      WHEN CAST(:level AS STRING) = 'category'
      THEN COALESCE(order_lines.category, products.category)
      ELSE COALESCE(order_lines.product_id, order_lines.description)
    END AS product
  FROM order_lines
  LEFT JOIN products
    ON products.product_id = order_lines.product_id
  WHERE
    NOT order_lines.customer_id IS NULL
    AND order_lines.ordered_on >= CAST(:since AS DATE)
    AND order_lines.ordered_on < CAST(:until AS DATE)
    AND order_lines.line_kind = 'sale'
    AND order_lines.item_kind = 'product'
)
SELECT
  customer_id,
  product
FROM bought
WHERE
  NOT product IS NULL
GROUP BY
  customer_id,
  product
ORDER BY
  customer_id NULLS LAST,
  product NULLS LAST
