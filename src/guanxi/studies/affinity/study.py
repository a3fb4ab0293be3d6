"""What sells together, and what to offer with what?

Every set of up to three products that enough baskets hold is looked at; every rule in them is tested exactly, with
Benjamini and Hochberg's correction over all. What stands beside a product as "bought together" is judged on later
baskets against the best sellers, and rules of the past are counted anew in them.
"""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from guanxi.schema import SCORES
from guanxi.studies.affinity import report
from guanxi.studies.affinity.baskets import Baskets, read_baskets
from guanxi.studies.affinity.companions import PLACES, companions, popular_companions
from guanxi.studies.affinity.judge import Judged, judge
from guanxi.studies.affinity.learn import FALSE_DISCOVERY_RATE, Learned, learn
from guanxi.studies.base import Result, Study, account_of, study_query
from guanxi.warehouse import Session
from guanxi.words import Message

__all__ = ["STUDY", "run"]

_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount")


def run(session: Session, *, as_of: dt.date, horizon_days: int = 90) -> Result:
    """What is bought together in the baskets before a date.

    Parameters
    ----------
    session : an engine bound to a snapshot
    as_of : events strictly before it are read
    horizon_days : how much of the latest past is held back for the judgement; a third of a shorter history

    Returns
    -------
    Result : ``tables["rules"]`` one rule that chance does not explain and that is not redundant (antecedent and
        consequent as lists of products, their names beside, measures as in `guanxi.mining.association.rules`);
        ``tables["itemsets"]`` one set of up to three products; ``tables["companions"]`` one product × place: what was
        bought together with it most often (basis "rule") or, where that is no better on later baskets than naming the
        best sellers, these (basis "popular"); ``tables["held"]`` the rules of before the cut-off in later baskets. No
        scores: it speaks of products.

    Notes
    -----
    A line without a customer counts. At most five million lines are read, the latest in whole days; at most 100,000
    sets are kept, the least support being raised until it is so. Below the gate (200 baskets of two products or more
    before the cut-off, 100 after it) nothing is judged, and the best sellers stand beside every product.
    """
    baskets = read_baskets(session, as_of=as_of)
    judged, missing = judge(baskets, as_of=as_of, horizon_days=horizon_days)
    learned = learn(baskets.table)
    names = _names(session, learned)
    account = account_of(session, as_of=as_of, rules=_RULES)
    currency = session.snapshot.settings.currency
    context = report.Context(
        "affinity", as_of, horizon_days, currency, account, judged.judgement, learned, names, baskets.since,
        baskets.shortened,
    )  # fmt: skip
    shown = _companions(baskets, learned, judged)
    tables = {
        "rules": _with_names(learned.rules, names),
        "itemsets": learned.itemsets,
        "companions": shown,
        **({"held": judged.held.table} if judged.held is not None else {}),
    }
    return Result(
        study="affinity",
        as_of=as_of,
        snapshot_id=session.snapshot.data_id,
        parameters={
            "horizon_days": horizon_days,
            "since": baskets.since.isoformat() if baskets.since else None,
            "baskets": learned.baskets,
            "min_count": learned.least,
            "tested": learned.tested,
            "false_discovery_rate": FALSE_DISCOVERY_RATE,
            "places": PLACES,
        },
        account=account,
        scores=SCORES.empty(),
        tables=tables,
        sections=report.sections(shown, judged, context),
        advice=report.advice(context),
        sheets={"rules": report.rules_sheet(learned.rules, context)},
        files={"rules": tables["rules"]},
        judgement=judged.judgement,
        missing=(Message("affinity.missing_products"),) if not learned.baskets else missing,
    )


def _companions(baskets: Baskets, learned: Learned, judged: Judged) -> pa.Table:
    found = companions(learned.pairs)
    basis = "rule"
    if judged.judgement.grade not in "AB":
        # What the plain answer does as well is not published.
        basis = "popular"
        found = popular_companions(found["product"].unique().to_pylist(), baskets.table)
    return found.append_column("basis", pa.repeat(pa.scalar(basis), found.num_rows))


def _names(session: Session, learned: Learned) -> dict[str, str]:
    """What people call each product that is spoken of."""
    known = session.run(study_query("product_names"))
    said = dict(zip(known["product_id"].to_pylist(), known["description"].to_pylist(), strict=True))
    return {product: said.get(product) or product for (product,) in learned.single()["items"].to_pylist()}


def _with_names(rules: pa.Table, names: dict[str, str]) -> pa.Table:
    for place, side in ((2, "antecedent"), (3, "consequent")):
        named = [[names[product] for product in products] for products in rules[side].to_pylist()]
        rules = rules.add_column(place, f"{side}_names", pa.array(named, pa.list_(pa.string())))
    return rules


STUDY = Study("affinity", needs=("order_lines", "products"), rules=_RULES, run=run)
