"""Which customers lack what others like them have, and how many are to be reached?

Groups of customers – who has another product, who spends how much, who is of which level – against products: the share
that has it now, the share wanted, and how many customers that makes. Rules say who of them to ask first, and are judged
on what customers then bought.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from guanxi.schema import SCORES
from guanxi.studies.base import Result, Study, account_of, study_query
from guanxi.studies.coverage import report
from guanxi.studies.coverage.counts import coverage
from guanxi.studies.coverage.holdings import PERIOD_DAYS, Group, Holdings, groups_of, read_holdings
from guanxi.studies.coverage.judge import judge
from guanxi.studies.coverage.pointing import NO_RULES, Pointed, learn, point
from guanxi.warehouse import Session
from guanxi.words import Message

__all__ = ["STUDY", "run"]

_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount", "no_customer")
_MOST_GAPS = 20
_MOST_LISTED = 2000
"""Customers who are listed for one group and product."""

_CELLS = pa.schema(
    [
        ("group_kind", pa.string()), ("group", pa.string()), ("product", pa.string()), ("customers", pa.int64()),
        ("holders", pa.int64()),
    ]
)  # fmt: skip
_POINTED = pa.schema(
    [("rule", pa.list_(pa.string())), ("confidence", pa.float64()), ("pointed", pa.int64()), ("expected", pa.float64())]
)
CANDIDATES = pa.schema(
    [
        ("group_kind", pa.string()), ("group", pa.string()), ("product", pa.string()), ("customer_id", pa.string()),
        ("place", pa.int64()), ("rule", pa.list_(pa.string())), ("chance", pa.float64()),
    ]
)  # fmt: skip


def run(
    session: Session, *, as_of: dt.date, horizon_days: int = 90, wanted: float | Mapping[str, float] | None = None
) -> Result:
    """Coverage of customer groups with products, as of a date.

    Parameters
    ----------
    session : an engine bound to a snapshot
    as_of : events strictly before it are read
    horizon_days : how long ago the rules are judged from
    wanted : as in `coverage`; by default what the best fourth of the groups of a kind have

    Returns
    -------
    Result : ``tables["coverage"]`` one group × product: the columns of `coverage`, and of those to be reached: rule
        (the left side of the one that speaks for most of them), its confidence, pointed (how many have a rule),
        expected (how many would have the product if they were like those whom their rules speak of);
        ``tables["candidates"]`` one customer to be reached × group × product of the twenty largest gaps, by descending
        chance. No scores.

    Notes
    -----
    A customer has what he bought in the 365 days before the date; who bought nothing then is in no group. Categories
    where they are known, else products; the 30 with most holders. Groups of 50 customers and more. Where rules are no
    better on later data than naming what most have, the chance is that share, and no rule is named.
    """
    judgement, missing = judge(session, as_of=as_of, horizon_days=horizon_days)
    holdings = read_holdings(session, until=as_of)
    trusted = judgement.grade in "AB"
    pointed = point(learn(holdings) if trusted else NO_RULES, holdings)
    cells, chosen = _cells(holdings, groups_of(session, holdings), pointed, wanted)
    account = account_of(session, as_of=as_of, rules=_RULES)
    context = report.Context(
        "coverage", as_of, horizon_days, session.snapshot.settings.currency, account, judgement, holdings.level,
        len(holdings.customers), wanted is None, _names(session, holdings),
    )  # fmt: skip
    candidates = _candidates(cells, chosen, holdings, pointed)
    if not cells.num_rows:
        missing = (Message("coverage.missing_holdings"),)
    return Result(
        study="coverage",
        as_of=as_of,
        snapshot_id=session.snapshot.data_id,
        parameters={
            "horizon_days": horizon_days,
            "period_days": PERIOD_DAYS,
            "level": holdings.level,
            "wanted": dict(wanted) if isinstance(wanted, Mapping) else wanted,
        },
        account=account,
        scores=SCORES.empty(),
        tables={"coverage": cells, "candidates": candidates},
        sections=report.sections(cells, context),
        sheets={
            "coverage": report.sheet(cells, context),
            "customers_to_reach": report.candidates_sheet(candidates, context),
        },
        judgement=judgement,
        missing=missing,
    )


def _names(session: Session, holdings: Holdings) -> dict[str, str]:
    """What people call each product; categories go by themselves."""
    if holdings.level == "category":
        return {}
    known = session.run(study_query("product_names"))
    said = dict(zip(known["product_id"].to_pylist(), known["description"].to_pylist(), strict=True))
    return {product: said.get(product) or product for product in holdings.products}


def _cells(
    holdings: Holdings, groups: list[Group], pointed: Pointed, wanted: float | Mapping[str, float] | None
) -> tuple[pa.Table, list[np.ndarray]]:
    """Each group × product, the largest gap first, and whom to list of those to be reached, the likeliest first."""
    pairs = [
        (group, place)
        for group in groups
        for place, product in enumerate(holdings.products)
        if (group.kind, group.name) != ("holds", product)
    ]
    counts = [
        {
            "group_kind": group.kind,
            "group": group.name,
            "product": holdings.products[place],
            "customers": int(group.members.sum()),
            "holders": int((group.members & holdings.held[:, place]).sum()),
        }
        for group, place in pairs
    ]
    table = coverage(pa.Table.from_pylist(counts, schema=_CELLS), wanted)
    chosen: dict[int, np.ndarray] = {}
    said: dict[int, dict[str, object]] = {}
    to_reach = table["to_reach"].to_pylist()
    for product in range(len(holdings.products)):
        lacking = pointed.likeliest_first(np.flatnonzero(~holdings.held[:, product]), product)
        for row, (group, place) in enumerate(pairs):
            if place == product:
                first = lacking[group.members[lacking]][: to_reach[row]]
                chosen[row] = first[:_MOST_LISTED].copy()
                said[row] = _pointed(first, place, pointed)
    more = pa.Table.from_pylist([said[row] for row in range(len(pairs))], schema=_POINTED)
    for name in more.column_names:
        table = table.append_column(name, more[name])
    order = np.lexsort((np.arange(table.num_rows), -more["expected"].to_numpy()))
    return table.take(pa.array(order)).combine_chunks(), [chosen[place] for place in order]


def _pointed(customers: np.ndarray, product: int, pointed: Pointed) -> dict[str, object]:
    """The rule that speaks for most of these customers, and what all of theirs come to."""
    numbers = pointed.rule[customers, product]
    found: dict[str, object] = {"pointed": 0, "expected": float(pointed.chance(customers, product).sum())}
    if (numbers >= 0).any():
        times = np.bincount(numbers[numbers >= 0])
        rule = pointed.rules.table.slice(int(pointed.asked[times.argmax()]), 1).to_pylist()[0]
        found |= {"pointed": int(times.sum()), "rule": rule["antecedent"], "confidence": rule["confidence"]}
    return found


def _candidates(cells: pa.Table, chosen: list[np.ndarray], holdings: Holdings, pointed: Pointed) -> pa.Table:
    column = {product: place for place, product in enumerate(holdings.products)}
    rows = []
    for cell, customers in zip(cells.slice(0, _MOST_GAPS).to_pylist(), chosen, strict=False):
        product = column[cell["product"]]
        named = {name: cell[name] for name in ("group_kind", "group", "product")}
        rows += [
            {
                **named,
                "customer_id": holdings.customers[int(customer)].as_py(),
                "place": place,
                "rule": pointed.antecedent(int(customer), product),
                "chance": chance,
            }
            for place, (customer, chance) in enumerate(
                zip(customers, pointed.chance(customers, product).tolist(), strict=True), start=1
            )
        ]
    return pa.Table.from_pylist(rows, schema=CANDIDATES)


STUDY = Study("coverage", needs=("order_lines", "products", "customers"), rules=_RULES, run=run, reads=("segments",))
