-- A score that a study of this run has given.
-- grain: one customer with that score
-- key: customer_id
-- tables: run_scores
-- parameters: study string, score string
-- columns: customer_id string, value double, low double, high double
SELECT
    customer_id,
    value,
    low,
    high
FROM run_scores
WHERE study = $study AND score = $score
ORDER BY customer_id
