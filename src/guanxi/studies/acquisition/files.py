"""Two tables as people keep them, read: what each campaign cost, and whom it won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, SchemaError
from guanxi.intake.cells import Cells, other_currencies, read_dates, read_decimals, read_ids
from guanxi.intake.headers import name_scores
from guanxi.intake.mapping import normal_name
from guanxi.words import Message, currency_digits

__all__ = ["Told", "find_column", "read_acquired", "read_campaigns", "require_known"]

_HEADERS: Mapping[str, Sequence[str]] = MappingProxyType({
    "campaign": (
        "campaign id", "campaign no", "campaign number", "campaign code", "活动编号", "营销活动编号", "活动ID",
        "活动代码", "campaign", "营销活动", "活动", "campaign name", "活动名称",
    ),
    "cost": (
        "cost", "campaign cost", "total cost", "spend", "expense", "expenses", "费用", "活动费用", "总费用", "花费",
        "成本", "投入",
    ),
    "won_on": (
        "won on", "won at", "acquired on", "acquired at", "acquisition date", "获客日期", "获客时间", "获得日期",
    ),
})  # fmt: skip
"""What columns are called, the more exact name first; customers' columns are known from order files."""
_SURE = 0.8
_NAMED = 5
_MOST = 2**63 - 1


@dataclass(frozen=True)
class Told:
    """What a file says, and how it was read.

    Attributes
    ----------
    table : what it says
    notes : a sentence a column: what it was taken for, and its first value as it was read
    """

    table: pa.Table
    notes: tuple[Message, ...]


def find_column(table: pa.Table, role: str, *, file: str, asked: str | None = None) -> str | None:
    """The column of a role: the one that was asked for, else the one whose name is known for it, else None.

    Parameters
    ----------
    table : any
    role : campaign, cost, customer or won_on
    file : the table's name, for errors
    asked : name of the column

    Raises
    ------
    SchemaError : there is no column of the name that was asked for.

    Examples
    --------
    >>> table = pa.table({"会员号": ["1"], "Campaign": ["a"], "Campaign No": ["7"]})
    >>> find_column(table, "campaign", file="a.csv"), find_column(table, "customer", file="a.csv")
    ('Campaign No', '会员号')
    """
    names = table.column_names
    if asked is not None:
        if asked not in names:
            raise SchemaError("errors.no_such_column", table=file, column=asked, columns=names)
        return asked
    if role == "customer":
        scores = {name: name_scores(name, "orders").get("customer_id", 0.0) for name in names}
        best = max(scores, key=lambda name: scores[name], default="")
        return best if scores.get(best, 0.0) >= _SURE else None
    there = {normal_name(name): name for name in reversed(names)}
    return next((there[key] for key in map(normal_name, _HEADERS[role]) if key in there), None)


def read_campaigns(
    table: pa.Table, *, file: str, currency: str, campaign: str | None = None, cost: str | None = None
) -> Told:
    """What each campaign cost.

    Parameters
    ----------
    table : one row a campaign; every column text, as the file has it
    file : its name, for errors
    currency : ISO 4217, of the costs
    campaign, cost : the columns; by default those whose names are known

    Returns
    -------
    the table, one row a campaign in the order given: campaign_id (string, key), cost (int64, minor units; a finer
        fraction is rounded half to even, as all money is); and how it was read

    Raises
    ------
    SchemaError : a column is missing or cannot be told.
    DataError : there is no row, a value is empty, a cost is no number, a percentage, negative, in another currency, or
        more than 64 bits hold, a campaign stands in two rows; names up to five.

    Examples
    --------
    >>> table = pa.table({"campaign": ["spring", "fair"], "cost": ["1,234.50", "￥80"]})
    >>> read_campaigns(table, file="campaigns.csv", currency="CNY").table.to_pylist()
    [{'campaign_id': 'spring', 'cost': 123450}, {'campaign_id': 'fair', 'cost': 8000}]
    """
    names, note = _filled(table, "campaign", "--campaign", file, campaign)
    column = _column(table, "cost", "--cost", file, cost)
    found = read_decimals(table[column])
    texts = table[column].to_pylist()
    wrong = {"file": file, "column": column}
    _refuse(found.unreadable, "acquisition.no_number", **wrong)
    _refuse([text for text in texts if text and _is_percent(text)], "acquisition.no_number", **wrong)
    _refuse(other_currencies(table[column], currency), "acquisition.other_currency", currency=currency, **wrong)
    if found.values.null_count:
        raise DataError("errors.empty_values", table=file, column=column, rows=found.values.null_count)
    _refuse(names.filter(pc.less(found.values, Decimal(0))).to_pylist(), "acquisition.negative_cost", file=file)
    _refuse(_repeated(names), "acquisition.campaign_twice", file=file)
    digits = currency_digits(currency)
    minor = [int(each.scaleb(digits).to_integral_value(ROUND_HALF_EVEN)) for each in found.values.to_pylist()]
    too_large = [text for text, each in zip(texts, minor, strict=True) if each > _MOST]
    _refuse(too_large, "acquisition.no_number", **wrong)
    read = f"{found.values[0].as_py().normalize():f} {currency}"
    costs = pa.table({"campaign_id": names, "cost": pa.array(minor, pa.int64())}).combine_chunks()
    return Told(costs, (note, _read_as("cost", file, column, texts[0], read)))


