-- sales_by_country for Spark
SELECT
  country,
  COUNT(DISTINCT customer_id) AS customers,
  COUNT(CASE WHEN sale_lines > 0 THEN 1 END) AS orders,
  CAST(SUM(amount) AS BIGINT) AS amount,
  CAST(SUM(returns_amount) AS BIGINT) AS returns_amount
FROM orders
WHERE
  ordered_on < CAST(:as_of AS DATE)
GROUP BY
  country
ORDER BY
  amount DESC,
  country NULLS LAST
