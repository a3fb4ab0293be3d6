-- purchases_by_day for Spark
SELECT
  orders.ordered_on AS ordered_on,
  COUNT(DISTINCT orders.customer_id) AS purchases
FROM customer_orders AS orders
INNER JOIN customer_features AS known
  ON known.customer_id = orders.customer_id
WHERE
  orders.sale_lines > 0
  AND orders.ordered_on >= CAST(:cutoff AS DATE)
  AND orders.ordered_on < CAST(:until AS DATE)
  AND known.first_order_on < CAST(:cutoff AS DATE)
GROUP BY
  orders.ordered_on
ORDER BY
  orders.ordered_on NULLS LAST
