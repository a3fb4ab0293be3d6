-- coalesce_first_that_is_there for Spark
SELECT
  id,
  COALESCE(u, t, 'none') AS word
FROM texts
ORDER BY
  id NULLS LAST
