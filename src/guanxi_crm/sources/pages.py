"""An import as its page shows it: the profile, the dry run and the result in one reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guanxi_crm.sources.models import Import
from guanxi_crm.sources.selectors import missing_roles

__all__ = ["CURRENCIES", "DOUBTFUL", "result_rows", "table_forms", "trial_rows"]

CURRENCIES = (
    "CNY", "USD", "EUR", "GBP", "HKD", "TWD", "JPY", "KRW", "SGD", "MYR", "THB", "VND", "INR", "AUD", "CAD", "CHF",
    "BRL", "MXN", "RUB", "TRY", "AED", "ZAR",
)  # fmt: skip
"""Offered first; any other of ISO 4217 can be typed."""
DOUBTFUL = 0.6
"""Certainty of a guess below which a person should look."""


def table_forms(delivered: Import, language: str, *, with_samples: bool = True) -> list[dict[str, Any]]:
    """One form per table of the files: columns with their guess, what is missing, how good the data are."""
    profile = delivered.profile
    return [_table_form(place, table, profile, language, with_samples) for place, table in enumerate(profile["tables"])]


def trial_rows(delivered: Import) -> dict[str, Any] | None:
    """What the dry run found: per table and per study, parts that add up."""
    trial = delivered.profile.get("trial")
    if not trial:
        return None
    return {
        "tables": trial["tables"],
        "studies": [
            {
                **each,
                "name": f"crm_insights.study_{each['study']}",
                "rules": [(f"studies.rule_{rule}", rows) for rule, rows in each["kept_out"].items() if rows],
            }
            for each in trial["studies"]
        ],
    }


def result_rows(delivered: Import, language: str) -> dict[str, Any]:
    """What became of each table, and of customers, products and orders."""
    result = delivered.result
    changed = result.get("changed") or {}
    return {
        "tables": result["tables"],
        "all_known": all(each["was_known"] for each in result["tables"]),
        "set_aside": sum(each["set_aside"] for each in result["tables"]),
        "notes": [note[language] for note in result.get("notes", ())],
        "changed": [
            {"kind": f"crm_sources.kind_{kind}", **changed[kind]}
            for kind in ("customers", "products", "orders")
            if kind in changed
        ],
        "is_synced": "changed" in result,
    }


def _table_form(
    place: int, table: Mapping[str, Any], profile: Mapping[str, Any], language: str, with_samples: bool
) -> dict[str, Any]:
    quality = table.get("quality")
    return {
        "place": place,
        "name": table["name"],
        "kind": table["kind"],
        "kinds": [(kind, f"mapping.kind_{kind}") for kind in profile["roles"]],
        "is_known": table["is_known"],
        "rows": table["rows"],
        "unread": table["unread"],
        "format": table["format"],
        "encoding": table["encoding"],
        "notes": [note[language] for note in table["notes"]],
        "missing": [_gap(gap) for gap in missing_roles(table, profile)],
        "columns": [
            {
                "place": number,
                "name": column["name"],
                "role": column["role"],
                "sure": column["confidence"] if column["role"] else None,
                "is_doubtful": bool(column["role"]) and column["confidence"] < DOUBTFUL,
                "examples": column["examples"] if with_samples else [],
                "evidence": [each[language] for each in column["evidence"]] if with_samples else [],
            }
            for number, column in enumerate(table["columns"])
        ],
        "roles": _roles(table["kind"], profile),
        "also": [(f"mapping.role_{role}", name) for role, name in table["also"].items()],
        "overall": quality and quality["overall"],
        "measures": [
            (f"quality.measure_{name}", score) for name, score in (quality or {"measures": {}})["measures"].items()
        ],
        "findings": [
            {"severity": each["severity"], "said": each["said"][language], "fix": each["fix"][language]}
            for each in (quality or {"findings": []})["findings"]
            if with_samples or not each["personal"]
        ],
    }


def _roles(kind: str, profile: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Those of the table's kind first; the others only matter where another kind is chosen."""
    own = list(profile["roles"][kind])
    others = [role for of in profile["roles"].values() for role in of if role not in own]
    return [(role, f"mapping.role_{role}") for role in (*own, *dict.fromkeys(others))]


def _gap(gap: list[list[str]]) -> list[list[str]]:
    """The alternatives that would fill a gap, as codes of words."""
    return [[f"mapping.role_{role}" for role in alternative] for alternative in gap]
