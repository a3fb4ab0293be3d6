-- lines_by_rule for Spark
SELECT
  CASE
    WHEN ordered_on >= CAST(:as_of AS DATE)
    THEN 'not_yet'
    WHEN item_kind = 'test'
    THEN 'test_line'
    WHEN line_kind = 'cancelled'
    THEN 'cancelled'
    WHEN line_kind = 'free'
    THEN 'no_amount'
    WHEN customer_id IS NULL
    THEN 'no_customer'
    ELSE 'used'
  END AS rule,
  COUNT(*) AS lines
FROM order_lines
GROUP BY
  1
