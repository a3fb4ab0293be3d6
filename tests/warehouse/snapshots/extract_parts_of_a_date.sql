-- extract_parts_of_a_date for Spark
SELECT
  id,
  CAST(EXTRACT(YEAR FROM a) AS BIGINT) AS year,
  CAST(EXTRACT(MONTH FROM a) AS BIGINT) AS month,
  CAST(EXTRACT(DAY FROM a) AS BIGINT) AS day
FROM days
ORDER BY
  id NULLS LAST
