"""What campaigns cost to win customers, what these have brought since, and after how many days it was back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError
from guanxi.mining.lifetime import money
from guanxi.mining.lifetime.likelihood import require_positive
from guanxi.studies.acquisition.curve import payback_curve
from guanxi.studies.base import Account, account_of, study_query
from guanxi.warehouse import Session
from guanxi.words import Message, currency_digits

__all__ = ["NAMED_CUSTOMERS", "Acquisition", "acquisition"]

NAMED_CUSTOMERS = "named_customers"
"""Those who were won, a table of the session while it is asked for what they earned."""
_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount", "no_customer")
_NAMED = 5


@dataclass(frozen=True)
class Acquisition:
    """What campaigns brought as of a date; amounts in minor units.

    Attributes
    ----------
    campaigns : one row a campaign in the order given: campaign_id (string, key); customers (int64, won), buyers (int64,
        of them who have bought since); cost (int64); cost_per_customer (float64, null where nobody was won); net_amount
        (int64, what they bought since, after discounts and returns); margin (float64, of that); return_rate (float64,
        (margin − cost) / cost, null for a campaign that cost nothing); payback_days (int64, the first day since they
        were won by which their margin together had covered the cost, null where it has not; it may have fallen below
        again); followed_days (int64, for so many days the first of them has been seen, null where nobody has). Left out
        are those all of whose customers were won later
    curve : as `payback_curve` has it
    as_of : nothing from this date on is known
    currency : ISO 4217
    margin_rate : the share of the amount that counts as margin where no cost is known
    known_share : of what was sold, before discounts and returns, what is of lines with a known cost; None where nothing
        was sold
    account : what became of every delivered row of the order files
    missing : what the files leave open
    """

    campaigns: pa.Table
    curve: pa.Table
    as_of: dt.date
    currency: str
    margin_rate: float
    known_share: float | None
    account: Account
    missing: tuple[Message, ...]

    @property
    def paid_back(self) -> int:
        """How many campaigns have their cost back as of the date."""
        return int(_sum(self._is_back))

    @property
    def fallen(self) -> Message | None:
        """The sentence that names campaigns whose cost was back once, and is not any more."""
        once = pc.is_valid(self.campaigns["payback_days"])
        names = self.campaigns["campaign_id"].filter(pc.and_not(once, self._is_back))
        return _named("acquisition.note_fallen", names) if len(names) else None

    @property
    def _is_back(self) -> pa.ChunkedArray:
        return pc.greater_equal(self.campaigns["margin"], self.campaigns["cost"].cast(pa.float64()))


def acquisition(
    session: Session,
    campaigns: pa.Table,
    acquired: pa.Table,
    *,
    as_of: dt.date | None = None,
    margin_rate: float = 1.0,
) -> Acquisition:
    """What winning customers cost each campaign, and when it was paid back.

    Parameters
    ----------
    session : an engine bound to a snapshot with orders
    campaigns : table, one row a campaign: campaign_id (string), cost (int64, minor units)
    acquired : table, one row a customer, by customer_id: customer_id, campaign_id (strings), won_on (date32; null: on
        the day of his first purchase), as `guanxi.studies.acquisition.files.read_acquired` reads it
    as_of : nothing from this date on is known; by default the day after the last order
    margin_rate : > 0; the share of the amount that is earned with lines of unknown cost. 1 is all of it: revenue

    Raises
    ------
    SettingError : the rate is not above 0.
    DataError : there is no order line, or none before ``as_of``.
    SchemaError : a column is missing or of another type.

    Notes
    -----
    The cost of a line is what the order file says; else quantity × the cost of a piece in the product file; else it is
    unknown. A discount costs nothing. Returns take their margin back, on the day of the return. What a customer had
    bought before he was won is not the campaign's. Whoever was won on ``as_of`` or later is left out, and with them a
    campaign that has won nobody else: what it cost may not have been spent yet. Two scans of the order lines;
    O(customers × days of purchase).
    """
    require_positive("margin_rate", margin_rate)
    as_of = _as_of(session, as_of)
    currency = session.snapshot.settings.currency
    session.register(NAMED_CUSTOMERS, acquired.select(["customer_id"]))
    known = session.run(study_query("known_customers"))
    acquired = _dated(acquired, known)
    is_later = pc.fill_null(pc.greater_equal(acquired["won_on"], pa.scalar(as_of, pa.date32())), False)
    later, won = acquired.filter(is_later), acquired.filter(pc.invert(is_later))
    is_begun = _is_begun(campaigns, won, later)
    not_begun, campaigns = campaigns["campaign_id"].filter(pc.invert(is_begun)), campaigns.filter(is_begun)
    sold = session.run(study_query("earned_by_day"), {"as_of": as_of})
    earned = _earned(sold, won, margin_rate, currency)
    since = earned.filter(pc.greater_equal(earned["day"], 0))
    found = money.acquisition(campaigns, won.select(["customer_id", "campaign_id"]), since)
    table = _with_sums(found, won, since, _followed(won, as_of))
    total = _sum(since["sold_amount"])
    missing = _missing(table, won, earned, known["customer_id"])
    if later.num_rows:
        missing.append(Message("acquisition.missing_not_yet", {"rows": later.num_rows}))
    if len(not_begun):
        missing.append(_named("acquisition.missing_not_begun", not_begun))
    return Acquisition(
        campaigns=table,
        curve=payback_curve(campaigns, won, since),
        as_of=as_of,
        currency=currency,
        margin_rate=margin_rate,
        known_share=min(max(_sum(since["known_amount"]) / total, 0.0), 1.0) if total else None,
        account=account_of(session, as_of=as_of, rules=_RULES),
        missing=tuple(missing),
    )


def _as_of(session: Session, as_of: dt.date | None) -> dt.date:
    (span,) = session.run(study_query("event_span")).to_pylist()
    first, last = span["first_on"], span["last_on"]
    if first is None:
        raise DataError("errors.no_order_lines")
    date: dt.date = as_of or last + dt.timedelta(days=1)
    if date <= first:
        raise DataError("errors.nothing_before", as_of=date, first=first, last=last)
    return date


def _dated(acquired: pa.Table, known: pa.Table) -> pa.Table:
    """Won on the date that was said, else on the day of the first purchase, whenever that is; null where neither is."""
    first = known["first_on"].take(pc.index_in(acquired["customer_id"], known["customer_id"]))
    return acquired.set_column(
        acquired.column_names.index("won_on"), "won_on", pc.coalesce(acquired["won_on"], first)
    ).combine_chunks()


def _is_begun(campaigns: pa.Table, won: pa.Table, later: pa.Table) -> pa.Array:
    """Of each campaign, whether it has won anybody yet or won nobody at all: else it may not have been paid for yet."""
    names = campaigns["campaign_id"]
    has_won, wins_later = (pc.is_in(names, each["campaign_id"].combine_chunks()) for each in (won, later))
    return pc.or_(has_won, pc.invert(wins_later))


def _earned(sold: pa.Table, won: pa.Table, margin_rate: float, currency: str) -> pa.Table:
    """One row a customer × day: customer_id, day (since he was won), sales, amounts (net, sold, of known cost), margin.

    Of the customers who have been won, and whose day is known: what came back of an unknown earlier purchase has no
    beginning.
    """
    started = won["won_on"].take(pc.index_in(sold["customer_id"], won["customer_id"]))
    sold = sold.append_column("won_on", started).filter(pc.is_valid(started))
    minor = 10 ** currency_digits(currency)
    cost_of_pieces = pc.round(
        pc.multiply(pc.multiply(sold["quantity"], sold["unit_cost"]), minor), round_mode="half_to_even"
    )
    cost = pc.if_else(sold["has_cost"], sold["cost"].cast(pa.float64()), cost_of_pieces)
    amount = sold["amount"].cast(pa.float64())
    margin = pc.coalesce(pc.subtract(amount, cost), pc.multiply(amount, margin_rate))
    day = pc.subtract(sold["ordered_on"].cast(pa.int32()), sold["won_on"].cast(pa.int32())).cast(pa.int64())
    of_sales = pc.if_else(pc.equal(sold["line_kind"], "sale"), sold["amount"], 0)
    rows = pa.table(
        {
            "customer_id": sold["customer_id"],
            "day": day,
            "sales": sold["sales"],
            "net_amount": sold["amount"],
            "sold_amount": of_sales,
            "known_amount": pc.if_else(pc.is_valid(cost), of_sales, 0),
            "margin": margin,
        }
    )
    names = ("sales", "net_amount", "sold_amount", "known_amount", "margin")
    sums = rows.group_by(["customer_id", "day"], use_threads=False).aggregate([(name, "sum") for name in names])
    sums = sums.rename_columns(["customer_id", "day", *names])
    return sums.sort_by([("customer_id", "ascending"), ("day", "ascending")]).combine_chunks()


def _followed(won: pa.Table, as_of: dt.date) -> Mapping[str, int]:
    """By campaign, for how many days the first whom it won has been seen."""
    seen = won.filter(pc.is_valid(won["won_on"]))
    firsts = seen.group_by("campaign_id").aggregate([("won_on", "min")]).to_pylist()
    return {row["campaign_id"]: (as_of - row["won_on_min"]).days for row in firsts}


def _with_sums(found: pa.Table, won: pa.Table, since: pa.Table, followed: Mapping[str, int]) -> pa.Table:
    """What `guanxi.mining.lifetime.money.acquisition` found, with buyers, net amount and days followed."""
    places = pc.index_in(since["customer_id"], won["customer_id"])
    of = won["campaign_id"].take(places)
    names = found["campaign_id"].to_pylist()
    amount = dict.fromkeys(names, 0)
    buyers: dict[str, set[str]] = {name: set() for name in names}
    columns = (of, since["customer_id"], since["sales"], since["net_amount"])
    for campaign, customer, sales, net in zip(*(each.to_pylist() for each in columns), strict=True):
        amount[campaign] += net
        if sales:
            buyers[campaign].add(customer)
    more = {
        "buyers": [len(buyers[name]) for name in names],
        "net_amount": [amount[name] for name in names],
        "followed_days": [followed.get(name) for name in names],
    }
    for name, values in more.items():
        found = found.append_column(name, pa.array(values, pa.int64()))
    return found.select(
        [
            "campaign_id", "customers", "buyers", "cost", "cost_per_customer", "net_amount", "margin", "return_rate",
            "payback_days", "followed_days",
        ]
    )  # fmt: skip


def _missing(table: pa.Table, won: pa.Table, earned: pa.Table, known: pa.ChunkedArray) -> list[Message]:
    """What the files leave open: who never bought, who is unknown, who had bought before, campaigns without anybody."""
    names = won["customer_id"]
    bought = earned.filter(pc.and_(pc.greater(earned["sales"], 0), pc.greater_equal(earned["day"], 0)))["customer_id"]
    before = earned.filter(pc.and_(pc.greater(earned["sales"], 0), pc.less(earned["day"], 0)))["customer_id"]
    is_known = pc.is_in(names, known.combine_chunks())
    silent = pc.and_(is_known, pc.invert(pc.is_in(names, bought.combine_chunks())))
    nobody = pc.equal(table["customers"], 0)
    found = {
        "acquisition.missing_unknown": names.filter(pc.invert(is_known)),
        "acquisition.missing_bought": names.filter(silent),
        "acquisition.missing_earlier": names.filter(pc.is_in(names, before.combine_chunks())),
        "acquisition.missing_customers": table["campaign_id"].filter(nobody),
    }
    return [_named(code, who) for code, who in found.items() if len(who)]


def _named(code: str, names: pa.ChunkedArray) -> Message:
    """How many, and up to five of them by name."""
    return Message(code, {"rows": len(names), "values": names.slice(0, _NAMED).to_pylist()})


def _sum(values: pa.ChunkedArray) -> int:
    return int(pc.sum(values).as_py() or 0)
