-- extract_parts_of_a_date for Spark
SELECT
  id,
  EXTRACT(YEAR FROM a) AS year,
  EXTRACT(MONTH FROM a) AS month,
  EXTRACT(DAY FROM a) AS day
FROM days
ORDER BY
  id NULLS LAST
