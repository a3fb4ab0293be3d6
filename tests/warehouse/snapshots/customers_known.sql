-- customers_known for Spark
WITH seen AS (
  SELECT
    customer_id,
    MIN(ordered_on) AS first_seen_on,
    MIN(CASE WHEN ordered_on < CAST(:as_of AS DATE) THEN country END) AS country
  FROM order_lines
  WHERE
    NOT customer_id IS NULL
  GROUP BY
    customer_id
)
SELECT
  customers.customer_id AS customer_id,
  COALESCE(customers.country, seen.country) AS country
FROM customers
LEFT JOIN seen
  ON seen.customer_id = customers.customer_id
WHERE
  seen.first_seen_on < CAST(:as_of AS DATE)
  OR customers.joined_on < CAST(:as_of AS DATE)
  OR /* Of a customer file without dates: nothing says that they came later. */ (
    seen.first_seen_on IS NULL AND customers.joined_on IS NULL
  )
