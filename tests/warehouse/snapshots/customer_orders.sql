-- customer_orders for Spark
SELECT
  customer_id,
  source,
  order_id,
  MIN(ordered_at) AS ordered_at,
  MIN(ordered_on) AS ordered_on,
  MIN(ordered_hour) AS ordered_hour,
  CAST(SUM(sale_lines) AS BIGINT) AS sale_lines,
  CAST(SUM(items) AS DECIMAL(28, 4)) AS items,
  CAST(SUM(amount) AS BIGINT) AS amount,
  CAST(SUM(returns_amount) AS BIGINT) AS returns_amount
FROM orders
WHERE
  NOT customer_id IS NULL AND ordered_on < CAST(:as_of AS DATE)
GROUP BY
  customer_id,
  source,
  order_id
