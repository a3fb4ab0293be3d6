"""What the home page shows: as far as its reader may see it, and nothing that no longer fits on one screen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from guanxi_crm.core.language import language
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Customer, ScoreVersion
from guanxi_crm.customers.selectors.conditions import AllOf, Condition
from guanxi_crm.customers.selectors.list_query import ListQuery, default_sort
from guanxi_crm.customers.selectors.lists import CustomerPage, customer_list
from guanxi_crm.customers.selectors.neighbours import MOST_ADDRESS
from guanxi_crm.customers.selectors.scores import current_version
from guanxi_crm.customers.selectors.tasks import TaskPage, open_tasks_count, tasks_page
from guanxi_crm.insights.selectors.headlines import Headlines, headlines
from guanxi_crm.insights.selectors.studies import study_cards

__all__ = ["Board", "Few", "Finding", "Start", "board"]

_LINES = 6
_AT_RISK = AllOf((Condition("value_group", "is", ("high",)), Condition("churn_band", "is", ("high",))))
_AT_RISK_COLUMNS = ("name", "segment", "expected_amount", "churn_probability", "owner")
_MINE = AllOf((Condition("owner", "is", ("me",)),))


@dataclass(frozen=True)
class Few:
    """The first lines of a list of customers, and the address of all of it."""

    page: CustomerPage
    address: str

    @property
    def has_more(self) -> bool:
        return self.page.next is not None

    @property
    def along(self) -> str:
        """What goes along to a customer's page, from where one goes on to the next of this list."""
        return f"?{urlencode({'list': self.address})}" if len(self.address) <= MOST_ADDRESS else ""


@dataclass(frozen=True)
class Finding:
    """What a study found last, in one sentence of the reader's language."""

    study: str
    grade: str
    """Empty for a study that only counts."""
    sentence: str


@dataclass(frozen=True)
class Start:
    """How far a company is that has just begun: which of the three steps are done, and which this user may do."""

    has_customers: bool
    has_run: bool
    may_import: bool
    may_run: bool


@dataclass(frozen=True)
class Board:
    """Everything on the home page; None where there is nothing, or nothing that this user may see."""

    version: ScoreVersion | None
    start: Start | None
    headlines: Headlines | None
    findings: list[Finding]
    at_risk: Few | None
    mine: Few | None
    tasks: TaskPage | None
    tasks_open: int
    tasks_overdue: int


def board(*, user: Actor, today: dt.date) -> Board:
    """What this user begins his day with. At most 25 queries, however many customers there are."""
    version = current_version()
    told = headlines(user)
    tasks = tasks_page(user=user, today=today, size=_LINES) if user.may("task", "view") else None
    counts = open_tasks_count(user=user, today=today) if tasks else {}
    return Board(
        version=version,
        start=None if version else _start(user, has_run=told is not None),
        headlines=told,
        findings=_findings(user) if told else [],
        at_risk=_few(user, _AT_RISK, "-expected_amount", _AT_RISK_COLUMNS) if version else None,
        mine=_few(user, _MINE, "", ("name", "segment", "next_order_on")),
        tasks=tasks,
        tasks_open=counts.get("open", 0),
        tasks_overdue=counts.get("overdue", 0),
    )  # fmt: skip


def _few(user: Actor, conditions: AllOf, sort: str, columns: tuple[str, ...]) -> Few | None:
    if not user.may("customer", "view"):
        return None
    needed = (*conditions.fields, *([sort.removeprefix("-")] if sort else []))
    if not all(user.may_read("customer", name) for name in needed):
        return None
    query = ListQuery(conditions, sort=sort or default_sort(user, has_scores=False), columns=columns)
    page = customer_list(user=user, query=query, size=_LINES)
    return Few(page, ListQuery(conditions, sort=sort).address()) if page.lines else None


def _findings(user: Actor) -> list[Finding]:
    """Of every study that has something to say."""
    here = language()
    return [
        Finding(card.study, card.result.grade, sentence)
        for card in study_cards(user=user)
        if card.result and (sentence := card.result.summary.get(here, {}).get("finding"))
    ]


def _start(user: Actor, *, has_run: bool) -> Start:
    return Start(
        has_customers=Customer.objects.exists(),
        has_run=has_run,
        may_import=user.may("import", "create"),
        may_run=user.may("run", "create"),
    )
