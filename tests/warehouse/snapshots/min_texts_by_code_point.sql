-- min_texts_by_code_point for Spark
SELECT
  MIN(t) AS first,
  MAX(t) AS last
FROM texts
WHERE
  t > ''
