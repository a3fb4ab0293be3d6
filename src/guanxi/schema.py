"""The canonical tables: what the rest of Guanxi may rely on, whatever the sources looked like.

Each table states its grain, its key and its columns; each column its type, its unit, whether it may be empty,
whether it is personal data, and its meaning in Chinese and English (`meaning`, from ``words/schema.toml``).
Conventions that hold everywhere:

- ``*_at`` is an instant, UTC without zone, microseconds. ``*_on`` is a date in the company's time zone.
- Money is ``int64`` in minor units (cents, fen) beside a ``currency`` (ISO 4217). Unit prices are exact decimals.
- ``*_share`` and ``*_probability`` are in 0 … 1. ``*_days`` are days.
- ``delivery_id`` and ``source_row`` say where a row came from: the delivery, and the record in it, from 1.

Examples
--------
>>> ORDER_LINES.key
('source', 'order_id', 'line_no')
>>> ORDER_LINES.column("amount").unit
'minor units'
>>> TABLES["scores"].grain
'one customer × study × score name × as_of × snapshot'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

from guanxi.errors import SchemaError
from guanxi.words import say

__all__ = [
    "CUSTOMERS",
    "CUSTOMERS_SAID",
    "HIDDEN_LINES",
    "IDENTIFIERS_SAID",
    "ORDERS",
    "ORDER_LINES",
    "PRODUCTS",
    "PRODUCTS_SAID",
    "REASONS",
    "REJECTS",
    "SCORES",
    "SEGMENT_MEMBERS",
    "TABLES",
    "VERSION",
    "Column",
    "Table",
    "require_columns",
]

VERSION = 2
"""Version of the schema, kept in every warehouse; an older one is read as it is, and upgraded before it is written."""

QUANTITY = pa.decimal128(18, 4)
UNIT_PRICE = pa.decimal128(18, 6)
INSTANT = pa.timestamp("us")
REASONS = pa.list_(
    pa.struct([("code", pa.string()), ("value", pa.float64()), ("effect", pa.float64())]),
)
"""Why a score is what it is, strongest first: ``code`` of `guanxi.words`, the customer's value, its effect."""


@dataclass(frozen=True)
class Column:
    """One column of a canonical table."""

    name: str
    type: pa.DataType
    unit: str = ""
    required: bool = False
    personal: bool = False
    """Identifies a person, alone or together; masked, encrypted and erased by the rules for personal data."""


