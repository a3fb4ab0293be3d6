-- How many order lines each rule keeps out of a study; a line counts for the first rule that it falls under.
-- grain: one rule
-- key: rule
-- tables: order_lines
-- parameters: as_of date
-- columns: rule string, lines int64
SELECT
    CASE
        WHEN ordered_on >= $as_of THEN 'not_yet'
        WHEN item_kind = 'test' THEN 'test_line'
        WHEN line_kind = 'cancelled' THEN 'cancelled'
        WHEN line_kind = 'free' THEN 'no_amount'
        WHEN customer_id IS NULL THEN 'no_customer'
        ELSE 'used'
    END AS rule,
    COUNT(*) AS lines
FROM order_lines
GROUP BY 1
