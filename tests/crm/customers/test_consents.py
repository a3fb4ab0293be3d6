"""What a customer allows: only ever added to, never without proof."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import Consent
from guanxi_crm.customers.selectors.consents import CHANNELS, PURPOSES, consent_history, consent_matrix
from guanxi_crm.customers.services.consents import consent_record

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def test_the_latest_word_on_a_purpose_and_channel_holds_and_the_others_stay(service, actor, customer_of):
    customer, user = customer_of(), actor(service)
    for days, given in ((0, True), (1, False), (2, True)):
        consent_record(
            user=user, customer_id=customer.pk, purpose="marketing", channel="wechat", is_given=given,
            proof=f"form {days}", at=AT + days * DAY,
        )  # fmt: skip
    consent_record(user=user, customer_id=customer.pk, purpose="marketing", channel="sms", is_given=False, at=AT - DAY)
    history = consent_history(customer, user=user)
    assert [(each.channel, each.is_given) for each in history] == [
        ("wechat", True), ("wechat", False), ("wechat", True), ("sms", False),
    ]  # fmt: skip
    matrix = consent_matrix(history)
    assert [row.purpose for row in matrix] == list(PURPOSES)
    marketing = dict(matrix[0].cells)
    assert list(marketing) == list(CHANNELS)
    assert (marketing["wechat"].proof, marketing["sms"].is_given, marketing["email"]) == ("form 2", False, None)
    assert [row.is_known for row in matrix] == [True, False, False, False]


def test_both_words_are_in_the_audit_trail(service, actor, customer_of):
    customer, user = customer_of(), actor(service)
    given = {"user": user, "customer_id": customer.pk, "purpose": "survey", "channel": "email"}
    consent_record(**given, is_given=True, proof="on paper")
    consent_record(**given, is_given=False)
    assert [each.changes for each in AuditEntry.objects.order_by("pk")] == [
        {"consents": [None, "survey/email ✓ on paper"]},
        {"consents": ["survey/email ✓ on paper", "survey/email ✗"]},
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"proof": " "}, "crm_customers.proof_needed"),
        ({"purpose": "anything"}, "crm_customers.not_a_choice"),
        ({"channel": "pigeon"}, "crm_customers.not_a_choice"),
        ({"proof": "x" * 301}, "crm_customers.too_long"),
    ],
)
def test_a_consent_that_proves_nothing_is_not_recorded(changed, code, service, actor, customer_of):
    customer = customer_of()
    given = {"purpose": "marketing", "channel": "sms", "is_given": True, "proof": "on paper", **changed}
    with pytest.raises(RuleBroken) as refused:
        consent_record(user=actor(service), customer_id=customer.pk, **given)
    assert refused.value.code == code
    assert not Consent.objects.exists()
    assert not AuditEntry.objects.exists()


def test_who_may_only_read_records_nothing(viewer, actor, customer_of):
    customer = customer_of()
    with pytest.raises(NotAllowed):
        consent_record(user=actor(viewer), customer_id=customer.pk, purpose="marketing", channel="sms", is_given=False)
    assert not Consent.objects.exists()


@pytest.mark.parametrize(("language", "words"), [("en", ("Marketing", "Never asked")), ("zh", ("营销", "未询问"))])
def test_the_page_shows_the_matrix_and_records_a_word(language, words, service, client_of, customer_of):
    customer, client = customer_of(), client_of(service, language=language)
    address = reverse("customers:consents", args=[customer.pk])
    page = client.get(address).content.decode()
    assert [word in page for word in words] == [True, True]
    without_proof = client.post(address, {"purpose": "marketing", "channel": "sms", "is_given": "yes", "proof": ""})
    assert without_proof.status_code == 400
    assert not Consent.objects.exists()
    client.post(address, {"purpose": "marketing", "channel": "sms", "is_given": "yes", "proof": "门店登记表"})
    consent = Consent.objects.get()
    assert (consent.is_given, consent.proof, consent.by) == (True, "门店登记表", service)
    assert "门店登记表" in client.get(address).content.decode()


def test_hidden_consents_have_no_page(service, client_of, customer_of):
    role = service.roles.get()
    role.grants["customer"]["fields"]["consents"] = "hidden"
    role.save()
    customer = customer_of()
    assert client_of(service).get(reverse("customers:consents", args=[customer.pk])).status_code == 404


def test_one_is_still_in_the_list_from_which_one_came(service, client_of, customer_of):
    customer, client = customer_of(), client_of(service)
    address, told = reverse("customers:consents", args=[customer.pk]), "city.is=上海&sort=name"
    page = f"{reverse('site:customer', args=[customer.pk])}?{urlencode({'list': told})}"
    shown = client.get(address, headers={"Referer": page}).content.decode()
    assert f'<input type="hidden" name="back" value="{page}">' in shown
    given = {"purpose": "marketing", "channel": "sms", "is_given": "yes", "back": page}
    # Something is missing first.
    assert f'value="{page}"' in client.post(address, {**given, "proof": ""}).content.decode()
    answer = client.post(address, {**given, "proof": "门店登记表"})
    assert answer["Location"] == f"{address}?{urlencode({'list': told})}"
    assert f'href="{page}"' in client.get(answer["Location"]).content.decode()
    answer = client.post(address, {**given, "proof": "门店登记表", "back": "https://example.com/?list=x"})
    assert answer["Location"] == address
