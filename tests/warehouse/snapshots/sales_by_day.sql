-- sales_by_day for Spark
SELECT
  ordered_on,
  COUNT(CASE WHEN sale_lines > 0 THEN 1 END) AS orders,
  CAST(SUM(amount) AS BIGINT) AS amount,
  CAST(SUM(returns_amount) AS BIGINT) AS returns_amount,
  CAST(SUM(CASE WHEN NOT customer_id IS NULL THEN amount ELSE 0 END) AS BIGINT) AS known_amount
FROM orders
WHERE
  ordered_on < CAST(:as_of AS DATE)
GROUP BY
  ordered_on
ORDER BY
  ordered_on NULLS LAST
