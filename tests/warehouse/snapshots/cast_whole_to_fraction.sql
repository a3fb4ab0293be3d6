-- cast_whole_to_fraction for Spark
SELECT
  CAST(n AS DOUBLE) / 2 AS half
FROM numbers
WHERE
  id IN (1, 2, 4)
ORDER BY
  id NULLS LAST
