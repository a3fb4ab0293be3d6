-- max_numbers_and_texts for Spark
SELECT
  MAX(n) AS n,
  MAX(grp) AS grp
FROM numbers