@dataclass(frozen=True)
class Table:
    """One canonical table."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name; `SchemaError` names the nearest one where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError("errors.no_such_column", table=self.name, column=name, columns=self.names)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def arrow(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, nullable=not c.required) for c in self.columns])

    def meaning(self, column: str, language: str) -> str:
        """What a column holds, in words."""
        return say(f"schema.{self.column(column).name}", language)

    def empty(self) -> pa.Table:
        return self.arrow.empty_table()


def require_columns(table: pa.Table, columns: Mapping[str, pa.DataType], *, of: str) -> None:
    """Raise `SchemaError` unless ``table`` has ``columns``, naming what is missing and what is there."""
    for name, expected in columns.items():
        if name not in table.column_names:
            raise SchemaError("errors.no_such_column", table=of, column=name, columns=table.column_names)
        found = table.schema.field(name).type
        if found != expected:
            raise SchemaError("errors.wrong_type", table=of, column=name, expected=str(expected), found=str(found))


def _table(name: str, grain: str, key: str, *columns: Column) -> Table:
    return Table(name, grain, tuple(key.split()), columns)


def _text(name: str, *, required: bool = False, personal: bool = False, unit: str = "") -> Column:
    return Column(name, pa.string(), unit, required, personal)


def _money(name: str, *, required: bool = False) -> Column:
    return Column(name, pa.int64(), "minor units", required)


def _at(name: str, *, required: bool = False) -> Column:
    return Column(name, INSTANT, "UTC", required)


def _on(name: str, *, required: bool = False, personal: bool = False) -> Column:
    return Column(name, pa.date32(), "company's calendar", required, personal)


def _count(name: str, *, required: bool = False, unit: str = "") -> Column:
    return Column(name, pa.int64(), unit, required)


def _real(name: str, unit: str = "", *, required: bool = False) -> Column:
    return Column(name, pa.float64(), unit, required)


_SOURCE = _text("source", required=True)
_CUSTOMER = _text("customer_id", personal=True)
_CUSTOMER_KEY = _text("customer_id", required=True, personal=True)
_CURRENCY = _text("currency", required=True, unit="ISO 4217")
_ORIGIN = (_count("delivery_id", required=True), _count("source_row", required=True, unit="record of the file, from 1"))

_SAID_BY = _text("said_by", required=True, unit="file or lines")
_CUSTOMER_COLUMNS = (
    _CUSTOMER_KEY, _text("kind"), _text("name", personal=True), _text("gender", personal=True),
    _on("born_on", personal=True), _text("country", unit="ISO 3166-1 alpha-2 where known"), _text("region"),
    _text("city"), _text("postal_code", personal=True), _text("language"), _text("level"), _on("joined_on"),
)  # fmt: skip
CUSTOMERS = _table(
    "customers", "one person or organisation that appears anywhere", "customer_id", *_CUSTOMER_COLUMNS, *_ORIGIN
)
CUSTOMERS_SAID = _table(
    "customers_said", "what one delivery says of one customer; `customers` is their sum", "customer_id delivery_id",
    *_CUSTOMER_COLUMNS, _SAID_BY, *_ORIGIN,
)  # fmt: skip
_IDENTIFIER_COLUMNS = (
    _SOURCE, _text("kind", required=True), _text("value", required=True, personal=True), _CUSTOMER_KEY,
)  # fmt: skip
IDENTIFIERS = _table(
    "identifiers", "one contact point or id in a source", "source kind value customer_id",
    *_IDENTIFIER_COLUMNS, *_ORIGIN,
)  # fmt: skip
IDENTIFIERS_SAID = _table(
    "identifiers_said", "one contact point or id in one delivery", "source kind value customer_id delivery_id",
    *_IDENTIFIER_COLUMNS, _SAID_BY, *_ORIGIN,
)  # fmt: skip
ACCOUNTS = _table(
    "accounts", "one account, contract or policy", "account_id",
    _text("account_id", required=True, personal=True), _text("kind"), _text("product_id"), _on("opened_on"),
    _on("closed_on"), _text("currency", unit="ISO 4217"), *_ORIGIN,
)  # fmt: skip
HOLDINGS = _table(
    "holdings", "one customer × account", "customer_id account_id",
    _CUSTOMER_KEY, _text("account_id", required=True, personal=True), _text("role"), _on("since_on"),
    _on("until_on"), *_ORIGIN,
)  # fmt: skip
HOUSEHOLDS = _table(
    "households", "one customer × household", "household_id customer_id",
    _text("household_id", required=True), _CUSTOMER_KEY, _text("role"), *_ORIGIN,
)  # fmt: skip
PRODUCTS = _table(
    "products", "one product or service that appears anywhere", "product_id",
    _text("product_id", required=True), _text("description"), _text("category"),
    _text("item_kind", required=True), Column("unit_cost", UNIT_PRICE, "currency"),
    _text("currency", unit="ISO 4217"), *_ORIGIN,
)  # fmt: skip
PRODUCTS_SAID = _table(
    "products_said", "what one delivery says of one product; `products` is their sum", "product_id delivery_id",
    _text("product_id", required=True), _text("description"), _text("category"), _text("item_kind"),
    Column("unit_cost", UNIT_PRICE, "currency"), _text("currency", unit="ISO 4217"), _SAID_BY, *_ORIGIN,
)  # fmt: skip
ORDERS = _table(
    "orders", "one order, cancellation or credit note of one customer on one day; test lines left out",
    "source order_id customer_id ordered_on",
    _SOURCE, _text("order_id", required=True), _CUSTOMER, _at("ordered_at", required=True),
    _on("ordered_on", required=True), _count("ordered_hour", unit="0 … 23, empty where the source has dates only"),
    _count("lines", required=True), _count("sale_lines", required=True),
    Column("items", QUANTITY, "pieces", required=True), _money("amount", required=True),
    _money("returns_amount", required=True), _CURRENCY, _text("country"), _text("channel"),
    _count("delivery_id", required=True),
)  # fmt: skip
_LINE_COLUMNS = (
    _SOURCE, _text("order_id", required=True), _count("line_no", required=True), _CUSTOMER, _text("product_id"),
    _text("description"), _text("category"), _at("ordered_at", required=True), _on("ordered_on", required=True),
    _count("ordered_hour", unit="0 … 23, empty where the source has dates only"),
    Column("quantity", QUANTITY, "pieces or the source's unit", required=True),
    Column("unit_price", UNIT_PRICE, "currency"), _money("amount", required=True), _money("cost"), _CURRENCY,
    _text("country"), _text("channel"), _text("line_kind", required=True), _text("item_kind", required=True),
    _text("cancels_order_id"), Column("is_repeat", pa.bool_(), required=True), *_ORIGIN,
    _count("given_line_no"),
)  # fmt: skip
ORDER_LINES = _table(
    "order_lines", "one line of an order; a return is negative", "source order_id line_no", *_LINE_COLUMNS
)
HIDDEN_LINES = _table(
    "hidden_lines", "one delivered line that does not count, because another delivery says the same or something newer",
    "delivery_id source_row",
    *_LINE_COLUMNS, _text("hidden_because", required=True, unit="known or superseded"),
    _count("hidden_by", required=True),
)  # fmt: skip
INTERACTIONS = _table(
    "interactions", "one touch: a call, visit, message, page view", "source interaction_id",
    _SOURCE, _text("interaction_id", required=True), _CUSTOMER, _at("happened_at", required=True),
    _on("happened_on", required=True), _text("channel", required=True), _text("kind", required=True),
    _text("direction"), _real("duration_seconds", "seconds"), _money("cost"), _text("currency"), *_ORIGIN,
)  # fmt: skip
CAMPAIGNS = _table(
    "campaigns", "one campaign", "campaign_id",
    _text("campaign_id", required=True), _text("name"), _text("goal"), _at("starts_at"), _at("ends_at"),
    _money("cost"), _text("currency"), *_ORIGIN,
)  # fmt: skip
TREATMENTS = _table(
    "treatments", "one customer × campaign, the control group included", "campaign_id customer_id",
    _text("campaign_id", required=True), _CUSTOMER_KEY, _text("arm", required=True),
    Column("is_control", pa.bool_(), required=True), _text("channel"), _at("treated_at"), _money("cost"), *_ORIGIN,
)  # fmt: skip
RESPONSES = _table(
    "responses", "one response of a customer to a campaign", "campaign_id customer_id kind responded_at",
    _text("campaign_id", required=True), _CUSTOMER_KEY, _text("kind", required=True),
    _at("responded_at", required=True), _money("amount"), _text("currency"), *_ORIGIN,
)  # fmt: skip
OFFERS = _table(
    "offers", "one offer to a customer", "offer_id",
    _text("offer_id", required=True), _CUSTOMER_KEY, _text("product_id"), _text("campaign_id"),
    _at("offered_at", required=True), _at("expires_at"), _text("outcome"), _at("decided_at"), _money("amount"),
    _text("currency"), *_ORIGIN,
)  # fmt: skip
CASES = _table(
    "cases", "one consultation, complaint or suggestion", "case_id",
    _text("case_id", required=True), _CUSTOMER, _text("kind", required=True), _text("cause"), _text("priority"),
    _text("channel"), _at("opened_at", required=True), _at("answered_at"), _at("closed_at"), _text("outcome"),
    *_ORIGIN,
)  # fmt: skip
ANSWERS = _table(
    "answers", "one survey item answered", "response_id item",
    _text("survey_id", required=True), _text("response_id", required=True), _CUSTOMER, _text("item", required=True),
    _real("value"), _text("text", personal=True), _at("answered_at", required=True), *_ORIGIN,
)  # fmt: skip
TEXTS = _table(
    "texts", "one review, message, call transcript or post", "source text_id",
    _SOURCE, _text("text_id", required=True), _CUSTOMER, _text("product_id"), _text("kind", required=True),
    _text("language"), _text("text", required=True, personal=True), _at("written_at", required=True), _real("rating"),
    *_ORIGIN,
)  # fmt: skip
POINTS = _table(
    "points", "one entry of the points ledger; append-only", "entry_id",
    _text("entry_id", required=True), _CUSTOMER_KEY, _text("lot_id", required=True), _text("kind", required=True),
    _count("points", required=True, unit="points, spent and expired ones negative"),
    _at("booked_at", required=True), _at("expires_at"), _text("order_id"), *_ORIGIN,
)  # fmt: skip
BALANCES = _table(
    "balances", "one account × day", "account_id balance_on",
    _text("account_id", required=True, personal=True), _on("balance_on", required=True),
    _money("balance", required=True), _CURRENCY, *_ORIGIN,
)  # fmt: skip
SEGMENT_MEMBERS = _table(
    "segment_members", "one customer × segmentation × as_of × snapshot", "customer_id segmentation as_of snapshot_id",
    _CUSTOMER_KEY, _text("segmentation", required=True), _text("segment", required=True), _on("as_of", required=True),
    _count("snapshot_id", required=True),
)  # fmt: skip
SCORES = _table(
    "scores", "one customer × study × score name × as_of × snapshot", "customer_id study score as_of snapshot_id",
    _CUSTOMER_KEY, _text("study", required=True), _text("score", required=True), _on("as_of", required=True),
    _count("snapshot_id", required=True), _real("value"), _real("low", "80 % interval unless said"),
    _real("high", "80 % interval unless said"), Column("reasons", REASONS, "strongest first"),
)  # fmt: skip
REJECTS = _table(
    "rejects", "one problem of one record that was set aside", "delivery_id line column reason",
    _count("delivery_id", required=True), _text("file", required=True), _count("line", unit="line of the file, from 1"),
    _text("column"), _text("value", personal=True), _text("reason", required=True, unit="code of guanxi.words"),
    _text("record", personal=True, unit="the whole record as JSON"),
)  # fmt: skip

TABLES: Mapping[str, Table] = MappingProxyType({
    table.name: table
    for table in (
        CUSTOMERS, IDENTIFIERS, ACCOUNTS, HOLDINGS, HOUSEHOLDS, PRODUCTS, ORDERS, ORDER_LINES, INTERACTIONS, CAMPAIGNS,
        TREATMENTS, RESPONSES, OFFERS, CASES, ANSWERS, TEXTS, POINTS, BALANCES, SEGMENT_MEMBERS, SCORES, REJECTS,
        HIDDEN_LINES, CUSTOMERS_SAID, PRODUCTS_SAID, IDENTIFIERS_SAID,
    )
})  # fmt: skip
