"""One study at one cut-off: what it said, what the plain baselines would have said, and what came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import stdtrit

from guanxi.evaluate import (
    Comparison,
    Estimate,
    Grade,
    brier_score,
    calibration_error,
    gains,
    grade,
    log_loss,
    roc_auc,
    top_share_found,
    wilson,
)
from guanxi.studies.base import Foretells, Result
from guanxi.words import Message

__all__ = ["CLASSES", "Lookback", "look_back"]

Values = npt.NDArray[np.float64]
CLASSES = 10
_TOP = 0.1
_LEAST_OF_A_KIND = 2
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Lookback:
    """A study as it would have spoken at a cut-off, held against the horizon that came.

    Attributes
    ----------
    study, score, kind : what was asked
    cutoff, until : the study saw what came strictly before the first; it was held against what came before the second
    method : what the study published then, in its own word for it
    baseline : of the plain baselines, the one that did best in the end: the hardest to beat
    grade : of what was published against that baseline; D where the study said that it had too little data
    comparison : the same as figures; None without both
    measures, plain_measures : of what was said, and of the baseline
    deciles : customers in ten classes by what was said of them, the lowest first: customers, said, came, came_low,
        came_high (95 %), and covered, the share of them within the study's own intervals (null where it gives none)
    covered : the same over all customers
    missing : what the study would have needed
    """

    study: str
    score: str
    kind: str
    cutoff: dt.date
    until: dt.date
    customers: int
    method: str | None
    baseline: str | None
    grade: Grade
    comparison: Comparison | None
    measures: tuple[Estimate, ...]
    plain_measures: tuple[Estimate, ...]
    deciles: pa.Table
    covered: float | None
    missing: tuple[Message, ...]

    def as_data(self) -> dict[str, object]:
        """Everything, ready for JSON."""
        return {
            **{name: getattr(self, name) for name in ("study", "score", "kind")},
            "cutoff": self.cutoff.isoformat(),
            "until": self.until.isoformat(),
            **{name: getattr(self, name) for name in ("customers", "method", "baseline", "grade", "covered")},
            "comparison": self.comparison.as_data() if self.comparison else None,
            "measures": [each.as_data() for each in self.measures],
            "plain_measures": [each.as_data() for each in self.plain_measures],
            "deciles": self.deciles.to_pylist(),
            "missing": [each.as_data() for each in self.missing],
        }


def look_back(result: Result, came: pa.Table, foretells: Foretells, *, until: dt.date) -> Lookback:
    """Hold what a study said as of a date against what came.

    Parameters
    ----------
    result : of the study as of the cut-off
    came : one row a customer: customer_id, came, and what each plain baseline would have said (`Foretells.came`)
    foretells : what the study's score says
    until : the end of the horizon

    Returns
    -------
    Lookback : of the customers of whom the study said something
    """
    mine = pc.equal(result.scores["score"], foretells.score)
    scores = result.scores.filter(mine).select(["customer_id", "value", "low", "high"])
    both = scores.join(came, "customer_id", join_type="inner").sort_by("customer_id").combine_chunks()
    said, actual = _reals(both, "value"), _reals(both, "came")
    plain = {name: _reals(both, name) for name in came.column_names[2:]}
    judged_itself = result.judgement is None or result.judgement.grade != "D"
    lacking = _lacking(actual, foretells.kind)
    comparison, baseline = None, None
    if plain and lacking is None:
        found = {name: foretells.compare(actual, said, values) for name, values in plain.items()}
        # The one that leaves the least to gain.
        baseline = min(found, key=lambda name: found[name].gain)
        comparison = found[baseline]
    letter = grade(comparison if judged_itself else None, worth_having=foretells.worth_having)
    covered, inside = _covered(both, actual, foretells.kind)
    return Lookback(
        study=result.study,
        score=foretells.score,
        kind=foretells.kind,
        cutoff=result.as_of,
        until=until,
        customers=both.num_rows,
        method=_text(result.parameters.get("method")),
        baseline=baseline,
        grade=letter,
        comparison=comparison,
        measures=_measures(actual, said, foretells.kind) if lacking is None else (),
        plain_measures=_measures(actual, plain[baseline], foretells.kind) if baseline else (),
        deciles=_deciles(actual, said, inside),
        covered=covered,
        missing=tuple(result.missing) or ((lacking,) if lacking else ()),
    )


def _lacking(actual: Values, kind: str) -> Message | None:
    """What is missing for a comparison: customers, or customers of either kind."""
    ones = int(np.sum(actual > 0))
    fewest = min(ones, len(actual) - ones) if kind == "probability" else len(actual)
    if fewest >= _LEAST_OF_A_KIND:
        return None
    return Message("backtest.missing_customers", {"customers": len(actual), "ones": ones, "zeros": len(actual) - ones})


def _measures(actual: Values, said: Values, kind: str) -> tuple[Estimate, ...]:
    if kind == "probability":
        label = actual.astype(np.int64)
        judged: Sequence[Estimate] = (
            roc_auc(label, said), log_loss(label, said), brier_score(label, said), calibration_error(label, said),
        )  # fmt: skip
        ones = int(label.sum())
        share = float(gains(label, said)[0])
        top = Estimate("top_tenth_found", share, *wilson(share * ones, ones), len(label))
    else:
        error = said - actual
        root = float(np.sqrt(np.mean(error**2)))
        # By the delta method; a root of nothing has no slope.
        squares = error**2 / (2 * root) + root / 2 if root else error
        judged = (_mean("mean_absolute_error", np.abs(error)), _mean("root_mean_squared_error", squares))
        size = max(1, round(_TOP * len(actual)))
        share = top_share_found(actual, said, said, share=_TOP).method
        top = Estimate("top_tenth_found", share, *wilson(share * size, size), len(actual))
    return (*judged, top, _mean("bias", said - actual))


def _mean(measure: str, values: Values) -> Estimate:
    """With Student's interval of the mean."""
    mean, count = float(values.mean()), len(values)
    half = float(stdtrit(count - 1, (1 + _CONFIDENCE) / 2) * values.std(ddof=1) / np.sqrt(count))
    return Estimate(measure, mean, mean - half, mean + half, count, _CONFIDENCE)


