"""Whether 3/5/2024 is in March or in May: how a whole column of texts is read as times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guanxi.words import Message

__all__ = ["DIGITS", "PARTED", "Reading", "time_reading"]

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Moments = npt.NDArray[np.datetime64]

PARTED = ("day_first", "month_first", "year_first")
"""Ways of writing the parts of a date of which several may fit; the first is taken where nothing tells."""

DIGITS = {
    "compact": "(19|20)\\d{6}(\\d{4}|\\d{6})?",
    "excel_serial": "[2-7]\\d{4}(\\.\\d+)?",
    "unix": "1\\d{9}(\\d{3})?(\\.\\d+)?",
}
"""Ways of writing times with digits alone: the shape of the whole text."""


@dataclass(frozen=True)
class Reading:
    """How a column's texts are read as times."""

    format: str | None
    instants: Moments
    """Per distinct text; NaT where it is no time in this reading."""
    note: Message | None = None
    is_certain: bool = True


def time_reading(
    instants: Mapping[str, Moments],
    weights: Floats,
    codes: Codes,
    texts: Sequence[str],
    count_whole: Callable[[], Mapping[str, int]],
) -> Reading:
    """The way of writing times that fits most values.

    Day or month first is told by a number above 12, in the sample or in the whole column; else by the order of the
    rows, in which the wrong reading jumps to and fro; else it is assumed, and said to be.

    Parameters
    ----------
    instants : per way of writing, the instant of each distinct text
    weights : share of the values that each distinct text makes up
    codes : per row, the place of its text; -1 where missing
    texts : the distinct texts
    count_whole : how many values of the whole column each of `PARTED` reads; asked only where the sample cannot tell
    """

    def share(order: str) -> float:
        return float(weights[~np.isnat(instants[order])].sum())

    best_digits = max(DIGITS, key=share)
    if share(best_digits) >= 0.5:
        return Reading(None if best_digits == "compact" else best_digits, instants[best_digits])
    shares = {order: share(order) for order in PARTED}
    if share("plain") >= max(shares.values()):
        return Reading(None, instants["plain"])
    likely = [order for order in PARTED if shares[order] == max(shares.values())]
    if len(likely) > 1:
        counts = count_whole()
        likely = [order for order in likely if counts[order] == max(counts[each] for each in likely)]
    if len(likely) == 1:
        return _told_by_values(likely[0], instants, texts)
    wanderings = sorted((_wandering(instants[order], codes), order) for order in likely)
    if wanderings[0][0] <= 0.5 * wanderings[1][0]:
        return Reading(wanderings[0][1], instants[wanderings[0][1]], Message("mapping.day_or_month_by_order"))
    chosen = "month_first" if "month_first" in likely and any("/" in text for text in texts) else likely[0]
    return Reading(chosen, instants[chosen], Message("mapping.day_or_month_unclear", {"format": chosen}), False)


def _told_by_values(chosen: str, instants: Mapping[str, Moments], texts: Sequence[str]) -> Reading:
    found = {order: ~np.isnat(instants[order]) for order in PARTED}
    if any((found[order] & ~found[chosen]).any() for order in PARTED):
        return Reading(chosen, instants[chosen], Message("mapping.day_and_month_mixed", {"format": chosen}), False)
    other = "month_first" if chosen == "day_first" else "day_first"
    telling = np.flatnonzero(found[chosen] & ~found[other])
    if chosen == "year_first" or not len(telling):
        return Reading(chosen, instants[chosen])
    return Reading(chosen, instants[chosen], Message(f"mapping.{chosen}_seen", {"value": texts[telling[0]]}))


def _wandering(instants: Moments, codes: Codes) -> float:
    """Days walked from row to row."""
    rows = instants[codes[codes >= 0]]
    rows = rows[~np.isnat(rows)]
    return float(np.abs(np.diff(rows)).astype("timedelta64[s]").astype(np.int64).sum() / 86_400)
