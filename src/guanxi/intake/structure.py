"""What the columns of an order file tell about each other: the lines of an order stand together and share its time and
customer, quantity × price is the amount, a product has one name. This finds roles where names say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from guanxi.intake.sample import ColumnSample
from guanxi.intake.time_reading import Codes, Floats
from guanxi.words import Message

__all__ = ["Find", "determines", "find_roles", "product_fit", "repeats_within"]

_ENOUGH = 3
"""Groups or rows below which a relation says nothing."""


@dataclass(frozen=True)
class Find:
    """A column found by what it holds."""

    place: int
    score: float
    """0 … 1"""
    evidence: Message


def determines(these: Codes, those: Codes) -> float | None:
    """Share of the values of ``these`` on several rows that go with one value of ``those``; None where too few are.

    Examples
    --------
    >>> determines(np.array([0, 0, 1, 1, 2, 2, 3]), np.array([5, 5, 6, 6, 7, 8, 9])).__round__(2)
    0.67
    """
    both = (these >= 0) & (those >= 0)
    a, b = these[both], those[both]
    if not len(a):
        return None
    rows = np.bincount(a)
    pairs = np.unique(a * (b.max() + 1) + b) // (b.max() + 1)
    several = rows >= 2
    if several.sum() < _ENOUGH:
        return None
    return float((np.bincount(pairs, minlength=len(rows))[several] == 1).mean())


def product_fit(quantity: Floats, price: Floats, amount: Floats) -> float | None:
    """Share of the rows with a quantity other than 1 in which quantity × price is the amount, to half a percent."""
    rows = np.isfinite(quantity) & np.isfinite(price) & np.isfinite(amount)
    rows &= ~np.isin(quantity, (0.0, 1.0)) & (price != 0) & (np.abs(price) != 1)
    if rows.sum() < _ENOUGH:
        return None
    difference = np.abs(quantity[rows] * price[rows] - amount[rows])
    return float((difference <= 0.011 + 0.005 * np.abs(amount[rows])).mean())


def repeats_within(orders: ColumnSample, column: ColumnSample) -> bool:
    """Whether an amount is said of the whole order: once, on its first line, or again on every line.

    Only orders of several lines tell, and only where the amounts of orders differ.
    """
    amounts = np.where(column.numbers == 0, np.nan, column.numbers)
    some = orders.codes >= 0
    lines = np.bincount(orders.codes[some])
    filled = np.bincount(orders.codes[some], weights=np.isfinite(amounts[some]))
    several = (lines >= 2) & (filled >= 1)
    if several.sum() < _ENOUGH or column.distinct < _ENOUGH:
        return False
    codes = np.where(np.isfinite(amounts), column.codes, -1)
    pairs = np.unique(np.stack([orders.codes, codes])[:, some & (codes >= 0)], axis=1)[0]
    one_value = np.bincount(pairs, minlength=len(lines)) == 1
    once_or_always = (filled == 1) | (filled == lines)
    return bool((one_value & once_or_always)[several].mean() >= 0.9)


def find_roles(columns: Sequence[ColumnSample], free: Collection[int], known: Mapping[str, int]) -> dict[str, Find]:
    """Roles of the ``free`` columns of an order file by what they hold; none where no column holds times.

    Parameters
    ----------
    columns : all columns of the sample
    free : places of those whose name says nothing
    known : role → place of the columns whose name says it
    """
    found: dict[str, Find] = {}
    places = dict(known)
    left = set(free)
    for role, find in (
        ("ordered_at", _find_time), ("email", _find_email), ("phone", _find_phone), ("country", _find_country),
        ("currency", _find_currency), ("order_id", _find_order), ("customer_id", _find_customer),
        ("product_id", _find_product), ("description", _find_description),
    ):  # fmt: skip
        if role not in places and (result := find(columns, sorted(left), places)):
            found[role] = result
            places[role] = result.place
            left.discard(result.place)
        if role == "ordered_at" and role not in places:
            return {}
    found.update(_find_numbers(columns, left, places))
    return found


def _find_time(columns: Sequence[ColumnSample], free: Sequence[int], _: Mapping[str, int]) -> Find | None:
    fits = [place for place in free if columns[place].time_share >= 0.9 and columns[place].number_share < 0.5]
    fits = fits or [
        place
        for place in free
        if columns[place].time_share >= 0.95
        and columns[place].distinct > 1
        and (columns[place].time_format != "excel_serial" or columns[place].whole_share < 1)
    ]
    if not fits:
        return None
    # Of several times the order's comes first; those that follow are when it was paid, sent, received.
    earliest = min(fits, key=lambda place: np.nanmean(_days(columns[place])))
    column = columns[earliest]
    return Find(earliest, column.time_share * (0.9 if len(fits) == 1 else 0.7), Message("mapping.by_content"))


def _find_email(columns: Sequence[ColumnSample], free: Sequence[int], _: Mapping[str, int]) -> Find | None:
    return _first(place for place in free if columns[place].shares["email"] >= 0.8)


def _find_phone(columns: Sequence[ColumnSample], free: Sequence[int], _: Mapping[str, int]) -> Find | None:
    # Order numbers are as long; telephone numbers of one country begin alike: 1 and eleven digits, +, or 0.
    return _first(
        place
        for place in free
        if columns[place].shares["phone"] >= 0.8
        and np.mean([t.startswith(("+", "0", "(")) or (t[0] == "1" and len(t) == 11) for t in columns[place].texts])
        >= 0.9
        and columns[place].time_share < 0.5
        and columns[place].mean_length >= 9
    )


def _find_country(columns: Sequence[ColumnSample], free: Sequence[int], _: Mapping[str, int]) -> Find | None:
    # "no" is an answer, "NO" is Norway.
    return _first(
        place
        for place in free
        if columns[place].country_share >= 0.8 and all(len(t) > 2 or t.isupper() for t in columns[place].texts)
    )


def _find_currency(columns: Sequence[ColumnSample], free: Sequence[int], _: Mapping[str, int]) -> Find | None:
    return _first(place for place in free if columns[place].shares["currency"] >= 0.95 and columns[place].distinct <= 5)


def _find_order(columns: Sequence[ColumnSample], free: Sequence[int], places: Mapping[str, int]) -> Find | None:
    time = columns[places["ordered_at"]] if "ordered_at" in places else None
    best: Find | None = None
    for place in free:
        column = columns[place]
        if not _is_code(column) or column.distinct == column.present or time is None:
            continue
        codes = column.codes[column.codes >= 0]
        together = column.distinct / (1 + int((np.diff(codes) != 0).sum()))
        one_time = determines(column.codes, time.codes)
        if one_time is None or min(together, one_time) < 0.9:
            continue
        if best is None or column.distinct > columns[best.place].distinct:
            best = Find(place, min(together, one_time), Message("mapping.orders_have_one_time"))
    if best is None:
        alone = [p for p in free if _is_code(columns[p]) and columns[p].distinct == len(columns[p].codes) > 1]
        best = Find(alone[0], 0.6, Message("mapping.by_content")) if alone else None
    return best


def _find_customer(columns: Sequence[ColumnSample], free: Sequence[int], places: Mapping[str, int]) -> Find | None:
    orders = columns[places["order_id"]] if "order_id" in places else None
    fits: list[tuple[bool, int, int]] = []
    for place in free:
        column = columns[place]
        if (
            column.distinct == column.present
            or column.distinct < 3
            or (column.whole_share < 1 and column.number_share > 0.5)
        ):
            continue
        if column.country_share > 0.5 or (
            column.time_share > 0.5 and column.shares["letters"] == 0 and column.number_share < 0.5
        ):
            continue
        if orders is not None:
            one = determines(orders.codes, column.codes)
            per_order = column.distinct / orders.distinct
            if not 0.02 <= per_order <= 1 or (one is not None and one < 0.95):
                continue
        elif not _is_code(column) or not 0.01 <= column.distinct / column.present <= 0.95:
            continue
        fits.append((_is_code(column), column.distinct, -place))
    if not fits:
        return None
    is_code, _, place = max(fits)
    return Find(-place, 0.9 if is_code else 0.7, Message("mapping.orders_have_one_customer"))


def _find_product(columns: Sequence[ColumnSample], free: Sequence[int], places: Mapping[str, int]) -> Find | None:
    orders = columns[places["order_id"]] if "order_id" in places else None
    if orders is None or orders.distinct == orders.present:
        return None
    fits = [
        place
        for place in free
        if _is_code(columns[place])
        and columns[place].distinct >= 5
        and columns[place].mean_length >= 2.5
        and (determines(orders.codes, columns[place].codes) or 0.0) < 0.5
    ]
    return (
        Find(max(fits, key=lambda p: (columns[p].distinct, -p)), 0.8, Message("mapping.by_content")) if fits else None
    )


def _find_description(columns: Sequence[ColumnSample], free: Sequence[int], places: Mapping[str, int]) -> Find | None:
    products = columns[places["product_id"]] if "product_id" in places else None
    fits = [
        place
        for place in free
        if columns[place].shares["letters"] > 0.9
        and columns[place].distinct >= 5
        and columns[place].shares["email"] < 0.1
        and (products is None or (determines(products.codes, columns[place].codes) or 0.0) > 0.7)
        and (products is not None or columns[place].mean_length >= 8)
    ]
    return (
        Find(max(fits, key=lambda p: (columns[p].distinct, -p)), 0.8, Message("mapping.by_content")) if fits else None
    )


def _find_numbers(columns: Sequence[ColumnSample], free: Collection[int], known: Mapping[str, int]) -> dict[str, Find]:
    """Quantity, unit price and amount among the numbers, by quantity × price = amount where that holds."""
    wanted = [role for role in ("quantity", "unit_price", "amount") if role not in known]
    numbers = [place for place in sorted(free) if _is_measure(columns[place])][:10]
    choices = {r: [known[r]] if r in known else numbers for r in ("quantity", "unit_price", "amount")}
    best, best_trio = 0.85, None
    for trio in permutations({*numbers, *(known[r] for r in choices if r in known)}, 3):
        if all(place in choices[role] for role, place in zip(choices, trio, strict=True)):
            quantity, price, amount = (columns[place].numbers[:3000] for place in trio)
            fit = product_fit(quantity, price, amount)
            # Quantity and price can change places: the quantity is the one of whole numbers.
            fit = fit and fit * (0.9 + 0.1 * columns[trio[0]].whole_share) - 0.05 * columns[trio[1]].whole_share
            if fit is not None and fit > best:
                best, best_trio = fit, trio
    if best_trio:
        proof = Message("mapping.product_fits", {"share": min(1.0, best)})
        return {r: Find(p, best, proof) for r, p in zip(choices, best_trio, strict=True) if r in wanted}
    found: dict[str, Find] = {}
    by_content = Message("mapping.by_content")
    whole = [p for p in numbers if columns[p].whole_share >= 0.99 and np.median(np.abs(columns[p].finite)) <= 50]
    if "quantity" in wanted and whole:
        chosen = min(whole, key=lambda p: (float(np.median(np.abs(columns[p].finite))), p))
        found["quantity"] = Find(chosen, 0.7, by_content)
        numbers.remove(chosen)
    money = [p for p in numbers if columns[p].whole_share < 0.99] or numbers
    if money and "unit_price" in wanted and "amount" in wanted:
        quantity_place = known.get("quantity", found["quantity"].place if "quantity" in found else None)
        role = (
            "amount" if quantity_place is None or _grows(columns[quantity_place], columns[money[0]]) else "unit_price"
        )
        found[role] = Find(money[0], 0.7, by_content)
    return found


def _grows(quantity: ColumnSample, money: ColumnSample) -> bool:
    """Whether more pieces go with more money: then it is an amount and no price."""
    rows = (quantity.numbers > 0) & (money.numbers > 0)
    if rows.sum() < _ENOUGH or np.ptp(quantity.numbers[rows]) == 0 or np.ptp(money.numbers[rows]) == 0:
        return True
    return bool(np.corrcoef(np.log(quantity.numbers[rows]), np.log(money.numbers[rows]))[0, 1] > 0.1)


def _is_code(column: ColumnSample) -> bool:
    """Whether it looks like numbers or codes that stand for something."""
    if column.distinct < 2 or column.is_row_number or column.shares["spaces"] > 0.1 or column.mean_length > 40:
        return False
    if (column.number_share > 0.9 and column.whole_share < 1) or column.shares["email"] > 0.1:
        return False
    return column.shares["digits"] > 0.5 and not (column.time_share > 0.5 and column.number_share < 0.5)


def _is_measure(column: ColumnSample) -> bool:
    """Whether it looks like something that can be added up."""
    is_number = column.number_share >= 0.95 and column.shares["leading_zero"] < 0.01 and len(column.finite) > 0
    return is_number and not column.is_row_number and column.distinct > 1 and float(np.median(column.finite)) < 1e7


def _days(column: ColumnSample) -> Floats:
    days = column.moments.astype("datetime64[s]").astype(np.float64) / 86_400
    return np.where(np.isnat(column.moments), np.nan, days)


def _first(places: object) -> Find | None:
    place = next(iter(places), None)  # type: ignore[call-overload]
    return None if place is None else Find(place, 0.9, Message("mapping.by_content"))
