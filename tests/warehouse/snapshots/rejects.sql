-- rejects for Spark
SELECT
  delivery_id,
  file,
  line,
  `column`,
  value,
  reason,
  record
FROM rejects
ORDER BY
  delivery_id NULLS LAST,
  file NULLS LAST,
  line NULLS LAST,
  reason NULLS LAST,
  `column` NULLS LAST
