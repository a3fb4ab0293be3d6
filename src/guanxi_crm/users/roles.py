"""The roles that come with Guanxi, as data. An administrator may change all of them but the first.

=================  ==================================================================================================
``administrator``  everything; cannot be changed, and the last one cannot leave
``manager``        all customers and their orders, data and studies; sees staff and the audit trail
``sales``          sees the team's customers, looks after his own; no export, no cost prices
``service``        sees all customers, keeps contact data, notes and consents; no forecasts in money
``analyst``        sees all customers without what identifies a person; runs and publishes studies, exports
``viewer``         sees what an analyst sees of customers, orders and studies, and changes nothing
=================  ==================================================================================================
"""

from __future__ import annotations

from typing import Any

__all__ = ["ADMINISTRATOR", "DEFAULT_ROLES"]

ADMINISTRATOR = "administrator"

_PERSONAL = ("name", "phone", "email", "wechat", "address", "gender", "born_on", "postal_code", "notes", "files")
"""What identifies a customer; notes and files too, for anything may stand in them."""
_READ_BY_SERVICE = ("kind", "gender", "born_on", "country", "region", "city", "level", "joined_on", "owner", "team")
"""What service staff leave to others: they keep how to reach a customer, his consents, notes, tags and files."""

Grants = dict[str, dict[str, dict[str, str]]]


def _grant(actions: dict[str, str], *, hidden: tuple[str, ...] = (), read: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"actions": actions, "fields": dict.fromkeys(read, "read") | dict.fromkeys(hidden, "hidden")}


def _all(*actions: str) -> dict[str, str]:
    return dict.fromkeys(actions, "all")


def _own(*actions: str) -> dict[str, str]:
    return dict.fromkeys(actions, "own")


_NO_COST = ("unit_cost",)

DEFAULT_ROLES: dict[str, Grants] = {
    ADMINISTRATOR: {},
    "manager": {
        "customer": _grant(_all("view", "create", "change", "delete", "export", "assign")),
        "task": _grant(_all("view", "create", "change", "delete")),
        "order": _grant(_all("view", "export")),
        "product": _grant(_all("view", "export")),
        "import": _grant(_all("view", "create", "undo")),
        "run": _grant(_all("view", "create", "cancel", "publish", "schedule")),
        "user": _grant(_all("view")),
        "team": _grant(_all("view", "create", "change")),
        "role": _grant(_all("view")),
        "token": _grant(_own("view", "create", "delete")),
        "company": _grant(_all("view")),
        "audit": _grant(_all("view")),
    },
    "sales": {
        "customer": _grant({"view": "team", **_all("create"), **_own("change", "assign")}),
        "task": _grant({**_own("view", "change", "delete"), **_all("create")}),
        "order": _grant({"view": "team"}),
        "product": _grant(_all("view"), hidden=_NO_COST),
    },
    "service": {
        "customer": _grant(
            _all("view", "create", "change"), hidden=("expected_amount", "next_order_amount"), read=_READ_BY_SERVICE
        ),
        "task": _grant({**_own("view", "change", "delete"), **_all("create")}),
        "order": _grant(_all("view")),
        "product": _grant(_all("view"), hidden=_NO_COST),
    },
    "analyst": {
        "customer": _grant(_all("view", "export"), hidden=_PERSONAL),
        "order": _grant(_all("view", "export"), hidden=("customer",)),
        "product": _grant(_all("view", "export")),
        "import": _grant(_all("view"), hidden=("rejects",)),
        "run": _grant(_all("view", "create", "cancel", "publish", "schedule")),
        "token": _grant(_own("view", "create", "delete")),
    },
    "viewer": {
        "customer": _grant(_all("view"), hidden=_PERSONAL),
        "order": _grant(_all("view"), hidden=("customer",)),
        "product": _grant(_all("view"), hidden=_NO_COST),
        "run": _grant(_all("view")),
    },
}
"""code → grants, in the form of `Role.grants`."""
