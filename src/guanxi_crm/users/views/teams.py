"""Teams."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.language import language
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.users.selectors.teams import teams_list
from guanxi_crm.users.services.teams import team_create, team_delete, team_rename

__all__ = ["team_delete_view", "team_rename_view", "teams_view"]


@signed_in
def teams_view(request: HttpRequest) -> HttpResponse:
    """All teams; a new one."""
    if request.method != "POST":
        return _teams(request)
    try:
        team_create(user=request.actor, name=request.POST.get("name", ""))
    except RuleBroken as problem:
        return _teams(request, problem)
    toast(request, "crm_users.saved")
    return redirect("users:teams")


@require_POST
@signed_in
def team_rename_view(request: HttpRequest, team_id: int) -> HttpResponse:
    """Another name for a team."""
    try:
        team_rename(user=request.actor, team_id=team_id, name=request.POST.get("name", ""))
    except RuleBroken as problem:
        return _teams(request, problem)
    toast(request, "crm_users.saved")
    return redirect("users:teams")


@require_POST
@signed_in
def team_delete_view(request: HttpRequest, team_id: int) -> HttpResponse:
    """Delete a team."""
    team_delete(user=request.actor, team_id=team_id)
    toast(request, "crm_users.team_deleted")
    return redirect("users:teams")


def _teams(request: HttpRequest, problem: RuleBroken | None = None) -> HttpResponse:
    user = request.actor
    named = {
        "teams": teams_list(user=user),
        "may_create": user.may("team", "create"),
        "may_change": user.may("team", "change"),
        "may_delete": user.may("team", "delete"),
        "problem": problem.say(language()) if problem else "",
    }
    return render(request, "users/teams.html", named, status=400 if problem else 200)
