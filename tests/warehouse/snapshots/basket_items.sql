-- basket_items for Spark
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
    ordered_on >= CAST(:since AS DATE)
    AND ordered_on < CAST(:until AS DATE)
    AND line_kind = 'sale'
    AND item_kind = 'product'
    AND NOT COALESCE(product_id, description) IS NULL
  GROUP BY
    1,
    2,
    3,
    4,
    5
)
SELECT
  MIN(line) OVER (PARTITION BY source, order_id, customer_id, ordered_on) AS basket,
  ordered_on,
  product
FROM sold