def read_acquired(
    table: pa.Table, *, file: str, customer: str | None = None, campaign: str | None = None, won_on: str | None = None
) -> Told:
    """Which campaign won which customer, and when, if that is written down.

    Parameters
    ----------
    table : one row a customer who was won; every column text, as the file has it
    file : its name, for errors
    customer, campaign, won_on : the columns; by default those whose names are known. Without a date, a customer was won
        on the day of his first purchase

    Returns
    -------
    the table, one row a customer, by customer_id: customer_id, campaign_id (strings), won_on (date32, null where
        unknown); and how it was read

    Raises
    ------
    SchemaError : a column is missing or cannot be told.
    DataError : there is no row, a customer or campaign is empty, a value is no date, a customer was won by two
        campaigns; names up to five.

    Notes
    -----
    A customer who stands there twice with the same campaign was won on the earlier date. Customers are written as in an
    order file (`guanxi.intake.parse.id_sql`). O(rows log rows).

    Examples
    --------
    >>> table = pa.table({"customer_id": ["bo", "ada", "bo"], "campaign": ["fair", "spring", "fair"]})
    >>> read_acquired(table, file="won.csv").table.select(["customer_id", "campaign_id"]).to_pylist()
    [{'customer_id': 'ada', 'campaign_id': 'spring'}, {'customer_id': 'bo', 'campaign_id': 'fair'}]
    """
    customers, of_customer = _filled(table, "customer", "--customer", file, customer)
    campaigns, of_campaign = _filled(table, "campaign", "--won-by", file, campaign)
    dates = pa.chunked_array([pa.nulls(table.num_rows, pa.date32())])
    of_date = [Message("acquisition.no_dates", {"file": file})]
    if (column := find_column(table, "won_on", file=file, asked=won_on)) is not None:
        found = read_dates(table[column])
        _refuse(found.unreadable, "acquisition.no_date", file=file, column=column)
        dates = found.values.cast(pa.date32())
        of_date = _dates_read_as(file, column, table[column], dates, found)
    rows = pa.table({"customer_id": customers, "campaign_id": campaigns, "won_on": dates})
    pairs = rows.group_by(["customer_id", "campaign_id"]).aggregate([("won_on", "min")])
    pairs = pairs.rename_columns(["customer_id", "campaign_id", "won_on"]).sort_by("customer_id").combine_chunks()
    _refuse(_repeated(pairs["customer_id"]), "acquisition.won_twice", file=file)
    return Told(pairs, (of_customer, of_campaign, *of_date))


def require_known(campaigns: pa.Table, acquired: pa.Table, *, campaigns_file: str, acquired_file: str) -> None:
    """`DataError`, naming up to five, where customers were won by campaigns whose cost nobody said."""
    names = pc.unique(acquired["campaign_id"])
    unknown = names.filter(pc.invert(pc.is_in(names, campaigns["campaign_id"].combine_chunks()))).to_pylist()
    _refuse(sorted(unknown), "acquisition.unknown_campaign", file=acquired_file, campaigns=campaigns_file)


def _column(table: pa.Table, role: str, option: str, file: str, asked: str | None) -> str:
    found = find_column(table, role, file=file, asked=asked)
    if found is None:
        raise SchemaError(
            "acquisition.which_column", file=file, what=f"acquisition.role_{role}", option=option,
            columns=table.column_names,
        )  # fmt: skip
    return found


def _filled(table: pa.Table, role: str, option: str, file: str, asked: str | None) -> tuple[pa.ChunkedArray, Message]:
    """The names in a column, none of which is empty, and how they were read."""
    column = _column(table, role, option, file, asked)
    if not table.num_rows:
        raise DataError("acquisition.no_rows", file=file)
    names = read_ids(table[column])
    if names.null_count:
        raise DataError("errors.empty_values", table=file, column=column, rows=names.null_count)
    return names, _read_as(role, file, column, table[column][0].as_py(), names[0].as_py())


def _read_as(role: str, file: str, column: str, written: str, read: str) -> Message:
    return Message(
        "acquisition.read_as",
        {"file": file, "column": column, "what": f"acquisition.role_{role}", "written": written, "read": read},
    )


def _dates_read_as(
    file: str, column: str, texts: pa.ChunkedArray, dates: pa.ChunkedArray, found: Cells
) -> list[Message]:
    """How dates were read, by the first that is there, and which of day and month was taken to stand first."""
    there = pc.is_valid(dates)
    if not pc.any(there).as_py():
        return [Message("acquisition.no_dates", {"file": file})]
    written, read = texts.filter(there)[0].as_py(), dates.filter(there)[0].as_py()
    said = _read_as("won_on", file, column, written, read.isoformat())
    if found.note is None:
        return [said]
    words = {"file": file, "column": column, "order": f"acquisition.order_{found.order}", "note": found.note}
    return [said, Message("acquisition.day_or_month", words)]


def _is_percent(text: str) -> bool:
    return "%" in text or "％" in text


def _repeated(names: pa.ChunkedArray) -> list[str]:
    counts = pc.value_counts(names)
    found: list[str] = counts.field("values").filter(pc.greater(counts.field("counts"), 1)).to_pylist()
    return sorted(found)


def _refuse(wrong: list[str], code: str, **parameters: object) -> None:
    if wrong:
        named = list(dict.fromkeys(wrong))[:_NAMED]
        raise DataError(code, rows=len(wrong), values=named, **parameters)
