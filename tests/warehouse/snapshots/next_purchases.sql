-- next_purchases for Spark
WITH days AS (
  SELECT
    customer_id,
    ordered_on,
    CAST(SUM(amount) AS BIGINT) AS amount
  FROM customer_orders
  WHERE
    sale_lines > 0
    AND ordered_on >= CAST(:cutoff AS DATE)
    AND ordered_on < CAST(:until AS DATE)
  GROUP BY
    customer_id,
    ordered_on
), firsts AS (
  SELECT
    customer_id,
    MIN(ordered_on) AS next_on
  FROM days
  GROUP BY
    customer_id
)
SELECT
  firsts.customer_id AS customer_id,
  firsts.next_on AS next_on,
  days.amount AS next_amount
FROM firsts
INNER JOIN days
  ON days.customer_id = firsts.customer_id AND days.ordered_on = firsts.next_on
INNER JOIN customer_features AS known
  ON known.customer_id = firsts.customer_id
WHERE
  known.first_order_on < CAST(:cutoff AS DATE)
ORDER BY
  firsts.customer_id NULLS LAST
