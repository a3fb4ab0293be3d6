"""Publication: a run's scores become those of the customers, as one version, with the rules of what sells together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.jobs import JobContext
from guanxi_crm.customers.models import ScoreVersion
from guanxi_crm.customers.services.scores import scores_begin, scores_load, scores_publish, scores_sweep
from guanxi_crm.insights.models import ProductRule, RuleItem, Run
from guanxi_crm.insights.work.found import directory_of
from guanxi_crm.insights.work.scores import FILE, rows_of

__all__ = ["BATCH_ROWS", "MOST_RULES", "publish"]

BATCH_ROWS = 500
"""In one transaction: what waits meanwhile waits for some hundredths of a second."""
MOST_RULES = 5_000
_RULES = "rules.parquet"
_CODE_LENGTH = ProductRule._meta.get_field("consequent").max_length


def publish(context: JobContext, run: Run) -> ScoreVersion:
    """Load a version in batches that nobody sees, then make it the current one in one short transaction.

    Done twice it is done once: an attempt goes on with the version that an interrupted one has begun, and does nothing
    where that is current already. O(customers), in transactions of `BATCH_ROWS` rows.

    Permission: run.publish. Audit: publish.

    Raises
    ------
    NotAllowed
    RuleBroken : the run's files have been cleared away.
    """
    context.user.require("run", "publish", run)
    version = run.published
    if version is None or not version.is_current:
        if not (directory_of(run.pk) / FILE).is_file():
            raise RuleBroken("crm_insights.files_gone", as_of=run.as_of)
        version = _begun(context, run)
        _load_scores(context, run, version)
        _load_rules(context, run, version)
        context.stage("crm_insights.stage_publish")
        version = scores_publish(user=context.user, version=version)
    context.stage("crm_insights.stage_sweep")
    scores_sweep()
    ProductRule.objects.filter(scored__state=ScoreVersion.State.SWEPT).delete()
    return version


def _begun(context: JobContext, run: Run) -> ScoreVersion:
    """The version that an interrupted attempt has begun, or a new one."""
    version = run.published
    if version is not None and version.state == ScoreVersion.State.LOADING:
        return version
    with context.transaction():
        version = scores_begin(
            user=context.user,
            as_of=run.as_of,
            snapshot_id=run.snapshot_id,
            horizon_days=run.horizon_days,
            currency=run.result["currency"],
            grades=run.result["grades"],
        )
        run.published = version
        run.save(update_fields=["published"])
    return version


def _load_scores(context: JobContext, run: Run, version: ScoreVersion) -> None:
    """Customers who are loaded already are loaded anew: the same rows."""
    path = directory_of(run.pk) / FILE
    context.stage("crm_insights.stage_scores", pq.ParquetFile(path).metadata.num_rows)
    for rows in rows_of(path, size=BATCH_ROWS):
        with context.transaction():
            scores_load(version, rows)
        context.advance(len(rows))


def _load_rules(context: JobContext, run: Run, version: ScoreVersion) -> None:
    with context.transaction():
        version.rules.all().delete()
    path = directory_of(run.pk) / "en" / _RULES
    # What the plain answer does as well as the rules is not published: a study of grade C or D has no rules to offer.
    if not path.is_file() or run.result["grades"].get("affinity") not in {"A", "B"}:
        return
    rules = _rules(path)
    context.stage("crm_insights.stage_rules", len(rules))
    left = iter(rules)
    while several := list(islice(left, BATCH_ROWS)):
        with context.transaction():
            _write_rules(version, several)
        context.advance(len(several))


def _rules(path: Path) -> list[Mapping[str, Any]]:
    """Those that lead to one product, the most telling first: by how much likelier than by chance it makes it."""
    told = (row for row in pq.read_table(path).to_pylist() if len(row["consequent"]) == 1)
    sure = [row for row in told if math.isfinite(row["lift"]) and max(map(len, _codes(row))) <= _CODE_LENGTH]
    sure.sort(key=lambda row: (-row["confidence"] * (1 - 1 / row["lift"]), row["antecedent"], row["consequent"]))
    return sure[:MOST_RULES]


def _codes(row: Mapping[str, Any]) -> list[str]:
    return [*row["antecedent"], *row["consequent"]]


def _write_rules(version: ScoreVersion, rows: Sequence[Mapping[str, Any]]) -> None:
    rules = ProductRule.objects.bulk_create(
        ProductRule(
            scored=version, antecedent=row["antecedent"], size=len(row["antecedent"]), consequent=row["consequent"][0],
            consequent_name=row["consequent_names"][0][:300], count=row["count"], confidence=row["confidence"],
            lift=row["lift"],
        )
        for row in rows
    )  # fmt: skip
    RuleItem.objects.bulk_create(
        RuleItem(rule=rule, scored_id=version.pk, product_code=code) for rule in rules for code in rule.antecedent
    )
