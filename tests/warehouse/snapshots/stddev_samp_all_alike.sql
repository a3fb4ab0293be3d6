-- stddev_samp_all_alike for Spark
SELECT
  STDDEV_SAMP(n) AS sd
FROM numbers
WHERE
  n = 3
