-- How many lines of products were sold each day, for choosing how far back to read.
-- grain: one day with sales of products
-- key: ordered_on
-- tables: order_lines
-- parameters: until date
-- columns: ordered_on date, lines int64
SELECT
    ordered_on,
    COUNT(*) AS lines
FROM order_lines
WHERE
    ordered_on < $until
    AND line_kind = 'sale'
    AND item_kind = 'product'
    AND COALESCE(product_id, description) IS NOT NULL
GROUP BY ordered_on
ORDER BY ordered_on
