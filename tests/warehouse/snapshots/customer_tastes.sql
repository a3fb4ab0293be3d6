-- customer_tastes for Spark
WITH products AS (
  SELECT
    customer_id,
    product_id,
    amount,
    CAST(ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY amount DESC, product_id NULLS LAST) AS BIGINT) AS place
  FROM customer_products
), by_product AS (
  SELECT
    customer_id,
    COUNT(*) AS distinct_products,
    MAX(CASE WHEN place = 1 THEN product_id END) AS top_product_id,
    MAX(CASE WHEN place = 1 THEN amount END) AS top_amount,
    CAST(SUM(amount) AS BIGINT) AS amount
  FROM products
  GROUP BY
    customer_id
), category_amounts AS (
  SELECT
    customer_id,
    category,
    CAST(SUM(amount) AS BIGINT) AS amount
  FROM customer_products
  WHERE
    NOT category IS NULL
  GROUP BY
    customer_id,
    category
), categories AS (
  SELECT
    customer_id,
    category,
    amount,
    CAST(ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY amount DESC, category NULLS LAST) AS BIGINT) AS place
  FROM category_amounts
), by_category AS (
  SELECT
    customer_id,
    COUNT(*) AS distinct_categories,
    MAX(CASE WHEN place = 1 THEN category END) AS top_category,
    MAX(CASE WHEN place = 1 THEN amount END) AS top_amount,
    CAST(SUM(amount) AS BIGINT) AS amount
  FROM categories
  GROUP BY
    customer_id
)
SELECT
  by_product.customer_id AS customer_id,
  by_product.distinct_products AS distinct_products,
  COALESCE(by_category.distinct_categories, 0) AS distinct_categories,
  by_product.top_product_id AS top_product_id,
  CAST(by_product.top_amount AS DOUBLE) / NULLIF(CAST(by_product.amount AS DOUBLE), 0.0) AS top_product_share,
  by_category.top_category AS top_category,
  CAST(by_category.top_amount AS DOUBLE) / NULLIF(CAST(by_category.amount AS DOUBLE), 0.0) AS top_category_share
FROM by_product
LEFT JOIN by_category
  ON by_category.customer_id = by_product.customer_id
