-- The days of the first and the last order line.
-- grain: the whole company
-- key: -
-- tables: order_lines
-- parameters: -
-- columns: first_on date, last_on date
SELECT
    MIN(ordered_on) AS first_on,
    MAX(ordered_on) AS last_on
FROM order_lines
