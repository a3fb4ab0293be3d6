-- basket_days for Spark
SELECT
  ordered_on,
  COUNT(*) AS lines
FROM order_lines
WHERE
  ordered_on < CAST(:until AS DATE)
  AND line_kind = 'sale'
  AND item_kind = 'product'
  AND NOT COALESCE(product_id, description) IS NULL
GROUP BY
  ordered_on
ORDER BY
  ordered_on NULLS LAST
