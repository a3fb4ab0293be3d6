-- customers_at for Spark
WITH sums AS (
  SELECT
    customer_id,
    MAX(CASE WHEN ordered_on < CAST(:cutoff AS DATE) THEN ordered_on END) AS last_order_on,
    COUNT(CASE WHEN ordered_on < CAST(:cutoff AS DATE) THEN 1 END) AS orders,
    CAST(SUM(CASE WHEN ordered_on < CAST(:cutoff AS DATE) THEN amount ELSE 0 END) AS BIGINT) AS amount,
    COUNT(
      CASE
        WHEN ordered_on >= CAST(:cutoff AS DATE) AND ordered_on < CAST(:until AS DATE)
        THEN 1
      END
    ) AS later_orders,
    CAST(SUM(
      CASE
        WHEN ordered_on >= CAST(:cutoff AS DATE) AND ordered_on < CAST(:until AS DATE)
        THEN amount
        ELSE 0
      END
    ) AS BIGINT) AS later_amount
  FROM customer_orders
  WHERE
    sale_lines > 0
  GROUP BY
    customer_id
)
SELECT
  customer_id,
  CAST(DATEDIFF(DAY, last_order_on, CAST(:cutoff AS DATE)) AS BIGINT) AS days_since_last_order,
  orders,
  amount,
  later_orders,
  later_amount
FROM sums
WHERE
  orders > 0
ORDER BY
  customer_id NULLS LAST
