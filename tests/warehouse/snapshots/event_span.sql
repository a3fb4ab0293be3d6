-- event_span for Spark
SELECT
  MIN(ordered_on) AS first_on,
  MAX(ordered_on) AS last_on
FROM order_lines
