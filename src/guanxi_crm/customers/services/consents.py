"""What a customer has allowed or withdrawn: only ever added to."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Consent
from guanxi_crm.customers.selectors.consents import CHANNELS, PURPOSES
from guanxi_crm.customers.selectors.record import customer_get

__all__ = ["consent_record"]


@transaction.atomic
def consent_record(
    *, user: Actor, customer_id: int, purpose: str, channel: str, is_given: bool, proof: str = "",
    at: dt.datetime | None = None,
) -> Consent:  # fmt: skip
    """Write down that a customer has allowed something, or withdrawn it.

    What he allows needs a proof, by which it can be shown later; what he withdraws holds without.

    Permission: customer.change, field consents. Audit: change of consents. Raises: NotFound, NotAllowed, RuleBroken (no
    such purpose or channel; no proof).
    """
    customer = customer_get(user=user, customer_id=customer_id, action="change", lock=True)
    user.require_writable("customer", ["consents"])
    for field, value, known in (("purpose", purpose, PURPOSES), ("channel", channel, CHANNELS)):
        if value not in known:
            raise RuleBroken("crm_customers.not_a_choice", field=field, value=value)
    proof = " ".join(proof.split())
    if is_given and not proof:
        raise RuleBroken("crm_customers.proof_needed", field="proof")
    if len(proof) > (most := Consent._meta.get_field("proof").max_length):
        raise RuleBroken("crm_customers.too_long", field="proof", most=most)
    before = customer.consents.filter(purpose=purpose, channel=channel).order_by("-at", "-pk").first()
    consent = Consent.objects.create(
        customer=customer, purpose=purpose, channel=channel, is_given=is_given, proof=proof, by_id=user.user_id,
        at=at or timezone.now(),
    )  # fmt: skip
    log(
        user=user, kind="customer", record=customer, action="change", name=str(customer), at=consent.at,
        changes={"consents": (_told(before) if before else None, _told(consent))},
    )  # fmt: skip
    return consent


def _told(consent: Consent) -> str:
    """As the audit trail keeps it: in the one field, so that who may not see consents sees none of it."""
    mark = "✓" if consent.is_given else "✗"
    return f"{consent.purpose}/{consent.channel} {mark} {consent.proof}".strip()
