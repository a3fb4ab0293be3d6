"""Small companies drawn at random, with all that the features have to tell apart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from warehouse import rows

AS_OF = dt.date(2024, 3, 1)

days = st.sampled_from(
    [AS_OF + dt.timedelta(days=offset) for offset in (-800, -366, -365, -364, -181, -180, -179, -91, -90, -89, -31, -30,
     -29, -7, -2, -1, 0, 1, 45)]
)  # fmt: skip


@st.composite
def order_line(draw: st.DrawFn, on: st.SearchStrategy[dt.date] = days) -> dict[str, object]:
    line_kind = draw(st.sampled_from(["sale", "sale", "sale", "return", "discount", "free", "cancelled"]))
    money = draw(st.sampled_from([1, 99, 100, 100, 12345, 999_999_999]))
    ordered_on = draw(on)
    hour = draw(st.sampled_from([None, 0, 5, 6, 11, 12, 18, 23]))
    return rows.order_line(
        source=draw(st.sampled_from(["shop", "web"])),
        order_id=draw(st.sampled_from(["1", "2", "3", "4"])),
        customer_id=draw(st.sampled_from(["ada", "bo", "张三", None])),
        product_id=draw(st.sampled_from(["tea", "cup", "绿茶", None])),
        category=draw(st.sampled_from(["drinks", "china", None])),
        country=draw(st.sampled_from(["CN", "DE", None])),
        ordered_on=ordered_on,
        ordered_hour=hour,
        ordered_at=dt.datetime.combine(ordered_on, dt.time(hour or 0, draw(st.sampled_from([0, 59])))),
        quantity=Decimal(draw(st.sampled_from(["1", "0.3333", "12"]))),
        amount={"sale": money, "return": -money, "discount": -money, "free": 0, "cancelled": money}[line_kind],
        line_kind=line_kind,
        item_kind=draw(st.sampled_from(["product", "product", "product", "postage", "test"])),
    )


order_lines = st.lists(order_line(), max_size=25)
customer_files = st.lists(
    st.fixed_dictionaries({
        "customer_id": st.sampled_from(["ada", "dora", "eve"]),
        "country": st.sampled_from(["FR", None]),
        "joined_on": st.one_of(st.none(), days),
    }),
    unique_by=lambda row: row["customer_id"],
)  # fmt: skip
