-- median_ties for Spark
SELECT
  MEDIAN(n) AS middle
FROM numbers
WHERE
  grp = 'a'
