"""All studies, and how to run them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa

from guanxi.errors import DataError, SettingError
from guanxi.features import customer_features
from guanxi.progress import Progress
from guanxi.schema import SCORES
from guanxi.studies import affinity, churn, coverage, next_purchase, overview, segments, value
from guanxi.studies.base import RUN_SCORES, Account, Result, Study, account_of, study_query
from guanxi.warehouse import Engine, Session, Snapshot
from guanxi.warehouse.paged import let_go

__all__ = ["STUDIES", "accounts", "run"]

STUDIES: Mapping[str, Study] = MappingProxyType(
    {
        each.name: each
        for each in (
            overview.STUDY,
            value.STUDY,
            next_purchase.STUDY,
            segments.STUDY,
            churn.STUDY,
            affinity.STUDY,
            coverage.STUDY,
        )
    }
)
"""All studies by name, in the order in which they run: each reads the scores only of those before it."""


def run(
    snapshot: Snapshot,
    *,
    names: Sequence[str] = tuple(STUDIES),
    as_of: dt.date | None = None,
    horizon_days: int = 90,
    annual_discount_rate: float = 0.1,
    engine: Engine,
    progress: Progress | None = None,
) -> list[Result]:
    """Run studies on one snapshot as of one date; the customer features are made once for all of them.

    Parameters
    ----------
    snapshot : the data
    names : which studies, of `STUDIES`; those whose scores they read run, too, but are not told of
    as_of : events strictly before it are read; by default the day after the last event
    horizon_days : how far ahead the studies look
    annual_discount_rate : by which the study value counts what comes a year later for less
    engine : where the queries run
    progress : told of each stage

    Raises
    ------
    SettingError : no such study, a horizon below one day, or a rate below 0.
    DataError : the snapshot holds no order line, or none before ``as_of``.

    Examples
    --------
    See ``docs/tutorial.md``.
    """
    unknown = [name for name in names if name not in STUDIES]
    if unknown:
        raise SettingError("errors.no_such_study", name=unknown[0], names=list(STUDIES))
    if horizon_days < 1:
        raise SettingError("errors.at_least", name="horizon_days", least=1, value=horizon_days)
    if not annual_discount_rate >= 0:
        raise SettingError("errors.at_least", name="annual_discount_rate", least=0, value=annual_discount_rate)
    progress = progress or Progress()
    with engine.bind(snapshot) as session:
        first, last = _events(session)
        as_of = as_of or last + dt.timedelta(days=1)
        if as_of <= first:
            raise DataError("errors.nothing_before", as_of=as_of, first=first, last=last)
        with progress.stage("cli.stage_features"):
            customer_features(session, as_of=as_of, progress=progress)
        options = {"annual_discount_rate": annual_discount_rate}
        return list(_results(session, names, as_of, horizon_days, options, progress))


def accounts(snapshot: Snapshot, *, as_of: dt.date | None = None, engine: Engine) -> list[tuple[str, Account]]:
    """What each study would use, set aside and keep out, without running it; ``as_of`` as in `run`."""
    with engine.bind(snapshot) as session:
        as_of = as_of or _events(session)[1] + dt.timedelta(days=1)
        return [(name, account_of(session, as_of=as_of, rules=study.rules)) for name, study in STUDIES.items()]


def _results(
    session: Session, names: Sequence[str], as_of: dt.date, horizon_days: int, options: Mapping[str, float],
    progress: Progress,
) -> Iterator[Result]:  # fmt: skip
    said = SCORES.empty()
    session.register(RUN_SCORES, said)
    for name in _with_what_they_read(names):
        with progress.stage(f"cli.stage_study_{name}"):
            own = {option: options[option] for option in STUDIES[name].options}
            result = STUDIES[name].run(session, as_of=as_of, horizon_days=horizon_days, **own)
            said = pa.concat_tables([said, result.scores])
            session.register(RUN_SCORES, said)
            let_go()
        if name in names:
            yield result


def _with_what_they_read(names: Sequence[str]) -> list[str]:
    """These studies and all that stand before them, in the order in which they run."""
    wanted = set(names)
    for name in reversed(list(STUDIES)):
        if name in wanted:
            wanted.update(STUDIES[name].reads)
    return [name for name in STUDIES if name in wanted]


def _events(session: Session) -> tuple[dt.date, dt.date]:
    (row,) = session.run(study_query("event_span")).to_pylist()
    if row["first_on"] is None:
        raise DataError("errors.no_order_lines")
    return row["first_on"], row["last_on"]
