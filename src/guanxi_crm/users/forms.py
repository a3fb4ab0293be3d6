"""Forms of settings and of taking up an invitation. What they may set is decided by the services."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.functional import lazy

from guanxi_crm.core.errors import Problem
from guanxi_crm.core.language import language, told
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.labels import action_label, kind_label, role_label
from guanxi_crm.users.models import Role, Team
from guanxi_crm.users.privileges import holds
from guanxi_crm.users.services.tokens import token_scopes

__all__ = [
    "AuditFilter",
    "CompanyForm",
    "InvitationForm",
    "InviteForm",
    "PersonForm",
    "ProfileForm",
    "RoleForm",
    "TokenForm",
    "blame",
]

_words = lazy(told, str)
_LANGUAGES = [("zh", "简体中文"), ("en", "English")]


def blame(form: forms.Form, problem: Problem) -> None:
    """Show what a service has refused beside its field, or above the form."""
    form.add_error(problem.field if problem.field in form.fields else None, problem.say(language()))


class _Choosing(forms.Form):
    """Roles and teams to choose from."""

    roles = forms.TypedMultipleChoiceField(
        label=_words("crm_users.field_roles"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    teams = forms.TypedMultipleChoiceField(
        label=_words("crm_users.field_teams"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, user: Actor, kept: Iterable[Role] = (), **named: Any) -> None:
        super().__init__(*args, **named)
        offered = {role.pk: role for role in Role.objects.order_by("pk") if holds(user, role)}
        offered |= {role.pk: role for role in kept}
        self.fields["roles"].choices = [(pk, role_label(role)) for pk, role in offered.items()]
        self.fields["teams"].choices = list(Team.objects.order_by("name").values_list("pk", "name"))
        if not self.fields["teams"].choices:
            del self.fields["teams"]


class InviteForm(_Choosing):
    """Who is invited, and to what."""

    email = forms.EmailField(label=_words("crm_users.field_email"))
    name = forms.CharField(label=_words("crm_users.person_name"), max_length=100, required=False)
    language = forms.ChoiceField(
        label=_words("crm_users.language_of_mail"), choices=_LANGUAGES, initial=language, required=False
    )
    field_order = ("email", "name", "language", "roles", "teams")

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["roles"].required = True


class PersonForm(_Choosing):
    """A member's name, roles and teams."""

    name = forms.CharField(label=_words("crm_users.person_name"), max_length=100)
    field_order = ("name", "roles", "teams")


class InvitationForm(forms.Form):
    """What a new member says of himself."""

    name = forms.CharField(
        label=_words("crm_users.your_name"), max_length=100, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_words("crm_users.password"),
        help_text=_words("crm_users.password_help"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


class RoleForm(forms.Form):
    """A new role: its name, and the one whose permissions it begins with."""

    name = forms.CharField(label=_words("crm_users.role_name"), max_length=100)
    role_id = forms.TypedChoiceField(label=_words("crm_users.role_like"), coerce=int)

    def __init__(self, *args: Any, models: Iterable[tuple[Role, str]], **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["role_id"].choices = [(role.pk, label) for role, label in models]


class ProfileForm(forms.Form):
    """What one sets for oneself."""

    name = forms.CharField(label=_words("crm_users.person_name"), max_length=100)
    language = forms.ChoiceField(
        label=_words("crm_users.field_language"),
        choices=lambda: [("", told("crm_users.as_browser")), *_LANGUAGES],
        required=False,
    )
    theme = forms.ChoiceField(
        label=_words("crm_users.theme"),
        choices=lambda: [
            ("", told("crm_users.as_system")),
            ("light", told("crm_users.theme_light")),
            ("dark", told("crm_users.theme_dark")),
        ],
        required=False,
    )


class CompanyForm(forms.Form):
    """What holds for the whole company."""

    name = forms.CharField(label=_words("crm_users.company_name"), max_length=200, required=False)
    timezone = forms.ChoiceField(
        label=_words("crm_users.field_timezone"),
        help_text=_words("crm_users.timezone_help"),
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in sorted(zoneinfo.available_timezones())],
    )
    language = forms.ChoiceField(label=_words("crm_users.company_language"), choices=_LANGUAGES)


class TokenForm(forms.Form):
    """A new token: what for, what it may, how long."""

    name = forms.CharField(
        label=_words("crm_users.token_name"), help_text=_words("crm_users.token_name_help"), max_length=100
    )
    days = forms.TypedChoiceField(
        label=_words("crm_users.token_days"),
        coerce=int,
        initial=90,
        choices=lambda: [(days, told("crm_users.days", days=days)) for days in (7, 30, 90, 180, 365)],
    )
    scopes = forms.MultipleChoiceField(label=_words("crm_users.field_scopes"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, user: Actor, **named: Any) -> None:
        super().__init__(*args, **named)
        pairs = [(scope, *scope.split(".")) for scope in token_scopes(user)]
        self.fields["scopes"].choices = [
            (scope, f"{kind_label(kind)} · {action_label(kind, action)}") for scope, kind, action in pairs
        ]


class AuditFilter(forms.Form):
    """Which entries of the audit trail."""

    who = forms.TypedChoiceField(label=_words("crm_users.who"), coerce=int, empty_value=None, required=False)
    kind = forms.ChoiceField(label=_words("crm_users.record_type"), required=False)
    since = forms.DateField(
        label=_words("crm_users.since"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_words("crm_users.until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, people: Iterable[tuple[int, str]], kinds: Iterable[str], **named: Any) -> None:
        super().__init__(*args, **named)
        anybody, anything = ("", told("crm_users.anybody")), ("", told("crm_users.anything"))
        self.fields["who"].choices = [anybody, *people]
        self.fields["kind"].choices = [anything, *((kind, kind_label(kind)) for kind in kinds)]
