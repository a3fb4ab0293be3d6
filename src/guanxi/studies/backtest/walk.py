"""Walking through the past: the same studies at one cut-off after the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from guanxi.errors import DataError, SettingError
from guanxi.evaluate import Grade
from guanxi.features import customer_features
from guanxi.progress import Progress
from guanxi.studies import catalogue
from guanxi.studies.backtest.lookback import Lookback, look_back
from guanxi.studies.base import Study, study_query
from guanxi.warehouse import Engine, Session, Snapshot

__all__ = ["Backtest", "backtest"]


@dataclass(frozen=True)
class Backtest:
    """What studies would have said at dates in the past, each held against the horizon that came.

    Attributes
    ----------
    as_of : nothing from this date on was read, also not to judge by
    snapshot_id, currency : of the data
    lookbacks : by study in the catalogue's order, then by cut-off, the earliest first
    """

    as_of: dt.date
    horizon_days: int
    snapshot_id: int
    currency: str
    lookbacks: tuple[Lookback, ...]

    @property
    def studies(self) -> tuple[str, ...]:
        """The studies asked, in order."""
        return tuple(dict.fromkeys(each.study for each in self.lookbacks))

    def of(self, study: str) -> tuple[Lookback, ...]:
        """One study's, the earliest cut-off first."""
        return tuple(each for each in self.lookbacks if each.study == study)

    def grades(self, study: str) -> dict[Grade, int]:
        """How many cut-offs got which grade."""
        found = [each.grade for each in self.of(study)]
        letters: tuple[Grade, ...] = ("A", "B", "C", "D")
        return {letter: found.count(letter) for letter in letters if letter in found}

    def as_table(self) -> pa.Table:
        """One row a study × cut-off × measure.

        Returns
        -------
        table : study, score (string), cutoff, until (date), customers (int64), method, baseline, grade, measure
            (string), value, low, high (95 %), plain_value (of the baseline; all float64, amounts in minor units), and
            gain, gain_low, gain_high, where the measure is the one that the grade is by
        """
        rows = [
            {**{name: getattr(each, name) for name in _NAMES}, **measured}
            for each in self.lookbacks
            for measured in _measured(each)
        ]
        return pa.Table.from_pylist(rows, schema=_TABLE)

    def as_data(self) -> dict[str, object]:
        """Everything, ready for JSON."""
        return {
            "as_of": self.as_of.isoformat(),
            "horizon_days": self.horizon_days,
            "snapshot_id": self.snapshot_id,
            "currency": self.currency,
            "grades": {study: dict(self.grades(study)) for study in self.studies},
            "lookbacks": [each.as_data() for each in self.lookbacks],
        }


_NAMES = ("study", "score", "cutoff", "until", "customers", "method", "baseline", "grade")
_FIGURES = ("value", "low", "high", "plain_value", "gain", "gain_low", "gain_high")
_TABLE = pa.schema(
    [
        ("study", pa.string()), ("score", pa.string()), ("cutoff", pa.date32()), ("until", pa.date32()),
        ("customers", pa.int64()), ("method", pa.string()), ("baseline", pa.string()), ("grade", pa.string()),
        ("measure", pa.string()), *((name, pa.float64()) for name in _FIGURES),
    ]
)  # fmt: skip


def _measured(each: Lookback) -> Iterator[dict[str, object]]:
    """The measures of a cut-off, that of the grade first; one row without any where there is none."""
    found = each.comparison
    plain = {measure.measure: measure.value for measure in each.plain_measures}
    ours = {measure.measure: measure for measure in each.measures}
    if found is not None:
        told = {"measure": found.measure, "value": found.method, "plain_value": found.baseline}
        mine = ours.pop(found.measure, None)
        ends = {"low": mine.low, "high": mine.high} if mine else {}
        yield {**told, **ends, "gain": found.gain, "gain_low": found.gain_low, "gain_high": found.gain_high}
    for name, measure in ours.items():
        ends = {"low": measure.low, "high": measure.high}
        yield {"measure": name, "value": measure.value, **ends, "plain_value": plain.get(name)}
    if found is None and not ours:
        yield {}