def _covered(both: pa.Table, actual: Values, kind: str) -> tuple[float | None, Values | None]:
    """The share within the study's own prediction intervals, and for each customer whether (NaN without one).

    A probability's interval is not of what comes, which is yes or no.
    """
    if kind == "probability" or not both.num_rows or both["low"].null_count == both.num_rows:
        return None, None
    low, high = (pc.fill_null(both[name], np.nan).to_numpy() for name in ("low", "high"))
    inside = np.where(np.isnan(low) | np.isnan(high), np.nan, (low <= actual) & (actual <= high))
    return float(np.nanmean(inside)), inside


def _deciles(actual: Values, said: Values, inside: Values | None) -> pa.Table:
    rows = []
    cuts = np.unique(np.quantile(said, np.arange(1, CLASSES) / CLASSES, method="inverted_cdf")) if len(said) else said
    place = np.searchsorted(cuts, said, side="left")
    for each in np.unique(place):
        mine = place == each
        came = actual[mine]
        half = 0.0
        if len(came) > 1:
            half = float(stdtrit(len(came) - 1, (1 + _CONFIDENCE) / 2) * came.std(ddof=1) / np.sqrt(len(came)))
        mean = float(came.mean())
        covered = None if inside is None or np.isnan(inside[mine]).all() else float(np.nanmean(inside[mine]))
        rows.append(
            {
                "customers": len(came), "said": float(said[mine].mean()), "came": mean, "came_low": mean - half,
                "came_high": mean + half, "covered": covered,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=_DECILES)


_DECILES = pa.schema(
    [("customers", pa.int64()), *((n, pa.float64()) for n in ("said", "came", "came_low", "came_high", "covered"))]
)


def _reals(table: pa.Table, column: str) -> Values:
    return np.array(table[column].to_numpy(), dtype=np.float64)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
