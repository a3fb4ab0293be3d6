"""Publishing scores: unseen until whole, one version at a time, taken back, swept."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from guanxi_crm.core.errors import NotAllowed, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import Customer, CustomerScores, ScoreVersion, SegmentChange
from guanxi_crm.customers.selectors.scores import current_version, kept_versions
from guanxi_crm.customers.services.scores import (
    scores_begin,
    scores_load,
    scores_publish,
    scores_sweep,
    scores_take_back,
)

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 10, 1)


@pytest.fixture
def people(customer_of):
    return {name: customer_of(number=name) for name in "ABC"}


def begin(user, day=DAY):
    return scores_begin(user=user, as_of=day, snapshot_id=7, horizon_days=90, currency="CNY", grades={"churn": "B"})


def publish(user, **segments: str):
    version = begin(user)
    scores_load(version, ({"number": name, "segment": segment, "amount": 100} for name, segment in segments.items()))
    return scores_publish(user=user, version=version)


def shown() -> dict[str, str | None]:
    return dict(Customer.objects.order_by("number").values_list("number", "current__segment"))


def test_scores_are_seen_when_they_are_published_and_not_before(people, actor, analyst):
    user = actor(analyst)
    version = begin(user)
    rows = [{"number": "A", "segment": "new", "amount": 5}, {"number": "B", "segment": None, "churn_band": None}]
    assert scores_load(version, [*rows, {"number": "nobody", "segment": "new"}]) == 2
    assert (shown(), current_version()) == ({"A": None, "B": None, "C": None}, None)
    made = scores_publish(user=user, version=version)
    # Everybody has a row, also who was not among them.
    assert shown() == {"A": "new", "B": "", "C": ""}
    assert (made.customers, made.state, made.published_by, current_version()) == (3, "kept", analyst, made)
    entry = AuditEntry.objects.get(action="publish")
    assert entry.note == {"version": made.pk, "as_of": "2026-10-01", "snapshot": 7, "customers": 3}
    with pytest.raises(RuleBroken):
        scores_publish(user=user, version=version)
    with pytest.raises(RuleBroken):
        scores_load(made, rows)


def test_loading_again_replaces_the_rows(people, actor, analyst):
    version = begin(actor(analyst))
    scores_load(version, [{"number": "A", "amount": 1}])
    scores_load(version, [{"number": "A", "amount": 2}])
    assert CustomerScores.objects.get(scored=version).amount == 2


def test_changes_of_segment_are_noted(people, actor, analyst):
    publish(actor(analyst), A="new", B="loyal")
    assert not SegmentChange.objects.exists()
    version = publish(actor(analyst), A="loyal", B="loyal", C="new")
    change = SegmentChange.objects.get()
    assert (change.customer, change.before, change.after, change.as_of) == (people["A"], "new", "loyal", DAY)
    assert change.scored == version


def test_a_version_is_taken_back(people, actor, analyst):
    user = actor(analyst)
    first, second = publish(user, A="new"), publish(user, A="loyal")
    assert scores_take_back(user=user) == first
    assert (shown()["A"], current_version()) == ("new", first)
    second.refresh_from_db()
    assert second.state == "taken_back"
    assert not SegmentChange.objects.exists()
    assert scores_take_back(user=user) is None
    assert (shown()["A"], current_version()) == (None, None)
    with pytest.raises(RuleBroken):
        scores_take_back(user=user)
    assert AuditEntry.objects.filter(action="take_back").count() == 2


def test_who_may_not_publish_changes_nothing(people, actor, analyst, sales, viewer):
    version = publish(actor(analyst), A="new")
    unpublished = begin(actor(analyst))
    for user in (actor(sales), actor(viewer)):
        with pytest.raises(NotAllowed):
            begin(user)
        with pytest.raises(NotAllowed):
            scores_publish(user=user, version=unpublished)
        with pytest.raises(NotAllowed):
            scores_take_back(user=user)
    assert current_version() == version
    assert AuditEntry.objects.count() == 1


def test_only_so_many_versions_are_kept(people, actor, analyst):
    user = actor(analyst)
    versions = [publish(user, A=segment) for segment in ("new", "loyal", "new", "loyal", "new")]
    scores_take_back(user=user)
    unfinished, fresh = begin(user), begin(user)
    scores_load(unfinished, [{"number": "A", "amount": 1}])
    ScoreVersion.objects.filter(pk=unfinished.pk).update(begun_at=timezone.now() - dt.timedelta(days=2))
    scores_load(fresh, [{"number": "A", "amount": 1}])

    assert scores_sweep(keep=2) == 4  # the two oldest, the one taken back, the unfinished

    assert list(kept_versions()) == [versions[3], versions[2]]
    kept = {versions[2].pk, versions[3].pk, fresh.pk}
    assert set(CustomerScores.objects.values_list("scored_id", flat=True)) == kept
    assert current_version() == versions[3]
    assert scores_sweep(keep=2) == 0
    # A history of segments outlives the scores.
    assert SegmentChange.objects.filter(scored=versions[1]).exists()


def test_the_version_that_is_shown_is_never_swept(people, actor, analyst):
    version = publish(actor(analyst), A="new")
    assert scores_sweep(keep=0) == 0
    assert shown()["A"] == "new"
    assert current_version() == version
