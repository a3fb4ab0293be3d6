-- stddev_samp_three_one_none for Spark
SELECT
  grp,
  STDDEV_SAMP(n) AS sd
FROM numbers
GROUP BY
  grp
ORDER BY
  grp NULLS LAST
