"""What a running server writes down, and what it must not."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes
from urllib.parse import urlencode, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from crm_served import Served, served

pytestmark = pytest.mark.xdist_group("serve")
Fields = Mapping[str, str | Sequence[str]]
WRONG, SECOND, THIRD = "a guess that is wrong", "a second password of hers", "a third password of hers"
MADE_UP = "gx_" + "made-up-token-" * 3


def post(crm: Served, path: str, fields: Fields | Callable[[str], Fields]) -> str:
    """Fill in the form of a page, with what may stand on it, and send it; the page that comes."""
    with crm.opener.open(crm.url + path, timeout=60) as answer:
        page, address = answer.read().decode(), answer.geturl()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    filled = fields(page) if callable(fields) else fields
    form = urlencode({"csrfmiddlewaretoken": token, **filled}, doseq=True).encode()
    asked = urllib.request.Request(address, form, {"Referer": crm.url})  # noqa: S310
    with crm.opener.open(asked, timeout=60) as answer:
        return answer.read().decode()


def ask(crm: Served, path: str, token: str) -> int:
    asked = urllib.request.Request(crm.url + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def cookies(crm: Served) -> list[str]:
    """Values of what the browser keeps: session and form secret."""
    (processor,) = (each for each in crm.opener.handlers if isinstance(each, urllib.request.HTTPCookieProcessor))
    return [cookie.value for cookie in processor.cookiejar if cookie.name != "guanxi_language"]


def where(crm: Served) -> str:
    """Where one comes who wants to see his settings."""
    with crm.opener.open(f"{crm.url}/settings/", timeout=60) as answer:
        return answer.geturl()


def mailed(crm: Served) -> str:
    """The path of the link in the latest mail."""
    path = max((crm.directory / "mail").iterdir(), key=lambda each: each.stat().st_mtime_ns)
    body = message_from_bytes(path.read_bytes().partition(b"\n---")[0]).get_payload(decode=True).decode()
    return urlsplit(re.search(r"http://\S+", body)[0]).path


def test_no_secret_is_in_it_after_whatever_people_and_programs_do(tmp_path):
    secrets = [WRONG, SECOND, THIRD, MADE_UP]
    with served(tmp_path / "data") as crm:
        email, first = re.search(r"Sign in as (\S+) with the password (\S+)", crm.said).groups()
        printed = crm.said.count(first)
        crm.sign_in(email, WRONG)
        crm.sign_in(email, first)
        secrets += cookies(crm)

        def code(page: str) -> Fields:
            secrets.append(totp := re.search(r"\b[A-Z2-7]{32}\b", page)[0])
            return {"code": format_hotp_value(hotp_value(totp, int(time.time()) // 30))}

        recovery = re.findall(r'<li class="col">([^<]+)</li>', post(crm, "/account/2fa/totp/activate/", code))
        secrets += recovery
        assert len(recovery) == 10

        made = post(crm, "/settings/tokens/", {"name": "till", "scopes": ["customer.view"], "days": "30"})
        token = re.search(r'value="(gx_[^"]+)"', made)[1]
        secrets.append(token)
        assert [ask(crm, "/api/v1/me", each) for each in (token, MADE_UP)] == [200, 401]
        assert ask(crm, f"/api/v1/me?token={token}", token) == 401
        assert ask(crm, f"/api/v1/nothing/{token}", token) == 404

        role = re.search(r'name="roles" value="(\d+)"', crm.get("/settings/staff/invite/"))[1]
        post(crm, "/settings/staff/invite/", {"email": "new@example.com", "roles": role})
        invitation = mailed(crm)
        secrets += [invitation, invitation.strip("/").rpartition("/")[2]]
        crm.get(invitation)
        assert ask(crm, f"{invitation}twice/", token) == 404

        changed = {"oldpassword": first, "password1": SECOND, "password2": SECOND}
        post(crm, "/account/password/change/", changed)
        post(crm, "/account/password/reset/", {"email": email})
        link = mailed(crm)
        secrets += [link, link.rpartition("-")[2].strip("/")]
        post(crm, link, {"password1": THIRD, "password2": THIRD})
        crm.sign_in(email, THIRD)
        post(crm, "/account/2fa/authenticate/", {"code": recovery[0][::-1]})
        post(crm, "/account/2fa/authenticate/", {"code": recovery[0]})
        assert where(crm) == f"{crm.url}/settings/"
        secrets += cookies(crm)
        said = crm.said
    assert f"sign-in failed: '{email}'" in said
    assert "/api/v1/nothing/gx_…" in said
    assert "/account/invitation/…" in said
    assert [secret for secret in secrets if secret in said] == []
    # The first password is told once, on the terminal of who starts Guanxi for the first time.
    assert (printed, said.count(first)) == (1, 1)
    assert "Warning" not in said
    assert "Traceback" not in said
