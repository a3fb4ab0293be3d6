"""Do rules of the past hold afterwards, and is what they name bought more than what sells best anyway?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.evaluate import compare_hit_rates, grade, wilson
from guanxi.studies.affinity.baskets import Baskets
from guanxi.studies.affinity.companions import best_sellers, companions, hits
from guanxi.studies.affinity.learn import Learned, learn
from guanxi.studies.base import Judgement
from guanxi.words import Message

__all__ = ["LEAST_LATER", "LEAST_LEARNED", "Held", "Judged", "cutoff_for", "held", "judge"]

LEAST_LEARNED, LEAST_LATER = 200, 100
"""Gate: baskets of two products or more, before the cut-off and after it."""
_SHARE_HELD_BACK = 3
"""Of a short history so much is held back: one third."""


@dataclass(frozen=True)
class Held:
    """What became of rules on later baskets.

    Attributes
    ----------
    table : one rule: antecedent, consequent, lift as learned, later_count, later_antecedent_count, later_lift with
        later_lift_low and later_lift_high (95 %, by the interval of the confidence); null where no later basket held
        the left side, or none the right one
    counted, above, confirmed, contradicted : how many had both sides in later baskets; of these with a later lift
        above 1; with all of its interval above 1; with all of it below 1
    """

    table: pa.Table
    counted: int
    above: int
    confirmed: int
    contradicted: int


@dataclass(frozen=True)
class Judged:
    """The judgement, and what it rests on; nothing of it below the gate."""

    judgement: Judgement
    held: Held | None = None
    learned: Learned | None = None


def cutoff_for(baskets: Baskets, *, as_of: dt.date, horizon_days: int) -> dt.date:
    """From when on is held back: the last horizon, or the last third where all that was read is shorter than three."""
    days = (as_of - baskets.since).days if baskets.since else 0
    return as_of - dt.timedelta(days=min(horizon_days, days // _SHARE_HELD_BACK))


def judge(baskets: Baskets, *, as_of: dt.date, horizon_days: int) -> tuple[Judged, tuple[Message, ...]]:
    """Learn before a cut-off, and look at what came after it.

    The grade is that of what is shown beside a product: how often it is in the same later basket, against the best
    sellers. Second, what is missing below the gate.
    """
    cutoff = cutoff_for(baskets, as_of=as_of, horizon_days=horizon_days)
    before, later = baskets.before(cutoff), baskets.since_date(cutoff)
    counts = {"learned": _several(before), "later": _several(later)}
    if counts["learned"] < LEAST_LEARNED or counts["later"] < LEAST_LATER:
        least = {"least_learned": LEAST_LEARNED, "least_later": LEAST_LATER}
        lacking = Message("affinity.missing_baskets", {"cutoff": cutoff, **counts, **least})
        return Judged(Judgement("D", Message("affinity.judged_d"))), (lacking,)
    learned = learn(before)
    top = [product for product, _ in best_sellers(before)]
    ours, plain = hits(later, companions(learned.pairs), top)
    comparison = compare_hit_rates(ours, plain)
    letter = grade(comparison)
    fate = held(learned.rules, later)
    words = {
        "cutoff": cutoff,
        "baskets": comparison.customers,
        "method": comparison.method,
        "baseline": comparison.baseline,
    }
    explained = Message(f"affinity.judged_{letter.lower()}", words)
    return Judged(Judgement(letter, explained, cutoff, (comparison,)), fate, learned), ()


def held(rules: pa.Table, later: pa.Table) -> Held:
    """Count rules anew in later baskets.

    Notes
    -----
    O(rules × later baskets of the rarer side).
    """
    total, members = _members(later)
    rows = []
    for left, right in zip(rules["antecedent"].to_pylist(), rules["consequent"].to_pylist(), strict=True):
        having, wanted = (_together(side, members) for side in (left, right))
        both = len(np.intersect1d(having, wanted, assume_unique=True))
        row: dict[str, object] = {"later_count": both, "later_antecedent_count": len(having)}
        if len(having) and len(wanted):
            share = len(wanted) / total
            low, high = wilson(both, len(having))
            row |= {
                "later_lift": both / len(having) / share,
                "later_lift_low": low / share,
                "later_lift_high": high / share,
            }
        rows.append(row)
    lifts = [(name, pa.float64()) for name in ("later_lift", "later_lift_low", "later_lift_high")]
    counts = [(name, pa.int64()) for name in ("later_count", "later_antecedent_count")]
    found = pa.Table.from_pylist(rows, schema=pa.schema([*counts, *lifts]))
    table = rules.select(["antecedent", "consequent", "lift"])
    for name in found.column_names:
        table = table.append_column(name, found[name])
    return Held(
        table=table,
        counted=rules.num_rows - found["later_lift"].null_count,
        above=_count(pc.greater(found["later_lift"], 1.0)),
        confirmed=_count(pc.greater(found["later_lift_low"], 1.0)),
        contradicted=_count(pc.less(found["later_lift_high"], 1.0)),
    )


def _members(baskets: pa.Table) -> tuple[int, dict[str, npt.NDArray[np.int32]]]:
    """How many baskets there are, and in which of them each product is, as rising numbers."""
    transactions = baskets["transaction"].combine_chunks().dictionary_encode()
    items = baskets["item"].combine_chunks().dictionary_encode()
    numbers, codes = transactions.indices.to_numpy(), items.indices.to_numpy()
    order = np.lexsort((numbers, codes))
    parts = np.split(numbers[order], np.cumsum(np.bincount(codes, minlength=len(items.dictionary)))[:-1])
    return len(transactions.dictionary), dict(zip(items.dictionary.to_pylist(), parts, strict=True))


def _together(items: list[str], members: dict[str, npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    nowhere = np.empty(0, np.int32)
    return reduce(
        lambda one, other: np.intersect1d(one, other, assume_unique=True),
        sorted((members.get(each, nowhere) for each in items), key=len),
    )


def _several(baskets: pa.Table) -> int:
    """How many baskets hold two products or more."""
    sizes = baskets.group_by("transaction").aggregate([([], "count_all")])
    return _count(pc.greater(sizes["count_all"], 1))


def _count(yes: pa.ChunkedArray) -> int:
    return int(pc.sum(yes).as_py() or 0)
