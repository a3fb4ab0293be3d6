"""One's own settings, and the company's."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from guanxi_crm.core.company import company
from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.users.forms import CompanyForm, ProfileForm, blame
from guanxi_crm.users.labels import role_label
from guanxi_crm.users.selectors.sessions import own_sessions
from guanxi_crm.users.services.company import company_change
from guanxi_crm.users.services.staff import profile_update

__all__ = ["company_view", "profile_view"]


@signed_in
def profile_view(request: HttpRequest) -> HttpResponse:
    """Name, language, theme; password and second factor."""
    user = request.user
    form = ProfileForm(
        request.POST or None, initial={"name": user.name, "language": user.language, "theme": user.theme}
    )
    if request.method == "POST" and form.is_valid():
        try:
            profile_update(user=request.actor, **form.cleaned_data)
        except RuleBroken as problem:
            blame(form, problem)
        else:
            toast(request, "crm_users.saved")
            return redirect("users:profile")
    return render(
        request,
        "users/profile.html",
        {
            "form": form,
            "roles": [role_label(role) for role in user.roles.all()],
            "sessions": len(own_sessions(user=request.actor)),
            "has_second_factor": Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
        },
    )


@signed_in
def company_view(request: HttpRequest) -> HttpResponse:
    """The company's name, clock and language."""
    request.actor.require("company", "view")
    current = company()
    initial = {"name": current.name, "timezone": current.timezone, "language": current.language}
    form = CompanyForm(request.POST or None, initial=initial)
    for name in form.fields.keys() - set(request.actor.readable("company")):
        del form.fields[name]
    may_change = request.actor.may("company", "change")
    if request.method == "POST" and form.is_valid():
        try:
            company_change(user=request.actor, **form.cleaned_data)
        except RuleBroken as problem:
            blame(form, problem)
        else:
            toast(request, "crm_users.saved")
            return redirect("users:company")
    for field in form.fields.values():
        field.disabled = field.disabled or not may_change
    return render(request, "users/company.html", {"form": form, "may_change": may_change, "current": current})
