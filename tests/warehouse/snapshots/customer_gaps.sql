-- customer_gaps for Spark
WITH purchase_days AS (
  SELECT
    customer_id,
    ordered_on
  FROM customer_orders
  WHERE
    sale_lines > 0
  GROUP BY
    customer_id,
    ordered_on
), gaps AS (
  SELECT
    customer_id,
    ordered_on,
    CAST(ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY ordered_on NULLS LAST) AS BIGINT) AS place,
    CAST(DATEDIFF(
      DAY,
      LAG(ordered_on) OVER (PARTITION BY customer_id ORDER BY ordered_on NULLS LAST),
      ordered_on
    ) AS BIGINT) AS gap_days
  FROM purchase_days
), sums AS (
  SELECT
    customer_id,
    COUNT(*) AS order_days,
    MIN(CASE WHEN place = 2 THEN ordered_on END) AS second_order_on,
    COUNT(gap_days) AS gaps,
    CAST(SUM(gap_days) AS BIGINT) AS sum_gaps,
    CAST(SUM(gap_days * gap_days) AS BIGINT) AS sum_squares,
    CAST(MEDIAN(gap_days) AS DOUBLE) AS median_days_between_orders,
    CAST(MAX(gap_days) AS BIGINT) AS max_days_between_orders
  FROM gaps
  GROUP BY
    customer_id
)
SELECT
  customer_id,
  order_days,
  second_order_on,
  CASE
    WHEN gaps > 1
    THEN SQRT(
      CAST(gaps * sum_squares - sum_gaps * sum_gaps AS DOUBLE) / CAST(gaps * (
        gaps - 1
      ) AS DOUBLE)
    )
  END AS sd_days_between_orders,
  median_days_between_orders,
  max_days_between_orders
FROM sums
