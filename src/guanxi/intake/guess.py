"""Guess which column of a delivered file means what, by names and by content.

Each pair of column and role gets a score from the column's name (`guanxi.intake.headers`), from whether its values can
be that at all, and, where the name says nothing, from what the columns tell about each other
(`guanxi.intake.structure`). The roles are then given out together so that the sum of the scores is greatest. The same
file gives the same guess.

Examples
--------
>>> import pyarrow as pa
>>> file = pa.table({
...     "订单号": ["A1", "A1", "A2"], "买家昵称": ["小王", "小王", "阿梅"], "下单时间": ["2024年3月5日 14:05"] * 3,
...     "数量": ["1", "2", "1"], "实付金额": ["￥12.50", "￥1,003.00", "￥8.00"]})
>>> guessed = guess(file, source="orders.csv")
>>> guessed.kind, guessed.roles["customer_id"], guessed.roles["amount"]
('orders', '买家昵称', '实付金额')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import pyarrow as pa

from guanxi.intake.assignment import best_assignment
from guanxi.intake.headers import OTHER, name_scores
from guanxi.intake.mapping import ColumnMapping, FileMapping
from guanxi.intake.roles import REQUIRED, ROLES, Kind, Role
from guanxi.intake.sample import ColumnSample, column_samples, spread_sample
from guanxi.intake.structure import Find, find_roles, product_fit, repeats_within
from guanxi.words import Message, say

__all__ = ["Guess", "GuessedColumn", "guess"]

_LEAST = 0.3
"""Score below which a column has no role rather than a doubtful one."""

_CLOSE = 0.05
"""Difference of scores up to which another column could as well be meant."""


@dataclass(frozen=True)
class GuessedColumn:
    """One column of the file, and what it was taken for."""

    name: str
    role: str | None
    confidence: float
    """0 … 1; below about .6 a person should look at it."""
    evidence: tuple[Message, ...]
    examples: tuple[str, ...]
    time_format: str | None
    """How its values would be read as times; None where they are none."""
    decimal: Literal[".", ","]
    """The decimal sign of its values, as numbers."""
    spec: ColumnMapping | None = None
    """How its values are written; for columns with a role."""


@dataclass(frozen=True)
class Guess:
    """What a file was taken for."""

    source: str
    kind: Kind
    columns: tuple[GuessedColumn, ...]
    also: Mapping[str, str]
    """Further roles of columns that have one: role → column; an e-mail address can be what tells customers apart."""
    notes: tuple[Message, ...]

    @property
    def roles(self) -> dict[str, str]:
        """Role → name of its column, in the order of `ROLES`."""
        found = {column.role: column.name for column in self.columns if column.role} | dict(self.also)
        return {role: found[role] for role in ROLES[self.kind] if role in found}

    @property
    def confidence(self) -> float:
        """That of the least certain role that this kind of file needs."""
        needed = {role for group in REQUIRED[self.kind] for alternative in group for role in alternative}
        return min((column.confidence for column in self.columns if column.role in needed), default=0.0)

    def file_mapping(self) -> FileMapping:
        """The guess as a mapping, to be used, saved and changed.

        It may lack what this kind of file needs: `FileMapping.require_complete` tells.
        """
        specs = {column.name: column.spec for column in self.columns if column.spec is not None}
        return FileMapping(
            source=self.source,
            kind=self.kind,
            signature=tuple(column.name for column in self.columns),
            columns={role: specs[name] for role, name in self.roles.items()},
        )

    def as_table(self, language: str) -> list[dict[str, object]]:
        """One row per column, to be shown: column, role, meaning, examples, confidence, evidence."""
        doubled = {name: role for role, name in self.also.items()}
        return [
            {
                "column": column.name,
                "role": column.role,
                "meaning": say(f"mapping.role_{column.role}" if column.role else "mapping.no_role", language),
                "also": doubled.get(column.name),
                "examples": list(column.examples),
                "confidence": round(column.confidence, 2),
                "evidence": [message.say(language) for message in column.evidence],
            }
            for column in self.columns
        ]


def guess(staged: Path | pa.Table, *, source: str) -> Guess:
    """Guess what kind of file this is and which column means what.

    Parameters
    ----------
    staged : path of a staged Parquet file, or a table; every column text
    source : name of the file as people know it

    Returns
    -------
    Guess: it always answers; what it could not find is absent from ``roles`` and said in ``notes``.

    Notes
    -----
    Reads a sample of 10,000 rows spread over the file; of dates that could have day or month first, the whole column.
    """
    table = spread_sample(staged)
    columns = column_samples(table, whole=staged if isinstance(staged, Path) else None)
    drafts = {kind: _draft(columns, kind) for kind in ROLES}
    complete = {kind: draft for kind, draft in drafts.items() if not _missing(kind, draft.given)}
    kind = max(complete or drafts, key=lambda kind: drafts[kind].total)
    notes = [] if complete else [Message("mapping.kind_unclear", {"kind": f"mapping.kind_{kind}"})]
    return _finished(columns, kind, drafts[kind], source, notes)


@dataclass(frozen=True)
class _Draft:
    """The roles given out for one kind of file."""

    scores: np.ndarray
    """Role × column."""
    given: Mapping[str, int]
    found: Mapping[str, Find]
    total: float


def _draft(columns: Sequence[ColumnSample], kind: Kind) -> _Draft:
    roles = list(ROLES[kind].values())
    scores = np.zeros((len(roles), len(columns)))
    free: list[int] = []
    for place, column in enumerate(columns):
        names = name_scores(column.name, kind)
        known = {role: score for role, score in names.items() if role != OTHER and score > names.get(OTHER, 0.0)}
        if not names and column.present:
            free.append(place)
        for row, role in enumerate(roles):
            if role.name in known:
                scores[row, place] = known[role.name] * _suits(role, column)
    found: dict[str, Find] = {}
    if kind == "orders":
        by_name = _assign(roles, scores)
        found = find_roles(columns, free, by_name)
        for row, role in enumerate(roles):
            if role.name in found:
                scores[row, found[role.name].place] = 0.7 * found[role.name].score
    given = _assign(roles, scores)
    total = float(sum(scores[row, given[role.name]] for row, role in enumerate(roles) if role.name in given))
    return _Draft(scores, given, found, total)


def _assign(roles: Sequence[Role], scores: np.ndarray) -> dict[str, int]:
    """Each role to at most one column and the reverse, with the greatest sum of what lies above `_LEAST`."""
    gain = np.maximum(scores - _LEAST, 0.0)
    # Of equals the column further left, always the same.
    gain -= 1e-9 * np.arange(scores.shape[1]) * (gain > 0)
    return {roles[row].name: place for row, place in best_assignment(gain) if gain[row, place] > 0}


def _missing(kind: Kind, given: Mapping[str, int]) -> bool:
    return not all(any(all(role in given for role in each) for each in group) for group in REQUIRED[kind])


_FEW = MappingProxyType({"gender": 6, "level": 50, "status": 60, "currency": 20, "language": 60})
_LETTERS = frozenset({"description", "country", "region", "city", "customer_name", "name"})


def _suits(role: Role, column: ColumnSample) -> float:
    """0 where a column's values cannot have this role, else up to 1."""
    if not column.present:
        return 0.0
    judge = _JUDGES.get(role.name) or _JUDGES.get(role.value)
    if role.name in _FEW:
        return float(column.distinct <= _FEW[role.name])
    if role.name in _LETTERS:
        return float(column.shares["letters"] >= 0.5)
    return judge(column) if judge else 1.0


