"""What the studies found, latest first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.policy import Actor
from guanxi_crm.insights.models import StudyResult
from guanxi_crm.insights.studies import STUDIES

__all__ = ["StudyCard", "grade_history", "grades", "study_cards", "study_latest", "study_of_run"]


@dataclass(frozen=True)
class StudyCard:
    """One study with what it found last; ``result`` is None where it never ran. Its document is not loaded."""

    study: str
    result: StudyResult | None


def study_cards(*, user: Actor) -> list[StudyCard]:
    """All studies, each with its latest result. One query. Raises: NotAllowed."""
    latest = (
        _results(user)
        .defer("document")
        .annotate(
            place=Window(RowNumber(), partition_by=F("study"), order_by=(F("run__created_at").desc(), F("pk").desc()))
        )
        .filter(place=1)
    )
    found = {result.study: result for result in latest}
    return [StudyCard(study, found.get(study)) for study in STUDIES]


def study_latest(user: Actor, name: str) -> StudyResult | None:
    """What a study found last, with its document; None where it never ran. Raises: NotAllowed."""
    return _newest(_results(user).filter(study=name)).first()


def study_of_run(*, user: Actor, name: str, run_id: uuid.UUID) -> StudyResult:
    """What a study found in one run, with its document. Raises: NotFound, NotAllowed."""
    result = _results(user).filter(study=name, run=run_id).first()
    if result is None:
        raise NotFound
    return result


def grades(*, user: Actor) -> Mapping[str, str]:
    """study → its latest grade, of those that are judged. Raises: NotAllowed."""
    return {card.study: card.result.grade for card in study_cards(user=user) if card.result and card.result.grade}


def grade_history(*, user: Actor, name: str, runs: int = 24) -> list[StudyResult]:
    """A study's grades in the latest runs, newest first, without documents. Raises: NotAllowed."""
    return list(_newest(_results(user).filter(study=name).defer("document", "summary"))[:runs])


def _results(user: Actor) -> QuerySet[StudyResult]:
    user.require("run", "view")
    user.require_readable("run", ["results"])
    # Not what the run holds beside: seconds, accounts and advice are wanted elsewhere.
    return StudyResult.objects.select_related("run").defer("run__result")


def _newest(results: QuerySet[StudyResult]) -> QuerySet[StudyResult]:
    return results.order_by("-run__created_at", "-pk")