def backtest(
    snapshot: Snapshot,
    *,
    names: Sequence[str] | None = None,
    as_of: dt.date | None = None,
    horizon_days: int = 90,
    cutoffs: int = 4,
    engine: Engine,
    progress: Progress | None = None,
) -> Backtest:
    """Ask studies at dates in the past, and hold what they said against what came.

    Use it before anybody acts on a forecast: one judgement may be luck, a row of them is a habit. At each cut-off the
    very same study runs as `guanxi.studies.run` runs it, with all that it did not know then withheld; what it
    publishes is held against the horizon from there on, beside the plain baselines of the study.

    Parameters
    ----------
    snapshot : the data
    names : which studies; by default all that foretell something
    as_of : nothing from this date on is read; by default the day after the last event
    horizon_days : how far ahead the studies look, and how far apart the cut-offs lie
    cutoffs : how many dates at most: one, two … horizons before ``as_of``, as far as there is any event before them
    engine : where the queries run
    progress : told of each stage

    Returns
    -------
    Backtest

    Raises
    ------
    SettingError : there is no such study, it foretells nothing, or there is no cut-off or no day to look ahead.
    DataError : nothing was ordered before the latest cut-off.

    Notes
    -----
    As many runs of each study as there are cut-offs. What was corrected in the books since is seen as corrected: a
    snapshot holds what is known of the past, not what was known in it.

    Examples
    --------
    See ``docs/backtest.md``.
    """
    studies = _foretelling(names)
    for name, value in (("cutoffs", cutoffs), ("horizon_days", horizon_days)):
        if value < 1:
            raise SettingError("errors.at_least", name=name, least=1, value=value)
    progress = progress or Progress()
    with engine.bind(snapshot) as session:
        as_of, dates = _dates(session, as_of, horizon_days, cutoffs)
        with progress.stage("cli.stage_features"):
            customer_features(session, as_of=as_of, progress=progress)
        came = {
            (name, cutoff): study.foretells.came(session, cutoff=cutoff, horizon_days=horizon_days)
            for name, study in studies.items()
            if study.foretells is not None
            for cutoff in dates
        }
    found: list[Lookback] = []
    for cutoff in dates:
        results = catalogue.run(
            snapshot, names=list(studies), as_of=cutoff, horizon_days=horizon_days, engine=engine, progress=progress
        )
        for result in results:
            foretells = studies[result.study].foretells
            assert foretells is not None
            until = cutoff + dt.timedelta(days=horizon_days)
            found.append(look_back(result, came[result.study, cutoff], foretells, until=until))
    places = {name: place for place, name in enumerate(studies)}
    found.sort(key=lambda each: (places[each.study], each.cutoff))
    return Backtest(as_of, horizon_days, snapshot.data_id, snapshot.settings.currency, tuple(found))


def _foretelling(names: Sequence[str] | None) -> Mapping[str, Study]:
    """The studies asked for, in the catalogue's order."""
    able = {name: study for name, study in catalogue.STUDIES.items() if study.foretells is not None}
    for name in names or ():
        if name not in catalogue.STUDIES:
            raise SettingError("errors.no_such_study", name=name, names=list(able))
        if name not in able:
            raise SettingError("backtest.foretells_nothing", name=name, names=list(able))
    return {name: study for name, study in able.items() if names is None or name in names}


def _dates(session: Session, as_of: dt.date | None, horizon_days: int, cutoffs: int) -> tuple[dt.date, list[dt.date]]:
    """The end of what may be read, and the cut-offs before it, the earliest first."""
    (span,) = session.run(study_query("event_span")).to_pylist()
    if span["first_on"] is None:
        raise DataError("errors.no_order_lines")
    as_of = as_of or span["last_on"] + dt.timedelta(days=1)
    dates = [as_of - dt.timedelta(days=place * horizon_days) for place in range(1, cutoffs + 1)]
    known = [each for each in dates if each > span["first_on"]]
    if not known:
        raise DataError("backtest.nothing_before", cutoff=dates[0], first=span["first_on"], days=horizon_days)
    return as_of, known[::-1]
