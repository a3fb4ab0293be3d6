-- sum_of_whole_numbers for Spark
SELECT
  grp,
  CAST(SUM(n) AS BIGINT) AS total
FROM numbers
GROUP BY
  grp
ORDER BY
  grp NULLS LAST
