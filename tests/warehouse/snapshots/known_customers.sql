-- known_customers for Spark
WITH appeared AS (
  SELECT
    customer_id
  FROM order_lines
  WHERE
    NOT customer_id IS NULL AND ordered_on < CAST(:as_of AS DATE)
  UNION ALL
  SELECT
    customer_id
  FROM customers_said
  WHERE
    said_by = 'file' AND COALESCE(joined_on < CAST(:as_of AS DATE), TRUE)
)
SELECT
  customer_id
FROM appeared
GROUP BY
  customer_id
ORDER BY
  customer_id NULLS LAST
