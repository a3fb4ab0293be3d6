"""Whether an order file is up to date: age, missing days, order of the records."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from guanxi.intake.parse import literal
from guanxi.intake.quality.rules import EXAMPLES, Breach
from guanxi.intake.quality.values import Context

__all__ = ["VOLATILITY_DAYS", "Timeliness", "silent_runs", "timeliness"]

VOLATILITY_DAYS = 90
"""Days after which orders say nothing of what customers do now: the horizon of a forecast, unless said otherwise."""
_CHANCE = 0.05
_ORDERLY_FROM = 0.9
"""Share of records in time order from which a file counts as sorted, and the others as late."""
_UNUSABLE = np.iinfo(np.int32).min
_BATCH_ROWS = 1 << 20


@dataclass(frozen=True)
class Timeliness:
    """What is known of the times of a file's events."""

    first_on: dt.date | None
    newest_on: dt.date | None
    age_days: int
    missing_days: int
    late: int
    breaches: tuple[Breach, ...]

    def score(self, *, events: int, future: int) -> float | None:
        """The mean of age, coverage and order; None without events."""
        if self.first_on is None or self.newest_on is None:
            return None
        age = max(0.0, 1 - self.age_days / VOLATILITY_DAYS)
        coverage = 1 - self.missing_days / ((self.newest_on - self.first_on).days + 1)
        order = max(0.0, 1 - (self.late + future) / (events + future))
        return (age + coverage + order) / 3


def timeliness(context: Context, parsed: Path) -> Timeliness:
    """Judge the times of a parsed order file; one pass for the days, one for the order of the records."""
    everything = f"read_parquet({literal(str(parsed))})"
    usable = f"{everything} WHERE problem IS NULL"
    days: Mapping[dt.date, int] = dict(context.rows(f"SELECT ordered_on, count(*) FROM {usable} GROUP BY 1 ORDER BY 1"))
    if not days:
        return Timeliness(None, None, 0, 0, 0, ())
    first, newest = min(days), max(days)
    age = max(0, (context.received_on - newest).days)
    late, examples = _late(context, everything)
    runs = silent_runs(list(days))
    missing = sum((last - start).days + 1 for start, last in runs)
    column = context.mapping.columns["ordered_at"].column

    def breaches() -> Iterator[Breach]:
        if age > VOLATILITY_DAYS / 3:
            yield Breach("old", column, sum(days.values()), (), (), {"days": age, "newest": newest})
        if runs:
            shown = [f"{start} – {last}" for start, last in runs[:EXAMPLES]]
            lost = round(missing * sum(days.values()) / len(days))
            yield Breach("silent_days", column, 0, (), (), {"days": missing, "runs": shown}, estimated=lost)
        if late:
            yield Breach("late", column, late, examples)

    return Timeliness(first, newest, age, missing, late, tuple(breaches()))


def silent_runs(days: Sequence[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """Runs of days without events that the weekdays do not explain, the longest first.

    Each weekday keeps its own rate of days with events, the silent days included. A run counts if it had less than one
    chance in twenty to be found anywhere between the first day and the last (Bonferroni over the days).

    Parameters
    ----------
    days : the days with events, sorted, each once

    Returns
    -------
    list of (first day, last day)

    Examples
    --------
    >>> open_days = [dt.date(2024, 1, 1) + dt.timedelta(n) for n in range(364) if n % 7 != 6 and not 100 <= n < 110]
    >>> silent_runs(open_days)
    [(datetime.date(2024, 4, 10), datetime.date(2024, 4, 19))]
    """
    first, last = days[0], days[-1]
    total = (last - first).days + 1
    there, active = [0] * 7, [0] * 7
    for offset in range(total):
        there[(first.weekday() + offset) % 7] += 1
    for day in days:
        active[day.weekday()] += 1
    silent = [math.log(1 - (a / n)) if a < n else -math.inf for a, n in zip(active, there, strict=True) if n]
    names = [weekday for weekday in range(7) if there[weekday]]
    chance = dict(zip(names, silent, strict=True))
    found = []
    for before, after in itertools.pairwise(days):
        run = [before + dt.timedelta(n) for n in range(1, (after - before).days)]
        if run and sum(chance[day.weekday()] for day in run) < math.log(_CHANCE / total):
            found.append((run[0], run[-1]))
    return sorted(found, key=lambda run: (run[0] - run[1], run[0]))


def _late(context: Context, parsed: str) -> tuple[int, tuple[int, ...]]:
    """Records behind one of a later day, in a file that is else in time order, oldest or newest first."""

    # Several threads have written the parsed records, each some thousands at a time.
    context.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE days_in_order AS
        SELECT CASE WHEN problem IS NULL
            THEN CAST(date_diff('day', DATE '1970-01-01', ordered_on) AS INTEGER) ELSE {_UNUSABLE} END AS day
        FROM {parsed} ORDER BY source_row"""
    )

    def days() -> Iterator[npt.NDArray[np.int32]]:
        for batch in context.connection.table("days_in_order").to_arrow_reader(_BATCH_ROWS):
            yield batch.column(0).to_numpy()

    oldest_first, newest_first = _Late(), _Late()
    newest, usable, latest = _UNUSABLE, 0, []
    for batch in days():
        before = np.maximum.accumulate(np.concatenate(([newest], batch)))[1:]
        oldest_first.add((batch != _UNUSABLE) & (batch < before))
        newest = before[-1]
        usable += int(np.count_nonzero(batch != _UNUSABLE))
        latest.append(batch.max())
    # The newest day after each batch.
    after = np.maximum.accumulate([_UNUSABLE, *reversed(latest)])[::-1][1:]
    for batch, newest in zip(days(), after, strict=True):
        behind = np.maximum.accumulate(np.concatenate((batch, [newest]))[::-1])[::-1][:-1]
        newest_first.add((batch != _UNUSABLE) & (batch < behind))
    late = min((oldest_first, newest_first), key=lambda each: each.found)
    if late.found > (1 - _ORDERLY_FROM) * usable:
        return 0, ()
    return late.found, tuple(late.examples)


class _Late:
    """Counts late records, and keeps the first."""

    def __init__(self) -> None:
        self.found = 0
        self.examples: list[int] = []
        self._before = 0

    def add(self, late: npt.NDArray[np.bool_]) -> None:
        """Which of the next records are late."""
        self.found += int(np.count_nonzero(late))
        if len(self.examples) < EXAMPLES:
            places = np.flatnonzero(late)[: EXAMPLES - len(self.examples)]
            self.examples += [self._before + int(place) + 1 for place in places]
        self._before += late.size
