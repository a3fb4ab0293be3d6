-- row_number_within_groups for Spark
SELECT
  id,
  CAST(ROW_NUMBER() OVER (PARTITION BY grp ORDER BY n DESC, id NULLS LAST) AS BIGINT) AS place
FROM numbers
ORDER BY
  id NULLS LAST
