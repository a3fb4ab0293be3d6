-- if_null_is_no for Spark
SELECT
  id,
  IF(n > 0, 1, 0) AS yes
FROM numbers
ORDER BY
  id NULLS LAST
