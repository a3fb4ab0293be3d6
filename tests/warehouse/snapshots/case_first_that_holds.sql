-- case_first_that_holds for Spark
SELECT
  id,
  CASE WHEN n > 5 THEN 'many' WHEN n > 0 THEN 'some' WHEN n IS NULL THEN 'unknown' END AS word
FROM numbers
ORDER BY
  id NULLS LAST
