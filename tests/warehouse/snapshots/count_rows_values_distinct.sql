-- count_rows_values_distinct for Spark
SELECT
  grp,
  COUNT(*) AS lines,
  COUNT(n) AS known,
  COUNT(DISTINCT n) AS kinds
FROM numbers
GROUP BY
  grp
ORDER BY
  grp NULLS LAST
