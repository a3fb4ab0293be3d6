-- The level of each customer who has one: of a card, a contract, a programme.
-- grain: one customer with a level
-- key: customer_id
-- tables: customers
-- parameters: -
-- columns: customer_id string, level string
SELECT
    customer_id,
    level
FROM customers
WHERE level IS NOT NULL
ORDER BY customer_id
