-- cast_whole_to_fraction for Spark
SELECT
  CAST(n AS DOUBLE) / CAST(2 AS DOUBLE) AS half
FROM numbers
WHERE
  id IN (1, 2, 4)
ORDER BY
  id NULLS LAST
