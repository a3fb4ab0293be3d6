-- min_numbers_and_texts for Spark
SELECT
  MIN(n) AS n,
  MIN(grp) AS grp
FROM numbers
