"""Where an invitation is taken up."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.language import language
from guanxi_crm.core.pages import toast
from guanxi_crm.users.forms import InvitationForm, blame
from guanxi_crm.users.services.invitations import invitation_accept, open_invitation

__all__ = ["invitation_view"]


@never_cache
@sensitive_post_parameters("password")
def invitation_view(request: HttpRequest, secret: str) -> HttpResponse:
    """Name and password of a new member, who signs in with them next."""
    invitation = open_invitation(secret=secret)
    form = InvitationForm(request.POST or None, initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        try:
            invitation_accept(secret=secret, language=invitation.language or language(), **form.cleaned_data)
        except RuleBroken as problem:
            blame(form, problem)
        else:
            toast(request, "crm_users.welcome")
            return redirect("account_login")
    return render(request, "users/invitation.html", {"form": form, "invitation": invitation})
