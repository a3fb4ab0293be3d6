"""Customers whose law is known, played purchase by purchase, and the CDNOW customers of the books."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

COLUMNS = {"frequency": pa.int64(), "recency_days": pa.float64(), "age_days": pa.float64()}


def histories(*rows: tuple[int, float, float], names: list[str] | None = None) -> pa.Table:
    """A table of (frequency, recency_days, age_days)."""
    named = names or [f"c{number}" for number in range(len(rows))]
    columns = {name: pa.array([row[place] for row in rows], type) for place, (name, type) in enumerate(COLUMNS.items())}
    return pa.table({"customer_id": pa.array(named, pa.string()), **columns})


@dataclass(frozen=True)
class World:
    """Customers up to a cut-off, and what they did after it."""

    customers: pa.Table
    later: NDArray[np.int64]
    later_amount: NDArray[np.float64]
    active: NDArray[np.bool_]


def play(
    *,
    customers: int,
    seed: int,
    dropout: str,
    rate: tuple[float, float],
    leaving: tuple[float, float],
    spend: tuple[float, float, float] = (6.0, 4.0, 1500.0),
    days: float = 365.0,
    later: float = 180.0,
    youngest: float = 60.0,
) -> World:
    """Play each customer's life.

    Parameters
    ----------
    dropout : {"geometric", "geometric_at_once", "pareto"}
        He leaves after a repeat purchase, after any purchase, or after an exponential time.
    rate : shape and scale in days of the law of λ
    leaving : a and b of the law of p, or shape and scale in days of the law of μ
    spend : p, q and γ of the law of a purchase
    """  # fmt: skip
    rng = np.random.Generator(np.random.Philox(seed))
    rows, counts, amounts, active, monetary = [], [], [], [], []
    for _ in range(customers):
        age = rng.uniform(youngest, days)
        intensity = rng.gamma(rate[0]) / rate[1]
        law = rng.gamma(leaving[0]) / leaving[1] if dropout == "pareto" else rng.beta(*leaving)
        end = rng.exponential(1 / law) if dropout == "pareto" else np.inf
        if dropout == "geometric_at_once" and rng.random() < law:
            end = 0.0
        mean = spend[0] * spend[2] / rng.gamma(spend[1])
        times, now = [], 0.0
        while True:
            now += rng.exponential(1 / intensity) if intensity > 1e-12 else np.inf
            if now > min(end, age + later):
                break
            times.append(now)
            if dropout != "pareto" and rng.random() < law:
                end = now
        values = rng.gamma(spend[0], mean / spend[0], len(times))
        past = sum(time <= age for time in times)
        rows.append((past, times[past - 1] if past else 0.0, age))
        monetary.append(float(values[:past].mean()) if past else None)
        counts.append(len(times) - past)
        amounts.append(float(values[past:].sum()))
        active.append(end > age)
    table = histories(*rows).append_column("monetary", pa.array(monetary, pa.float64()))
    return World(table, np.array(counts), np.array(amounts), np.array(active))


def cdnow(data: Path) -> World:
    """The tenth of the CDNOW customers that the books use: 39 weeks to learn from, 39 weeks held out."""
    cut = dt.date(1997, 9, 30)
    spent: dict[str, dict[dt.date, float]] = defaultdict(lambda: defaultdict(float))
    with (data / "cdnow" / "cdnow_sample.csv").open() as lines:
        for row in csv.DictReader(lines):
            spent[row["sample_id"]][dt.date.fromisoformat(row["date"])] += float(row["dollar_value"]) * 100
    rows, monetary, counts, amounts = [], [], [], []
    for dates in spent.values():
        past = sorted(date for date in dates if date <= cut)
        first = past[0]
        rows.append((len(past) - 1, float((past[-1] - first).days), float((cut - first).days)))
        monetary.append(float(np.mean([dates[date] for date in past[1:]])) if len(past) > 1 else None)
        counts.append(sum(date > cut for date in dates))
        amounts.append(sum(value for date, value in dates.items() if date > cut))
    table = histories(*rows, names=list(spent)).append_column("monetary", pa.array(monetary, pa.float64()))
    return World(table, np.array(counts), np.array(amounts), np.ones(len(rows), dtype=bool))


def numeric_gradient(function, point, step=1e-5):
    """Central differences of a function of several numbers."""
    point = np.asarray(point, dtype=float)
    moves = np.diag(step * point)
    return np.array([
        (np.asarray(function(point + move)) - np.asarray(function(point - move))) / (2 * move.sum()) for move in moves
    ])  # fmt: skip
