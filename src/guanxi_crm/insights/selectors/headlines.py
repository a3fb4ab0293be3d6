"""What the latest run would have somebody do first: for the home page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guanxi_crm.core.language import language
from guanxi_crm.core.policy import Actor
from guanxi_crm.insights.models import Run

__all__ = ["Advised", "Flow", "Headlines", "Movement", "advised", "headlines", "movement"]


@dataclass(frozen=True)
class Advised:
    """One advice in the reader's language; ``query`` is the filter of the list of customers whom it is about."""

    study: str
    title: str
    text: str
    customers: int | None
    amount: int | None
    """Minor units."""
    currency: str
    query: str


@dataclass(frozen=True)
class Flow:
    """Customers who were in one segment and are in another now; codes of segments."""

    before: str
    after: str
    customers: int


@dataclass(frozen=True)
class Movement:
    """Who moved between segments since the run before, the largest flows first."""

    before_as_of: dt.date
    moved: int
    new: int
    flows: list[Flow]


@dataclass(frozen=True)
class Headlines:
    """What the latest finished run says: what to do, and who moved since the run before."""

    run: Run
    advice: list[Advised]
    grades: Mapping[str, str]
    movement: Movement | None
    """None where there was no run before."""


def headlines(user: Actor) -> Headlines | None:
    """Advice and movement of the latest finished run; None where there is none, or this user may not see results.

    One query.
    """
    if not (user.may("run", "view") and user.may_read("run", "results")):
        return None
    run = Run.objects.filter(state=Run.State.DONE).order_by("-created_at", "-pk").first()
    if run is None:
        return None
    return Headlines(run, advised(run), run.result.get("grades", {}), movement(run))


def movement(run: Run) -> Movement | None:
    """Who moved since the run before; None where there was none."""
    moved: Mapping[str, Any] | None = run.result.get("movement")
    if not moved:
        return None
    flows = [Flow(each["before"], each["after"], each["customers"]) for each in moved["flows"]]
    return Movement(dt.date.fromisoformat(moved["before_as_of"]), moved["moved"], moved["new"], flows)


def advised(run: Run, study: str | None = None) -> list[Advised]:
    """The advice of a run, or of one of its studies, in the reader's language."""
    here, currency = language(), run.result.get("currency", "")
    return [
        Advised(
            study=each["study"], title=each["title"][here], text=each["text"][here], customers=each["customers"],
            amount=each["amount"], currency=currency, query=each["query"],
        )
        for each in run.result.get("advice", ())
        if study in {None, each["study"]}
    ]  # fmt: skip
