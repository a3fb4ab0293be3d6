-- earned_by_day for Spark
WITH lines AS (
  SELECT
    order_lines.customer_id AS customer_id,
    order_lines.ordered_on AS ordered_on,
    order_lines.line_kind AS line_kind,
    order_lines.line_kind = 'discount' OR NOT order_lines.cost IS NULL AS has_cost,
    CASE
      WHEN order_lines.line_kind <> 'discount' AND order_lines.cost IS NULL
      THEN CAST(products.unit_cost AS DOUBLE)
    END AS unit_cost,
    order_lines.amount AS amount,
    CASE
      WHEN order_lines.line_kind = 'discount'
      THEN 0
      WHEN order_lines.line_kind = 'return'
      THEN -ABS(order_lines.cost)
      ELSE order_lines.cost
    END AS cost,
    CASE
      WHEN order_lines.line_kind = 'return'
      THEN -ABS(order_lines.quantity)
      ELSE order_lines.quantity
    END AS quantity
  FROM order_lines
  INNER JOIN named_customers
    ON named_customers.customer_id = order_lines.customer_id
  LEFT JOIN products
    ON products.product_id = order_lines.product_id
  WHERE
    order_lines.ordered_on < CAST(:as_of AS DATE)
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
GROUP BY
  customer_id,
  ordered_on,
  line_kind,
  has_cost,
  unit_cost
ORDER BY
  customer_id NULLS LAST,
  ordered_on NULLS LAST,
  line_kind NULLS LAST,
  has_cost NULLS LAST,
  unit_cost NULLS LAST
