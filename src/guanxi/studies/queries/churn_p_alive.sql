-- The chance that a customer was still one, as the value study had said as of a date, by the latest data.
-- grain: one customer with that score
-- key: customer_id
-- tables: scores
-- parameters: cutoff date
-- columns: customer_id string, p_alive double
WITH said AS (
    SELECT
        customer_id,
        value,
        ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY snapshot_id DESC) AS place
    FROM scores
    WHERE study = 'value' AND score = 'p_alive' AND as_of = $cutoff
)
SELECT
    customer_id,
    value AS p_alive
FROM said
WHERE place = 1
ORDER BY customer_id
