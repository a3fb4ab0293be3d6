"""What an order is, given its lines."""

from __future__ import annotations

__all__ = ["orders_sql"]


def orders_sql(lines: str) -> str:
    """A query with the columns of ``orders``: the lines of one source, number, customer and day added up.

    Test lines and lines that never came about do not count. The order's delivery is the latest of its lines.

    Parameters
    ----------
    lines : a table or query in parentheses, with the columns of ``order_lines``
    """
    return f"""
    SELECT source, order_id, customer_id, min(ordered_at) AS ordered_at, ordered_on,
        min(ordered_hour) AS ordered_hour, count(*) AS lines, count(*) FILTER (line_kind = 'sale') AS sale_lines,
        CAST(COALESCE(sum(quantity) FILTER (line_kind = 'sale' AND item_kind = 'product'), 0) AS DECIMAL(18, 4))
            AS items,
        CAST(COALESCE(sum(amount) FILTER (line_kind IN ('sale', 'discount')), 0) AS BIGINT) AS amount,
        CAST(COALESCE(-sum(amount) FILTER (line_kind = 'return'), 0) AS BIGINT) AS returns_amount,
        min(currency) AS currency, min(country) AS country, min(channel) AS channel, max(delivery_id) AS delivery_id
    FROM {lines}
    WHERE item_kind <> 'test' AND line_kind <> 'cancelled'
    GROUP BY source, order_id, customer_id, ordered_on"""
