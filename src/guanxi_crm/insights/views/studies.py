"""The studies, and what one of them found."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.language import language
from guanxi_crm.core.pages import signed_in
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer
from guanxi_crm.insights.downloads import may_see_everybody
from guanxi_crm.insights.forms import RunForm
from guanxi_crm.insights.selectors import grade_history, run_get, run_under_way, runs_of, schedules_of, study_cards
from guanxi_crm.insights.selectors.headlines import advised
from guanxi_crm.insights.selectors.studies import study_latest, study_of_run
from guanxi_crm.insights.services.runs import has_data
from guanxi_crm.insights.shown import chapters_shown, compared, lists_shown
from guanxi_crm.insights.studies import GRADES, ICONS, STUDIES

__all__ = ["studies_context", "studies_page", "study_page"]


@require_safe
@signed_in
def studies_page(request: HttpRequest) -> HttpResponse:
    """All studies with what they found last, the history of runs, and the form that starts one."""
    return render(request, "insights/list.html", studies_context(request))


def studies_context(request: HttpRequest, form: RunForm | None = None) -> dict[str, Any]:
    """What that page shows; ``form`` where one was sent in and is not right yet."""
    user = request.actor
    user.require("run", "view")
    cards = study_cards(user=user) if user.may_read("run", "results") else []
    counted = Counter(card.result.grade for card in cards if card.result and card.result.grade)
    schedules = schedules_of(user=user) if user.may_read("run", "schedule") else None
    return {
        "cards": [
            {
                "name": card.study, "icon": ICONS[card.study], "result": card.result,
                "summary": card.result.summary.get(language(), {}) if card.result else {},
                "missing": card.result.missing.get(language(), []) if card.result else [],
            }
            for card in cards
        ],
        "grade_counts": [(grade, counted[grade]) for grade in GRADES if counted[grade]],
        "graded": sum(counted.values()),
        "runs": runs_of(user=user, cursor=request.GET.get("cursor")),
        "under_way": run_under_way(),
        "next_schedule": schedules.filter(is_active=True).first() if schedules is not None else None,
        "form": form or RunForm(may_publish=user.may("run", "publish")),
        "is_open": form is not None,
        "has_data": has_data(),
        "may_create": user.may("run", "create"),
        "may_schedule": user.may("run", "schedule") and user.may_read("run", "schedule"),
    }  # fmt: skip


@require_safe
@signed_in
def study_page(request: HttpRequest, name: str) -> HttpResponse:
    """One study: headline figures, judgement, what is missing, charts, tables, advice, its grades over time."""
    if name not in STUDIES:
        raise NotFound
    user, here = request.actor, language()
    asked = request.GET.get("run")
    result = study_of_run(user=user, name=name, run_id=_uuid(asked)) if asked else study_latest(user, name)
    context: dict[str, Any] = {"name": name, "icon": ICONS[name], "result": result, "has_data": has_data()}
    if result is not None:
        document = result.document.get(here, {})
        run = run_get(user=user, run_id=result.run_id)
        everybody = may_see_everybody(user)
        lists = lists_shown(document, everybody=everybody)
        context |= {
            "run": run,
            "currency": run.result.get("currency", ""),
            "summary": result.summary.get(here, {}),
            "explained": (explained := result.judgement.get("explained", {}).get(here, "")),
            "cutoff": result.judgement.get("cutoff"),
            "comparisons": compared(result.judgement.get("comparisons", ())),
            "missing": result.missing.get(here, []),
            "chapters": (chapters := chapters_shown(document, everybody=everybody, said=explained)),
            "lists": lists,
            "withheld": not everybody and bool(document.get("lists")),
            "customer_ids": _ids(user, [*lists, *(table for each in chapters for table in each["tables"])]),
            "advice": advised(run, name),
            "history": grade_history(user=user, name=name),
        }
    return render(request, "insights/study.html", context)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound from error


def _ids(user: Actor, tables: list[dict[str, Any]]) -> dict[str, int]:
    """Number → id of the customers who stand in the tables, so that each leads to his page. One query."""
    numbers = {row[table["customer_column"]].text for table in tables if table["is_personal"] for row in table["rows"]}
    known = user.narrow("customer", Customer.objects.filter(number__in=numbers))
    return dict(known.values_list("number", "pk")) if numbers else {}
