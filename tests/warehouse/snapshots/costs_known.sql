-- costs_known for Spark
SELECT
  CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount,
  CAST(COALESCE(SUM(CASE WHEN NOT cost IS NULL THEN amount ELSE 0 END), 0) AS BIGINT) AS known_amount,
  CAST(COALESCE(SUM(cost), 0) AS BIGINT) AS cost
FROM order_lines
WHERE
  NOT customer_id IS NULL
  AND line_kind = 'sale'
  AND item_kind <> 'test'
  AND ordered_on < CAST(:as_of AS DATE)