def _is_identifier(column: ColumnSample) -> float:
    is_fraction = column.number_share > 0.9 and column.whole_share < 1.0
    is_date = column.time_share > 0.9 and column.number_share < 0.5
    likelihood = 1.0 if column.shares["digits"] >= 0.5 else 0.9
    return 0.0 if is_fraction or is_date or column.mean_length > 80 else likelihood


def _is_number(column: ColumnSample) -> float:
    is_label = column.number_share < 0.7 or column.shares["leading_zero"] > 0.2
    return 0.0 if is_label else column.number_share


_JUDGES: Mapping[str, Callable[[ColumnSample], float]] = MappingProxyType({
    "instant": lambda column: column.time_share if column.time_share >= 0.5 else 0.0,
    "date": lambda column: column.time_share if column.time_share >= 0.5 else 0.0,
    "time": lambda column: column.shares["clock"] if column.shares["clock"] >= 0.8 else 0.0,
    "decimal": _is_number,
    "id": _is_identifier,
    "line_no": lambda column: column.number_share if column.whole_share == 1.0 else 0.0,
    "email": lambda column: float(column.shares["email"] >= 0.5),
    "phone": lambda column: float(column.shares["digits"] >= 0.5 and column.time_share < 0.9),
})  # fmt: skip
"""By a role's name or by the kind of its values."""


