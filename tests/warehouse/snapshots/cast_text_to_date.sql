-- cast_text_to_date for Spark
SELECT
  CAST('2024-02-29' AS DATE) AS leap_day
FROM numbers
WHERE
  id = 1
