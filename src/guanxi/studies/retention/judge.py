"""The laws and the plain rule, asked three periods ago about the renewals since: what is published, and its grade."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError
from guanxi.evaluate import compare_log_loss, grade, log_loss
from guanxi.mining.lifetime import BetaDiscreteWeibull, ShiftedBetaGeo
from guanxi.studies.base import Judgement
from guanxi.studies.retention.constant import Constancy
from guanxi.studies.retention.contracts import PERIOD_MONTHS, Contracts, months_before
from guanxi.studies.retention.same_for_all import SameForAll
from guanxi.words import Message

__all__ = ["LAWS", "PLAIN", "REGULARISATION", "WORTH_HAVING", "Judged", "Law", "judge"]

Law = ShiftedBetaGeo | BetaDiscreteWeibull
LAWS: Mapping[str, type[Law]] = MappingProxyType({"sbg": ShiftedBetaGeo, "bdw": BetaDiscreteWeibull})
PLAIN = "same_for_all"
WORTH_HAVING = 0.05
"""Share of the plain rule's log loss that a law has to save for grade A."""
REGULARISATION = 0.1
"""Of a law that is fitted where the likelihood may have no maximum."""
_AHEAD = 3
"""Periods that are held out."""
_LEAST_RENEWALS = 30

Shares = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """Which law was held against the plain rule, and how that went.

    Attributes
    ----------
    law : its name, of `LAWS`
    published : a law, or `PLAIN`
    judgement : with the grade
    constancy : whether all renewals seen are compatible with the plain rule
    losses : by method (the laws, and `PLAIN`), mean log loss of the renewals held out; empty in grade D
    """

    law: str
    published: str
    judgement: Judgement
    constancy: Constancy
    losses: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Renewals:
    """Those that came up since: which one of the contract it was, from 1, and whether it was made (1) or not (0)."""

    number: Labels
    made: Labels

    @classmethod
    def of(cls, started: Labels, ended: Labels, left: npt.NDArray[np.bool_]) -> _Renewals:
        """Of contracts that had completed so many periods before, and so many by now."""
        each = ended - started
        last = np.cumsum(each)
        number = np.arange(1, each.sum() + 1) + np.repeat(started - (last - each), each)
        made = np.ones(len(number), dtype=np.int64)
        made[last[left] - 1] = 0
        return cls(number, made)


def judge(contracts: Contracts, models: Mapping[str, Law]) -> Judged:
    """Fit on what was known three periods ago, ask about the renewals since, compare with the plain rule.

    Parameters
    ----------
    contracts : as they stand
    models : the laws fitted on all of them, of which the likelier speaks where later renewals do not tell (grades C, D)

    Notes
    -----
    Every renewal is one case: given that a contract came to it, what becomes of it is a draw of its own. The law with
    the less log loss is held against the plain rule on the same renewals. Few later renewals may not tell them apart
    though all of them do: where one share at every age is rejected, a law speaks in grade C too, the likelier, for the
    other may be unable to follow what was seen (a chance of leaving that rises).
    """
    cutoff = months_before(contracts.as_of, _AHEAD * PERIOD_MONTHS[contracts.period])
    before = contracts.before(cutoff).table()
    held = _held_out(contracts, before, cutoff)
    fitted = _fitted(before) if held else None
    constancy = Constancy.seen(contracts.table())
    likelier = min(models, key=lambda name: _akaike(models[name]))
    if held is None or fitted is None:
        explained = Message("retention.judged_d", {"law": Message(f"retention.method_{likelier}")})
        return Judged(likelier, likelier, Judgement("D", explained), constancy)
    most = int(held.number.max())
    # Where the law leaves nobody, it says that nobody renews.
    rates: dict[str, Shares] = {
        name: pc.fill_null(model.retention(periods=most)["retention"], 0.0).to_numpy() for name, model in fitted.items()
    }
    rates[PLAIN] = np.full(most + 1, SameForAll.of(before).share)
    said = {name: each[held.number] for name, each in rates.items()}
    losses = {name: log_loss(held.made, each).value for name, each in said.items()}
    law = min(fitted, key=lambda name: losses[name])
    comparison = compare_log_loss(held.made, said[law], said[PLAIN])
    letter = grade(comparison, worth_having=WORTH_HAVING)
    words = {
        "cutoff": cutoff,
        "renewals": len(held.made),
        "law": Message(f"retention.method_{law}"),
        "plain": Message(f"retention.method_{PLAIN}"),
        "gain": comparison.relative_gain,
        "ours": comparison.method,
        "theirs": comparison.baseline,
    }
    published, sentence = law, f"judged_{letter.lower()}"
    if letter == "C":
        published, sentence = (likelier, "judged_c_law") if constancy.rejected else (PLAIN, "judged_c")
        words |= {"p": constancy.in_words(), "published": Message(f"retention.method_{published}")}
    judgement = Judgement(letter, Message(f"retention.{sentence}", words), cutoff, (comparison,))
    return Judged(law, published, judgement, constancy, losses)


def _held_out(contracts: Contracts, before: pa.Table, cutoff: dt.date) -> _Renewals | None:
    """The renewals since; None where they are too few, or all were made."""
    later = contracts.table().filter(pa.array(contracts.began < np.datetime64(cutoff)))
    there = ~before["has_left"].to_numpy()
    started, ended = (each["periods"].to_numpy()[there] for each in (before, later))
    found = _Renewals.of(started, ended, later["has_left"].to_numpy()[there])
    return found if len(found.made) >= _LEAST_RENEWALS and not found.made.all() else None


def _fitted(before: pa.Table) -> dict[str, Law] | None:
    """The laws; None where there was too little to fit one."""
    try:
        return {name: kind(regularisation=REGULARISATION).fit(before) for name, kind in LAWS.items()}
    except DataError:
        return None


def _akaike(model: Law) -> float:
    """Akaike's criterion, for the laws have not as many parameters."""
    return 2 * (model.parameters().num_rows - model.log_likelihood_)
