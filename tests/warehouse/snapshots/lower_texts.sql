-- lower_texts for Spark
SELECT
  id,
  LOWER(t) AS t
FROM texts
ORDER BY
  id NULLS LAST
