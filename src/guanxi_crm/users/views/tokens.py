"""API tokens."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.core.policy import Scope
from guanxi_crm.users.forms import TokenForm, blame
from guanxi_crm.users.selectors.tokens import tokens_list
from guanxi_crm.users.services.tokens import token_create, token_revoke

__all__ = ["token_revoke_view", "tokens_view"]


@signed_in
def tokens_view(request: HttpRequest) -> HttpResponse:
    """One's tokens; a new one, which is shown this once."""
    request.actor.require("token", "view")
    form = TokenForm(request.POST or None, user=request.actor)
    return _token_made(request, form) if request.method == "POST" else _tokens(request, form)


@require_POST
@signed_in
def token_revoke_view(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token."""
    token_revoke(user=request.actor, token_id=token_id)
    toast(request, "crm_users.token_revoked")
    return redirect("users:tokens")


@reauthentication_required
def _token_made(request: HttpRequest, form: TokenForm) -> HttpResponse:
    secret = ""
    if form.is_valid():
        try:
            _, secret = token_create(user=request.actor, **form.cleaned_data)
        except RuleBroken as problem:
            blame(form, problem)
        else:
            form = TokenForm(user=request.actor)
    return _tokens(request, form, secret)


def _tokens(request: HttpRequest, form: TokenForm, secret: str = "") -> HttpResponse:
    user = request.actor
    named = {
        "tokens": tokens_list(user=user),
        "form": form,
        "secret": secret,
        "may_create": user.may("token", "create"),
        "of_all": user.scope("token", "view") is Scope.ALL,
    }
    return render(request, "users/tokens.html", named)
