-- avg_of_whole_numbers for Spark
SELECT
  grp,
  AVG(n) AS mean
FROM numbers
GROUP BY
  grp
ORDER BY
  grp NULLS LAST
