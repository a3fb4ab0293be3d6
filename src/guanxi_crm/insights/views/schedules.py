"""When studies run by themselves."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.language import language
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.insights.forms import ScheduleForm
from guanxi_crm.insights.selectors import schedules_of
from guanxi_crm.insights.services import schedule_delete, schedule_pause, schedule_save
from guanxi_crm.insights.services.runs import has_data

__all__ = ["schedule_remove", "schedule_toggle", "schedules_page"]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def schedules_page(request: HttpRequest, schedule_id: int | None = None) -> HttpResponse:
    """All schedules, and the form of a new one or of one that is changed."""
    user = request.actor
    schedules = list(schedules_of(user=user))
    changed = next((each for each in schedules if each.pk == schedule_id), None)
    if schedule_id and changed is None:
        raise NotFound
    may_publish = user.may("run", "publish")
    status = 200
    if request.method == "POST":
        user.require("run", "schedule")
        form = ScheduleForm(request.POST, may_publish=may_publish)
        if form.is_valid() and _saved(request, form, schedule_id):
            return HttpResponseRedirect(reverse("insights:schedule"))
        status = 400
    else:
        form = ScheduleForm(initial=ScheduleForm.values_of(changed) if changed else {}, may_publish=may_publish)
    context = {
        "schedules": [
            {"schedule": each, "weekday": f"crm_insights.weekday_{each.weekday}"} for each in schedules
        ],
        "form": form, "changed": changed, "has_data": has_data(),
        "may_change": user.may("run", "schedule") and user.may("run", "create"),
    }  # fmt: skip
    return render(request, "insights/schedule.html", context, status=status)


@require_POST
@signed_in
def schedule_toggle(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Pause it, or let it go on."""
    is_active = request.POST.get("is_active") == "1"
    schedule_pause(user=request.actor, schedule_id=schedule_id, is_active=is_active)
    toast(request, "crm_insights.schedule_goes_on" if is_active else "crm_insights.schedule_paused")
    return HttpResponseRedirect(reverse("insights:schedule"))


@require_POST
@signed_in
def schedule_remove(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Delete it."""
    schedule_delete(user=request.actor, schedule_id=schedule_id)
    toast(request, "crm_insights.schedule_deleted")
    return HttpResponseRedirect(reverse("insights:schedule"))


def _saved(request: HttpRequest, form: ScheduleForm, schedule_id: int | None) -> bool:
    try:
        schedule_save(user=request.actor, schedule_id=schedule_id, **form.options())
    except RuleBroken as problem:
        form.add_error(problem.field if problem.field in form.fields else None, problem.say(language()))
        return False
    toast(request, "crm_insights.schedule_saved")
    return True
