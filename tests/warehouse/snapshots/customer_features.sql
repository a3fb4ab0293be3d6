-- customer_features for Spark
WITH dated AS (
  SELECT
    customer_id,
    ordered_at,
    ordered_on,
    ordered_hour,
    sale_lines,
    items,
    amount,
    returns_amount,
    CAST(DATEDIFF(DAY, ordered_on, CAST(:as_of AS DATE)) AS BIGINT) - 1 AS age,
    CAST(DATEDIFF(DAY, CAST('1900-01-01' AS DATE), ordered_on) /* Monday is 0; days are counted from a Monday, because engines number weekdays differently. */ AS BIGINT) % 7 AS weekday
  FROM customer_orders
), sums AS (
  SELECT
    customer_id,
    MIN(CASE WHEN sale_lines > 0 THEN ordered_at END) AS first_order_at,
    MAX(CASE WHEN sale_lines > 0 THEN ordered_at END) AS last_order_at,
    MIN(CASE WHEN sale_lines > 0 THEN ordered_on END) AS first_order_on,
    MAX(CASE WHEN sale_lines > 0 THEN ordered_on END) AS last_order_on,
    COUNT(CASE WHEN sale_lines > 0 THEN 1 END) AS orders,
    CAST(SUM(amount) AS BIGINT) AS amount,
    CAST(SUM(returns_amount) AS BIGINT) AS returns_amount,
    COUNT(CASE WHEN returns_amount > 0 THEN 1 END) AS returns,
    CAST(SUM(items) AS DOUBLE) AS items,
    CAST(SUM(sale_lines) AS BIGINT) AS sale_lines,
    CAST(SUM(CASE WHEN sale_lines > 0 THEN amount END) AS BIGINT) AS sum_amounts, /* Exact, so that sums and deviation are the same whatever the order of the rows. */
    CAST(SUM(
      CASE
        WHEN sale_lines > 0
        THEN CAST(amount AS DECIMAL(19, 0)) * CAST(amount AS DECIMAL(19, 0))
      END
    ) AS DECIMAL(38, 0)) AS sum_squares,
    MAX(CASE WHEN sale_lines > 0 THEN amount END) AS max_order_amount,
    COUNT(CASE WHEN sale_lines > 0 AND age < 30 THEN 1 END) AS orders_30d,
    COUNT(CASE WHEN sale_lines > 0 AND age < 90 THEN 1 END) AS orders_90d,
    COUNT(CASE WHEN sale_lines > 0 AND age < 180 THEN 1 END) AS orders_180d,
    COUNT(CASE WHEN sale_lines > 0 AND age < 365 THEN 1 END) AS orders_365d,
    CAST(SUM(CASE WHEN age < 30 THEN amount ELSE 0 END) AS BIGINT) AS amount_30d,
    CAST(SUM(CASE WHEN age < 90 THEN amount ELSE 0 END) AS BIGINT) AS amount_90d,
    CAST(SUM(CASE WHEN age < 180 THEN amount ELSE 0 END) AS BIGINT) AS amount_180d,
    CAST(SUM(CASE WHEN age < 365 THEN amount ELSE 0 END) AS BIGINT) AS amount_365d,
    CAST(SUM(CASE WHEN age >= 90 AND age < 180 THEN amount ELSE 0 END) AS BIGINT) AS amount_before_90d,
    COUNT(CASE WHEN sale_lines > 0 AND ordered_hour >= 0 AND ordered_hour < 6 THEN 1 END) AS night_orders,
    COUNT(CASE WHEN sale_lines > 0 AND ordered_hour >= 6 AND ordered_hour < 12 THEN 1 END) AS morning_orders,
    COUNT(CASE WHEN sale_lines > 0 AND ordered_hour >= 12 AND ordered_hour < 18 THEN 1 END) AS afternoon_orders,
    COUNT(CASE WHEN sale_lines > 0 AND ordered_hour >= 18 AND ordered_hour < 24 THEN 1 END) AS evening_orders,
    COUNT(CASE WHEN sale_lines > 0 AND weekday = 0 THEN 1 END) AS weekday_0,
    COUNT(CASE WHEN sale_lines > 0 AND weekday = 1 THEN 1 END) AS weekday_1,
    COUNT(CASE WHEN sale_lines > 0 AND weekday = 2 THEN 1 END) AS weekday_2,
    COUNT(CASE WHEN sale_lines > 0 AND weekday = 3 THEN 1 END) AS weekday_3,
    COUNT(CASE WHEN sale_lines > 0 AND weekday = 4 THEN 1 END) AS weekday_4,
    COUNT(CASE WHEN sale_lines > 0 AND weekday = 5 THEN 1 END) AS weekday_5,
    COUNT(CASE WHEN sale_lines > 0 AND weekday = 6 THEN 1 END) AS weekday_6
  FROM dated
  GROUP BY
    customer_id
)
SELECT
  known.customer_id AS customer_id,
  known.country AS country,
  sums.first_order_at AS first_order_at,
  sums.last_order_at AS last_order_at,
  sums.first_order_on AS first_order_on,
  sums.last_order_on AS last_order_on,
  CAST(DATEDIFF(DAY, sums.last_order_on, CAST(:as_of AS DATE)) AS BIGINT) AS days_since_last_order,
  CAST(DATEDIFF(DAY, sums.first_order_on, CAST(:as_of AS DATE)) AS BIGINT) AS tenure_days,
  COALESCE(sums.orders, 0) AS orders,
  COALESCE(gaps.order_days, 0) AS order_days,
  gaps.order_days - 1 AS frequency,
  CAST(DATEDIFF(DAY, sums.first_order_on, sums.last_order_on) AS DOUBLE) AS recency_days,
  CAST(DATEDIFF(DAY, sums.first_order_on, CAST(:as_of AS DATE)) AS DOUBLE) AS age_days,
  COALESCE(sums.amount, 0) AS amount,
  COALESCE(sums.returns_amount, 0) AS returns_amount,
  CAST(sums.returns_amount AS DOUBLE) / NULLIF(CAST(sums.amount AS DOUBLE), 0.0) AS return_share,
  COALESCE(sums.returns, 0) AS returns,
  COALESCE(sums.items, 0.0) AS items,
  COALESCE(sums.sale_lines, 0) AS sale_lines,
  CAST(sums.amount AS DOUBLE) / NULLIF(CAST(sums.orders AS DOUBLE), 0.0) AS mean_order_amount,
  CASE
    WHEN sums.orders > 1
    THEN SQRT(
      CAST(sums.orders * sums.sum_squares - CAST(sums.sum_amounts AS DECIMAL(19, 0)) * sums.sum_amounts AS DOUBLE) / CAST(sums.orders * (
        sums.orders - 1
      ) AS DOUBLE)
    )
  END AS sd_order_amount,
  sums.max_order_amount AS max_order_amount,
  CAST(sums.items AS DOUBLE) / NULLIF(CAST(sums.orders AS DOUBLE), 0.0) AS mean_order_items,
  CAST(DATEDIFF(DAY, sums.first_order_on, sums.last_order_on) AS DOUBLE) / NULLIF(CAST(gaps.order_days - 1 AS DOUBLE), 0.0) AS mean_days_between_orders,
  gaps.sd_days_between_orders AS sd_days_between_orders,
  gaps.median_days_between_orders AS median_days_between_orders,
  gaps.max_days_between_orders AS max_days_between_orders,
  CAST(DATEDIFF(DAY, sums.first_order_on, gaps.second_order_on) AS BIGINT) AS days_to_second_order,
  COALESCE(sums.orders_30d, 0) AS orders_30d,
  COALESCE(sums.orders_90d, 0) AS orders_90d,
  COALESCE(sums.orders_180d, 0) AS orders_180d,
  COALESCE(sums.orders_365d, 0) AS orders_365d,
  COALESCE(sums.amount_30d, 0) AS amount_30d,
  COALESCE(sums.amount_90d, 0) AS amount_90d,
  COALESCE(sums.amount_180d, 0) AS amount_180d,
  COALESCE(sums.amount_365d, 0) AS amount_365d,
  CAST(sums.amount_90d - sums.amount_before_90d AS DOUBLE) / NULLIF(CAST(sums.amount_90d + sums.amount_before_90d AS DOUBLE), 0.0) AS amount_trend,
  COALESCE(tastes.distinct_products, 0) AS distinct_products,
  COALESCE(tastes.distinct_categories, 0) AS distinct_categories,
  tastes.top_product_id AS top_product_id,
  tastes.top_product_share AS top_product_share,
  tastes.top_category AS top_category,
  tastes.top_category_share AS top_category_share,
  CAST(weekday_5 + weekday_6 AS DOUBLE) / NULLIF(CAST(sums.orders AS DOUBLE), 0.0) AS weekend_share,
  CASE
    WHEN COALESCE(sums.orders, 0) = 0
    THEN NULL
    WHEN weekday_0 = GREATEST(weekday_0, weekday_1, weekday_2, weekday_3, weekday_4, weekday_5, weekday_6)
    THEN CAST(0 AS BIGINT)
    WHEN weekday_1 = GREATEST(weekday_0, weekday_1, weekday_2, weekday_3, weekday_4, weekday_5, weekday_6)
    THEN 1
    WHEN weekday_2 = GREATEST(weekday_0, weekday_1, weekday_2, weekday_3, weekday_4, weekday_5, weekday_6)
    THEN 2
    WHEN weekday_3 = GREATEST(weekday_0, weekday_1, weekday_2, weekday_3, weekday_4, weekday_5, weekday_6)
    THEN 3
    WHEN weekday_4 = GREATEST(weekday_0, weekday_1, weekday_2, weekday_3, weekday_4, weekday_5, weekday_6)
    THEN 4
    WHEN weekday_5 = GREATEST(weekday_0, weekday_1, weekday_2, weekday_3, weekday_4, weekday_5, weekday_6)
    THEN 5
    ELSE 6
  END AS usual_weekday,
  CAST(night_orders AS DOUBLE) / NULLIF(
    CAST(night_orders + morning_orders + afternoon_orders + evening_orders AS DOUBLE),
    0.0
  ) AS night_share,
  CAST(morning_orders AS DOUBLE) / NULLIF(
    CAST(night_orders + morning_orders + afternoon_orders + evening_orders AS DOUBLE),
    0.0
  ) AS morning_share,
  CAST(afternoon_orders AS DOUBLE) / NULLIF(
    CAST(night_orders + morning_orders + afternoon_orders + evening_orders AS DOUBLE),
    0.0
  ) AS afternoon_share,
  CAST(evening_orders AS DOUBLE) / NULLIF(
    CAST(night_orders + morning_orders + afternoon_orders + evening_orders AS DOUBLE),
    0.0
  ) AS evening_share
FROM customers_known AS known
LEFT JOIN sums
  ON sums.customer_id = known.customer_id
LEFT JOIN customer_gaps AS gaps
  ON gaps.customer_id = known.customer_id
LEFT JOIN customer_tastes AS tastes
  ON tastes.customer_id = known.customer_id
