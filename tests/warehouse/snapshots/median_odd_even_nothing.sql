-- median_odd_even_nothing for Spark
SELECT
  grp,
  MEDIAN(n) AS middle
FROM numbers
WHERE
  id > 1
GROUP BY
  grp
ORDER BY
  grp NULLS LAST
