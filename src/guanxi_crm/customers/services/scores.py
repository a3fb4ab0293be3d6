"""Publishing what a run says of every customer, as one version; taking it back; clearing old ones away.

A version is loaded in batches while nobody sees it (`scores_begin`, `scores_load`), made whole and then current
(`scores_publish`). A process that dies on the way leaves the version before in force, and an unfinished one that
`scores_sweep` removes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone

from guanxi_crm.core import audit
from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.planner import planner_refresh
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer, CustomerScores, ScoreVersion, SegmentChange
from guanxi_crm.customers.selectors.scores import current_version, kept_versions

__all__ = ["SCORE_COLUMNS", "scores_begin", "scores_load", "scores_publish", "scores_sweep", "scores_take_back"]

_BATCH = 1000
_SWEEP_BATCH = 5000
_RANGE = 50_000
"""Keys of customers that one statement goes over: a second's work, so that others' writes wait no longer."""
_UNFINISHED_HOURS = 24

SCORE_COLUMNS = tuple(
    field.name for field in CustomerScores._meta.concrete_fields if field.name not in {"id", "scored", "customer"}
)
"""Names that a row of `scores_load` may hold besides ``number``."""


@transaction.atomic
def scores_begin(
    *,
    user: Actor,
    as_of: dt.date,
    snapshot_id: int,
    horizon_days: int,
    currency: str,
    grades: Mapping[str, str],
) -> ScoreVersion:
    """Begin a version that nobody sees yet.

    Permission: run.publish. Audit: none before it is published.
    """
    user.require("run", "publish")
    return ScoreVersion.objects.create(
        as_of=as_of, snapshot_id=snapshot_id, horizon_days=horizon_days, currency=currency, grades=dict(grades)
    )


def scores_load(version: ScoreVersion, rows: Iterable[Mapping[str, object]]) -> int:
    """Write rows of a version that is being loaded, a thousand at a time; returns how many.

    Whoever calls has begun the version with `scores_begin`. Loading the same customer again replaces his row, so that
    an interrupted load may simply be repeated.

    Parameters
    ----------
    version : of state ``loading``
    rows : ``number`` of the customer (text), and any of `SCORE_COLUMNS`; money in minor units. Customers who are not in
        the CRM are left out.

    Raises
    ------
    RuleBroken : the version is published already.
    """
    if version.state != ScoreVersion.State.LOADING:
        raise RuleBroken("crm_customers.version_not_loading")
    written = 0
    several = iter(rows)
    while batch := list(islice(several, _BATCH)):
        ids = dict(Customer.objects.filter(number__in=[row["number"] for row in batch]).values_list("number", "pk"))
        scores = [
            CustomerScores(
                scored=version,
                customer_id=ids[row["number"]],
                **{name: _filled(name, value) for name, value in row.items() if name != "number"},
            )
            for row in batch
            if row["number"] in ids
        ]
        with transaction.atomic():
            CustomerScores.objects.filter(scored=version, customer_id__in=ids.values()).delete()
            CustomerScores.objects.bulk_create(scores)
        written += len(scores)
    return written


def scores_publish(*, user: Actor, version: ScoreVersion) -> ScoreVersion:
    """Make a loaded version the current one.

    First it is made whole in short steps, still unseen: an empty row for each customer without one, and who has changed
    his segment since the version that is current. Then one short transaction moves the mark; where another version
    became current meanwhile, the changes are counted anew against that.

    Permission: run.publish. Audit: publish, with date, snapshot and number of customers.
    Raises: NotAllowed; RuleBroken (it is not being loaded).
    """
    user.require("run", "publish")
    _fill(version)
    planner_refresh(Customer)
    planner_refresh(CustomerScores, every_row=True)
    while True:
        before = current_version()
        _note_changes(version, before)
        with transaction.atomic():
            held = ScoreVersion.objects.select_for_update().filter(pk=version.pk).first()
            if held is None or held.state != ScoreVersion.State.LOADING:
                raise RuleBroken("crm_customers.version_not_loading")
            current = ScoreVersion.objects.select_for_update().filter(is_current=True).first()
            if current != before:
                continue
            now = timezone.now()
            ScoreVersion.objects.filter(is_current=True).update(is_current=False)
            held.state, held.is_current = ScoreVersion.State.KEPT, True
            held.published_at, held.published_by_id = now, user.user_id
            held.customers = CustomerScores.objects.filter(scored=held).count()
            held.save()
            audit.log(user=user, kind="run", record=None, action="publish", note=_note(held), at=now)
        return held


@transaction.atomic
def scores_take_back(*, user: Actor) -> ScoreVersion | None:
    """Show again what was shown before the current version; returns that, or None where there was none before.

    Permission: run.publish. Audit: take_back, with the version that is no longer shown.
    Raises: NotAllowed; RuleBroken (nothing is published).
    """
    user.require("run", "publish")
    current = ScoreVersion.objects.select_for_update().filter(is_current=True).first()
    if current is None:
        raise RuleBroken("crm_customers.nothing_published")
    current.is_current, current.state = False, ScoreVersion.State.TAKEN_BACK
    current.save(update_fields=["is_current", "state"])
    SegmentChange.objects.filter(scored=current).delete()
    before = kept_versions().first()
    if before is not None:
        before.is_current = True
        before.save(update_fields=["is_current"])
    audit.log(user=user, kind="run", record=None, action="take_back", note=_note(current))
    return before


def scores_sweep(*, keep: int = 3, at: dt.datetime | None = None) -> int:
    """Delete versions beyond the newest ``keep``, those taken back, and what was never finished; returns how many.

    For a job that runs after a publication; in batches, so that nobody waits. The current version always stays. Changes
    of segment stay too, as the customer's history, unless their version was taken back. The version itself stays as a
    line of the history; only its rows go. Audit: none, nothing that anybody sees changes.
    """
    stays = set(kept_versions().values_list("pk", flat=True)[:keep])
    late = (at or timezone.now()) - dt.timedelta(hours=_UNFINISHED_HOURS)
    state = ScoreVersion.State
    swept = 0
    for version in ScoreVersion.objects.exclude(pk__in=stays).exclude(is_current=True).exclude(state=state.SWEPT):
        if version.state == state.LOADING and version.begun_at > late:
            continue
        # First the state: what is being deleted can no longer become current again.
        ScoreVersion.objects.filter(pk=version.pk).update(state=state.SWEPT)
        if version.published_at is None:
            SegmentChange.objects.filter(scored=version).delete()
        rows = CustomerScores.objects.filter(scored=version)
        while ids := list(rows.values_list("pk", flat=True)[:_SWEEP_BATCH]):
            rows.filter(pk__in=ids).delete()
        swept += 1
    return swept


def _fill(version: ScoreVersion) -> None:
    """An empty row for each customer without one: lists need not look for who is missing."""
    for least, most in _ranges():
        without = Customer.objects.filter(pk__gte=least, pk__lt=most).exclude(scores__scored=version)
        CustomerScores.objects.bulk_create(
            [CustomerScores(scored=version, customer_id=key) for key in without.values_list("pk", flat=True)],
            batch_size=_BATCH,
        )


def _note_changes(version: ScoreVersion, before: ScoreVersion | None) -> None:
    """Who is in another segment than in the version before."""
    SegmentChange.objects.filter(scored=version).delete()
    if before is None:
        return
    for least, most in _ranges():
        with connection.cursor() as cursor:
            cursor.execute(_CHANGES, [version.as_of, version.pk, before.pk, least, most])


_CHANGES = """
INSERT INTO customers_segmentchange (customer_id, scored_id, as_of, "before", "after")
SELECT latest.customer_id, latest.scored_id, %s, earlier.segment, latest.segment
FROM customers_customerscores AS latest
JOIN customers_customerscores AS earlier ON earlier.customer_id = latest.customer_id
WHERE latest.scored_id = %s AND earlier.scored_id = %s AND latest.customer_id >= %s AND latest.customer_id < %s
  AND latest.segment <> earlier.segment AND latest.segment <> '' AND earlier.segment <> ''
"""


def _ranges() -> list[tuple[int, int]]:
    last = Customer.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return [(least, least + _RANGE) for least in range(0, last + 1, _RANGE)]


def _filled(name: str, value: object) -> object:
    """What a column without nulls holds instead of one."""
    if value is not None:
        return value
    field = CustomerScores._meta.get_field(name)
    return None if field.null else field.get_default()


def _note(version: ScoreVersion) -> dict[str, object]:
    return {"version": version.pk, "as_of": version.as_of, "snapshot": version.snapshot_id,
            "customers": version.customers}  # fmt: skip
