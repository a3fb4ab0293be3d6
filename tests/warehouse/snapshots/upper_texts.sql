-- upper_texts for Spark
SELECT
  id,
  UPPER(t) AS t
FROM texts
ORDER BY
  id NULLS LAST
