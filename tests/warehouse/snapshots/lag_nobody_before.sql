-- lag_nobody_before for Spark
SELECT
  id,
  LAG(n) OVER (PARTITION BY grp ORDER BY id NULLS LAST) AS before
FROM numbers
ORDER BY
  id NULLS LAST
