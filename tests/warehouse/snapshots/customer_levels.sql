-- customer_levels for Spark
SELECT
  customer_id,
  level
FROM customers
WHERE
  NOT level IS NULL
ORDER BY
  customer_id NULLS LAST
