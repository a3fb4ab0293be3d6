"""The fold of deliveries once more, in plain Python and without regard to speed, for the tests to compare with.

A delivery is a list of lines; a line is a dict with order_id, customer_id, product_id, ordered_on, quantity (negative:
a return), given (its own number, or None), cancelled (whether its status says that the order never came about).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

CONTENT = ("order_id", "customer_id", "product_id", "ordered_on", "quantity")


def fold(deliveries: dict[int, list[dict]]) -> tuple[list[dict], list[dict]]:
    """What counts and what is hidden: delivery number → lines to lines with delivery, row, line_no, because and by."""
    current: list[dict] = []
    hidden: list[dict] = []
    for number, lines in deliveries.items():
        arrived = [{**line, "delivery": number, "row": row} for row, line in enumerate(lines, start=1)]
        for order in dict.fromkeys(line["order_id"] for line in arrived):
            old = sorted((line for line in current if line["order_id"] == order), key=lambda line: line["line_no"])
            new = [line for line in arrived if line["order_id"] == order]
            counting, put_away = _step(old, new)
            current = [line for line in current if line["order_id"] != order] + counting
            hidden += put_away
    return current, hidden


def _step(old: list[dict], new: list[dict]) -> tuple[list[dict], list[dict]]:
    left, fresh, whole = list(old), list(new), len(new) >= len(old)
    known = _pairs(left, fresh, lambda line: tuple(line[name] for name in (*CONTENT, "cancelled")))
    changed = _pairs(left, fresh, lambda line: tuple(line[name] for name in CONTENT))
    if {line["ordered_on"] for line in old} & {line["ordered_on"] for line in new} or (
        {line["customer_id"] for line in old} & {line["customer_id"] for line in new} - {None}
    ):
        changed += _pairs(left, fresh, lambda line: line["given"])
        is_day = any(line["order_id"] == f"{line['customer_id']} @ {line['ordered_on']}" for line in old)
        if known or changed or not is_day:
            changed += _pairs(left, fresh, lambda line: (line["product_id"] or "", _is_return(line)))
        if (known or changed) and whole and not is_day:
            changed += _pairs(left, fresh, _is_return)
    taken = {line["line_no"] for line in old}
    numbered = [line for line in fresh if line["given"] is not None and line["given"] not in taken]
    last = max([0, *taken, *(line["given"] for line in numbered)])
    counting = left + [was for was, _ in known] + [{**now, "line_no": was["line_no"]} for was, now in changed]
    counting += [{**line, "line_no": line["given"]} for line in numbered]
    on = [line for line in fresh if line not in numbered]
    counting += [{**line, "line_no": last + place} for place, line in enumerate(on, start=1)]
    put_away = [{**now, "line_no": was["line_no"], "because": "known", "by": was["delivery"]} for was, now in known]
    put_away += [{**was, "because": "superseded", "by": now["delivery"]} for was, now in changed]
    return counting, put_away


def _pairs(old: list[dict], new: list[dict], alike: Callable[[dict], object]) -> list[tuple[dict, dict]]:
    """Pair the n-th with the n-th of those that are alike, and take both out of their lists."""
    found = []
    for was in list(old):
        now = next((line for line in new if alike(line) is not None and alike(line) == alike(was)), None)
        if now is not None:
            found.append((was, now))
            old.remove(was)
            new.remove(now)
    return found


def _is_return(line: dict) -> bool:
    return line["quantity"] < 0 and not line["cancelled"]


def orders_of(lines: Iterable[dict]) -> dict[tuple, int]:
    """How many lines each order has, by number, customer and day."""
    key = lambda line: (line["order_id"], line["customer_id"] or "", str(line["ordered_on"]))  # noqa: E731
    return {found: len(list(members)) for found, members in groupby(sorted(lines, key=key), key)}
