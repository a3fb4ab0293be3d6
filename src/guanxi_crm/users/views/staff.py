"""Staff: who works here, what they may, who is invited."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.users.forms import InviteForm, PersonForm, blame
from guanxi_crm.users.mail import mail_send
from guanxi_crm.users.models import Invitation
from guanxi_crm.users.privileges import holds
from guanxi_crm.users.selectors.staff import invitations_pending, staff_list, staff_member
from guanxi_crm.users.services.invitations import (
    DAYS,
    invitation_create,
    invitation_resend,
    invitation_withdraw,
)
from guanxi_crm.users.services.staff import staff_activate, staff_deactivate, staff_update

__all__ = [
    "invitation_resend_view",
    "invitation_withdraw_view",
    "invite_view",
    "person_activity_view",
    "person_view",
    "staff_view",
]


@signed_in
def staff_view(request: HttpRequest) -> HttpResponse:
    """Members of staff, and invitations that wait."""
    user = request.actor
    return render(
        request,
        "users/staff.html",
        {
            "staff": staff_list(user=user),
            "invitations": invitations_pending(user=user),
            "may_invite": user.may("user", "create"),
            "may_change": user.may("user", "change"),
            "shown": user.readable("user"),
        },
    )


@signed_in
@reauthentication_required
def invite_view(request: HttpRequest) -> HttpResponse:
    """Invite somebody."""
    request.actor.require("user", "create")
    form = InviteForm(request.POST or None, user=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            invitation, secret = invitation_create(user=request.actor, **{"teams": [], **form.cleaned_data})
        except RuleBroken as problem:
            blame(form, problem)
        else:
            return _sent(request, invitation, secret)
    return render(request, "users/invite.html", {"form": form, "days": DAYS})


@require_POST
@signed_in
@reauthentication_required
def invitation_resend_view(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """A new link for an invitation."""
    invitation, secret = invitation_resend(user=request.actor, invitation_id=invitation_id)
    return _sent(request, invitation, secret)


@require_POST
@signed_in
def invitation_withdraw_view(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """End an invitation."""
    invitation_withdraw(user=request.actor, invitation_id=invitation_id)
    toast(request, "crm_users.invitation_withdrawn")
    return redirect("users:staff")


@signed_in
def person_view(request: HttpRequest, staff_id: int) -> HttpResponse:
    """One member: name, roles, teams."""
    user = request.actor
    member = staff_member(user=user, staff_id=staff_id)
    may_change = user.may("user", "change", member) and all(holds(user, role) for role in member.roles.all())
    initial = {
        "name": member.name,
        "roles": [role.pk for role in member.roles.all()],
        "teams": [team.pk for team in member.teams.all()],
    }
    form = PersonForm(request.POST or None, user=user, kept=member.roles.all(), initial=initial)
    for name in form.fields.keys() - set(user.readable("user")):
        del form.fields[name]
    called = member.name if member.name and user.may_read("user", "name") else f"#{member.pk}"
    page = {"form": form, "member": member, "called": called, "may_change": may_change}
    if request.method == "POST":
        return _person_changed(request, staff_id, form, page)
    for field in form.fields.values():
        field.disabled = not may_change
    return render(request, "users/person.html", page)


@reauthentication_required
def _person_changed(request: HttpRequest, staff_id: int, form: PersonForm, page: dict[str, object]) -> HttpResponse:
    if form.is_valid():
        try:
            staff_update(user=request.actor, staff_id=staff_id, **form.cleaned_data)
        except RuleBroken as problem:
            blame(form, problem)
        else:
            toast(request, "crm_users.saved")
            return redirect("users:person", staff_id)
    return render(request, "users/person.html", page)


@require_POST
@signed_in
@reauthentication_required
def person_activity_view(request: HttpRequest, staff_id: int) -> HttpResponse:
    """Shut a member out, or let him in again."""
    if request.POST.get("active") == "1":
        member = staff_activate(user=request.actor, staff_id=staff_id)
        toast(request, "crm_users.activated", name=str(member))
    else:
        member = staff_deactivate(user=request.actor, staff_id=staff_id)
        toast(request, "crm_users.deactivated", name=str(member))
    return redirect("users:person", staff_id)


def _sent(request: HttpRequest, invitation: Invitation, secret: str) -> HttpResponse:
    """Mail the link; it stands on the page too, once, for companies whose mail does not arrive."""
    link = request.build_absolute_uri(reverse("account_invitation", args=[secret]))
    mailed = mail_send(
        to=invitation.email,
        subject="crm_users.mail_invitation_subject",
        text="crm_users.mail_invitation",
        language=invitation.language,
        link=link,
        inviter=request.actor.name,
        days=DAYS,
    )
    return render(
        request, "users/invited.html", {"invitation": invitation, "link": link, "mailed": mailed, "days": DAYS}
    )
