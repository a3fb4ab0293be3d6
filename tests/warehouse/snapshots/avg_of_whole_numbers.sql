-- avg_of_whole_numbers for Spark
SELECT
  grp,
  AVG(CAST(n AS DOUBLE)) AS mean
FROM numbers
GROUP BY
  grp
ORDER BY
  grp NULLS LAST