def _finished(
    columns: Sequence[ColumnSample], kind: Kind, draft: _Draft, source: str, notes: list[Message]
) -> Guess:  # fmt: skip
    given = dict(draft.given)
    also: dict[str, str] = {}
    if kind == "orders":
        notes += _leave_out_order_totals(columns, given)
        for role in ("email", "phone", "customer_name"):
            if "customer_id" not in given and role in given and "customer_id" not in also:
                also["customer_id"] = columns[given[role]].name
        if "customer_id" not in given and not also:
            notes.append(Message("mapping.no_customer_column"))
        if "order_id" not in given:
            notes.append(Message("mapping.no_order_column"))
        if "profit" in given and not {"cost", "unit_cost"} & given.keys():
            notes.append(Message("mapping.cost_from_profit", {"column": columns[given["profit"]].name}))
    role_of = {place: role for role, place in given.items()}
    guessed: list[GuessedColumn] = []
    for place, column in enumerate(columns):
        bare = GuessedColumn(column.name, None, 0.0, (), column.examples(), column.time_format, column.decimal)
        if place in role_of:
            bare = _explained(bare, columns, kind, draft, role=ROLES[kind][role_of[place]], place=place)
        if column.name in also.values():
            bare = replace(bare, evidence=(*bare.evidence, Message("mapping.by_lack_of_better")))
        guessed.append(bare)
    return Guess(source, kind, tuple(guessed), MappingProxyType(also), tuple(notes))


def _leave_out_order_totals(columns: Sequence[ColumnSample], given: dict[str, int]) -> list[Message]:
    """Take away amounts that are said of whole orders although the rows are lines with a price of their own."""
    notes: list[Message] = []
    if not {"order_id", "quantity", "unit_price"} <= given.keys():
        return notes
    orders = columns[given["order_id"]]
    for role, code in (("amount", "mapping.order_total_left_out"), ("discount", "mapping.order_discount_left_out")):
        if role not in given or not repeats_within(orders, columns[given[role]]):
            continue
        trio = (columns[given[name]].numbers for name in ("quantity", "unit_price", role))
        if role == "amount" and (product_fit(*trio) or 0.0) > 0.8:
            continue
        notes.append(Message(code, {"column": columns[given.pop(role)].name}))
    return notes


def _explained(
    bare: GuessedColumn, columns: Sequence[ColumnSample], kind: Kind, draft: _Draft, *, role: Role, place: int
) -> GuessedColumn:
    """The guess of one column with its reasons and how its values are written."""
    row = list(ROLES[kind]).index(role.name)
    column = columns[place]
    score = float(draft.scores[row, place])
    confidence = min(1.0, score)
    evidence: list[Message] = []
    if role.name in draft.found and draft.found[role.name].place == place:
        evidence += [Message("mapping.by_content"), draft.found[role.name].evidence]
    else:
        whole = name_scores(column.name, kind)[role.name] >= 0.8
        evidence.append(Message("mapping.by_name" if whole else "mapping.by_part_of_name", {"column": column.name}))
    spec = ColumnMapping(column=column.name)
    if role.value in ("instant", "date"):
        known = column.moments[~np.isnat(column.moments)]
        first, last = (known.min().astype("datetime64[D]").item(), known.max().astype("datetime64[D]").item())
        evidence.append(Message("mapping.times_found", {"share": column.time_share, "first": first, "last": last}))
        if column.time_note is not None:
            evidence.append(column.time_note)
        confidence *= 1.0 if column.is_time_certain else 0.6
        spec = ColumnMapping(column=column.name, format=column.time_format)
    elif role.value == "decimal":
        median = float(np.median(column.finite))
        evidence.append(Message("mapping.numbers_found", {"share": column.number_share, "median": median}))
        if column.decimal == ",":
            evidence.append(Message("mapping.decimal_comma_seen"))
        spec = ColumnMapping(column=column.name, decimal=column.decimal)
    else:
        evidence.append(Message("mapping.values_found", {"distinct": column.distinct}))
    taken = set(draft.given.values())
    rivals = [p for p in range(len(columns)) if p not in taken and draft.scores[row, p] >= max(score - _CLOSE, _LEAST)]
    if rivals:
        evidence.append(Message("mapping.close_call", {"column": columns[rivals[0]].name}))
        confidence *= 0.8
    said_once = tuple({message.code: message for message in evidence}.values())
    return replace(bare, role=role.name, confidence=confidence, evidence=said_once, spec=spec)
