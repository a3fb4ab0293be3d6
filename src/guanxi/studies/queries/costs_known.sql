-- What known customers bought before a date, and of those lines whose cost is known, what they cost. Before returns.
-- grain: the whole company
-- key: -
-- tables: order_lines
-- parameters: as_of date
-- columns: amount int64, known_amount int64, cost int64
SELECT
    CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount,
    CAST(COALESCE(SUM(CASE WHEN cost IS NOT NULL THEN amount ELSE 0 END), 0) AS BIGINT) AS known_amount,
    CAST(COALESCE(SUM(cost), 0) AS BIGINT) AS cost
FROM order_lines
WHERE customer_id IS NOT NULL AND line_kind = 'sale' AND item_kind <> 'test' AND ordered_on < $as_of
