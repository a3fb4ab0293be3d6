-- members_before for Spark
WITH earlier AS (
  SELECT
    customer_id,
    segment,
    as_of,
    snapshot_id
  FROM segment_members
  WHERE
    segmentation = CAST(:segmentation AS STRING) AND as_of < CAST(:as_of AS DATE)
), latest_date AS (
  SELECT
    MAX(as_of) AS as_of
  FROM earlier
), latest AS (
  SELECT
    MAX(earlier.as_of) AS as_of,
    MAX(earlier.snapshot_id) AS snapshot_id
  FROM earlier
  JOIN latest_date
    ON latest_date.as_of = earlier.as_of
)
SELECT
  earlier.customer_id AS customer_id,
  earlier.segment AS segment,
  earlier.as_of AS as_of,
  earlier.snapshot_id AS snapshot_id
FROM earlier
JOIN latest
  ON latest.as_of = earlier.as_of AND latest.snapshot_id = earlier.snapshot_id
ORDER BY
  earlier.customer_id NULLS LAST
