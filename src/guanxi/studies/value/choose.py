"""Which law of purchasing: a rolling back-test at cut-offs before the one at which the choice is judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from guanxi.studies.value.judge import deviances_of
from guanxi.studies.value.methods import fit_lifetime
from guanxi.studies.value.past import reals

__all__ = ["ROUNDS", "Choice", "choose"]

ROUNDS = 2
"""Cut-offs, each a horizon before the next; fewer where the history is shorter."""


@dataclass(frozen=True)
class Choice:
    """How each law did at the earlier cut-offs.

    Attributes
    ----------
    name : of the law with the least deviance over all rounds; None where there was no round
    rounds : table, one row a law × cut-off: law, cutoff (date), customers (int64), amount_deviance (float64)
    """

    name: str | None
    rounds: pa.Table


_ROUNDS = pa.schema(
    [("law", pa.string()), ("cutoff", pa.date32()), ("customers", pa.int64()), ("amount_deviance", pa.float64())]
)


def choose(pasts: Iterable[tuple[dt.date, pa.Table]], *, horizon_days: int) -> Choice:
    """Fit every law at each earlier cut-off, ask it, and compare by the measure that is graded.

    Parameters
    ----------
    pasts : cut-offs, each with its table of `guanxi.studies.value.past.buyers` and what came in the horizon from then
        on; all of which lies before the cut-off at which the choice will be judged. Each is asked for when the one
        before it is done with
    horizon_days : how far ahead

    Returns
    -------
    Choice : of the laws that could be fitted in every round the one whose mean deviance, over customers of all rounds,
        is least; equal ones in the order of `PURCHASE_LAWS`

    Notes
    -----
    Three fits a round, O(distinct histories) each.
    """
    rows = []
    for cutoff, then in pasts:
        model, _ = fit_lifetime(then)
        came = reals(then, "later_amount")
        for name, each in model.each().items() if model is not None else ():
            deviance = float(deviances_of(came, each.expect(then, horizon_days=horizon_days).amount).mean())
            rows.append({"law": name, "cutoff": cutoff, "customers": then.num_rows, "amount_deviance": deviance})
    rounds = pa.Table.from_pylist(rows, schema=_ROUNDS)
    of_law: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        of_law.setdefault(row["law"], []).append((row["customers"], row["amount_deviance"]))
    most = max(map(len, of_law.values()), default=0)
    means = {
        name: float(np.average([deviance for _, deviance in found], weights=[customers for customers, _ in found]))
        for name, found in of_law.items()
        if len(found) == most
    }
    return Choice(min(means, key=lambda name: means[name]) if means else None, rounds)
