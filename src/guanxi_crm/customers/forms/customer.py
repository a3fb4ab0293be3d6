"""The forms of a customer: whole, or one field in its place."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms

from guanxi_crm.core.language import told
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.forms.fields import form_field, label_of
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.selectors.record import FORM_FIELDS, field_values

__all__ = ["CONTACTS_OF_A_NEW_ONE", "CustomerForm"]

CONTACTS_OF_A_NEW_ONE = ("phone", "email", "wechat")
"""Asked for when a customer is entered; later each has a form of its own."""
_CONTACT_TYPES = {"phone": "tel", "email": "email", "wechat": "text"}


class CustomerForm(forms.Form):
    """The fields that a user may write, and no other: what is posted of others is refused by `unexpected`."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: object, user: Actor, customer: Customer | None = None, names: Iterable[str] = FORM_FIELDS
    ) -> None:
        self.names = [name for name in names if user.may_write("customer", name)]
        initial: dict[str, object] = {"kind": "person"}
        if customer is not None:
            initial = {**field_values(customer, user=user, names=self.names), "version": customer.version}
        super().__init__(*args, initial=initial)
        for name in self.names:
            self.fields[name] = form_field(name, initial.get(name))
        if "name" in self.fields:
            self.fields["name"].required = True
            self.fields["name"].error_messages["required"] = told("crm_customers.name_needed")
        if customer is None:
            self._ask_for_contacts(user)

    @property
    def values(self) -> dict[str, object]:
        """What was typed, by field."""
        return {name: self.cleaned_data[name] for name in self.names if name in self.cleaned_data}

    @property
    def contacts(self) -> dict[str, str]:
        """Contact points of a new customer, by kind."""
        return {kind: value for kind in CONTACTS_OF_A_NEW_ONE if (value := self.cleaned_data.get(kind))}

    def unexpected(self) -> list[str]:
        """Fields that were posted and are not in the form: hidden, or not to be written by this user."""
        known = {*self.fields, "csrfmiddlewaretoken", "sure", "next"}
        return sorted(set(self.data) - known) if self.is_bound else []

    def _ask_for_contacts(self, user: Actor) -> None:
        for kind in CONTACTS_OF_A_NEW_ONE:
            if user.may_write("customer", kind):
                attributes = {"type": _CONTACT_TYPES[kind], "autocomplete": "off"}
                self.fields[kind] = forms.CharField(
                    label=label_of(kind), required=False, max_length=300, widget=forms.TextInput(attributes)
                )
        self.order_fields(["version", "name", "kind", *CONTACTS_OF_A_NEW_ONE])
        if "name" in self.fields:
            self.fields["name"].widget.attrs["autofocus"] = True
