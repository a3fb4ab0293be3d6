"""What a customer allows now, and how it came to that."""

from __future__ import annotations

from dataclasses import dataclass

from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Consent, Customer

__all__ = ["CHANNELS", "PURPOSES", "ConsentRow", "consent_history", "consent_matrix"]

PURPOSES = ("marketing", "service", "survey", "profiling")
CHANNELS = ("phone", "sms", "email", "wechat", "app", "post")


@dataclass(frozen=True)
class ConsentRow:
    """One purpose with the latest word on each channel: None where the customer was never asked."""

    purpose: str
    cells: tuple[tuple[str, Consent | None], ...]

    @property
    def is_known(self) -> bool:
        """Whether there is a word on any channel."""
        return any(consent is not None for _, consent in self.cells)


def consent_history(customer: Customer, *, user: Actor) -> list[Consent]:
    """Every word of the customer, the latest first; nothing where consents are hidden."""
    if not user.may_read("customer", "consents"):
        return []
    return kept(_history).records(customer.pk)


def consent_matrix(history: list[Consent]) -> list[ConsentRow]:
    """Purpose × channel with what holds now, from `consent_history`."""
    latest: dict[tuple[str, str], Consent] = {}
    for consent in history:
        latest.setdefault((consent.purpose, consent.channel), consent)
    return [
        ConsentRow(purpose, tuple((channel, latest.get((purpose, channel))) for channel in CHANNELS))
        for purpose in PURPOSES
    ]


def _history() -> Prepared:
    return Prepared(Consent.objects.filter(customer=STAND_IN).select_related("by").order_by("-at", "-pk"))
