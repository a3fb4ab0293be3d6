-- cohort_activity for Spark
WITH months AS (
  SELECT
    customer_id,
    CAST(CAST(EXTRACT(YEAR FROM ordered_on) AS BIGINT) * 12 + CAST(EXTRACT(MONTH FROM ordered_on) AS BIGINT) - 1 AS BIGINT) AS month,
    CAST(SUM(amount) AS BIGINT) AS amount
  FROM customer_orders
  WHERE
    sale_lines > 0
  GROUP BY
    1,
    2
), firsts AS (
  SELECT
    customer_id,
    month,
    amount,
    MIN(month) OVER (PARTITION BY customer_id) AS first_month
  FROM months
)
SELECT
  first_month,
  month,
  COUNT(*) AS customers,
  CAST(SUM(amount) AS BIGINT) AS amount
FROM firsts
GROUP BY
  1,
  2
ORDER BY
  1 NULLS LAST,
  2 NULLS LAST
