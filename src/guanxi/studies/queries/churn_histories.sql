-- How often and for how long each customer has bought, as the lifetime models read it.
-- grain: one customer who had bought before the date of the features
-- key: customer_id
-- tables: customer_features
-- parameters: -
-- columns: customer_id string, frequency int64, recency_days double, age_days double
SELECT
    customer_id,
    frequency,
    recency_days,
    age_days
FROM customer_features
WHERE frequency IS NOT NULL
ORDER BY customer_id
