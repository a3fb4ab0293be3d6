-- product_names for Spark
SELECT
  product_id,
  description,
  category
FROM products
ORDER BY
  product_id NULLS LAST
