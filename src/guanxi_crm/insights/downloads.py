"""The files of a run that people may take, and who may take which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from guanxi.words import LANGUAGES
from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.core.records import record_type
from guanxi_crm.insights.models import Run

__all__ = ["DOWNLOADS", "Download", "download_find", "downloads_of", "may_see_everybody"]


@dataclass(frozen=True)
class Download:
    """One file as it is offered."""

    name: str
    names_customers: bool
    """Whether customers stand in it by number, or what was delivered of them."""


DOWNLOADS = (
    Download("report.html", names_customers=True),
    Download("customers.csv", names_customers=True),
    Download("customers.parquet", names_customers=True),
    Download("due.csv", names_customers=True),
    Download("customers_to_reach.csv", names_customers=True),
    Download("segments.csv", names_customers=False),
    Download("rules.csv", names_customers=False),
    Download("rules.parquet", names_customers=False),
    Download("coverage.csv", names_customers=False),
)
"""What else lies in the directory is not for downloading: rejects belong to their import, models to the server."""


def downloads_of(*, user: Actor, run: Run, language: str) -> list[tuple[Download, int]]:
    """The files of a run that this user may take, each with its size in bytes."""
    found = ((each, _path(run, language, each)) for each in DOWNLOADS if _may(user, each))
    return [(each, path.stat().st_size) for each, path in found if path.is_file()]


def download_find(*, user: Actor, run: Run, language: str, name: str) -> tuple[Download, Path]:
    """One file to be sent.

    Raises
    ------
    NotFound : there is no such file, or not for this user.
    """
    wanted = next((each for each in DOWNLOADS if each.name == name), None)
    if wanted is None or language not in LANGUAGES or not _may(user, wanted):
        raise NotFound
    path = _path(run, language, wanted)
    if not path.is_file():
        raise NotFound
    return wanted, path


def may_see_everybody(user: Actor) -> bool:
    """Whether he sees every customer with every number that studies give: what lists of customers in results show."""
    studied = [field.name for field in record_type("customer").fields if not field.writable]
    return user.scope("customer", "view") is Scope.ALL and set(studied) <= set(user.readable("customer"))


def _may(user: Actor, download: Download) -> bool:
    if not (user.may("run", "view") and user.may_read("run", "results")):
        return False
    return not download.names_customers or (may_see_everybody(user) and user.scope("customer", "export") is Scope.ALL)


def _path(run: Run, language: str, download: Download) -> Path:
    return Path(settings.RUN_DIR) / str(run.pk) / language / download.name
