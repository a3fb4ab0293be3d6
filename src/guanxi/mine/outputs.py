"""Writing what a run found: tables for machines, sheets for people, the report.

Everything is made in a directory beside the others and moved into place at the end, so that an interrupted run leaves
the files of the run before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from guanxi import __version__
from guanxi.errors import FileError
from guanxi.mine.document import document_of
from guanxi.mine.job import Mined
from guanxi.mine.models import write_models
from guanxi.mine.sheets import inert, major, write_all, write_csv, write_json
from guanxi.progress import Stage
from guanxi.report.document import DataTable, Value
from guanxi.report.page import render, require_library
from guanxi.warehouse.paged import by_part, near, slices
from guanxi.words import Message, Money, currency_digits, say

__all__ = ["CUSTOMER_COLUMNS", "GRADED", "inert", "require_writable", "write_outputs"]

CUSTOMER_COLUMNS: Mapping[str, str] = MappingProxyType({
    column: study
    for study, columns in (
        ("segments", (
            "first_order_at", "last_order_at", "orders", "items", "amount", "returns_amount", "days_since_last_order",
            "mean_days_between_orders", "r", "f", "m", "segment", "value_group", "abc", "reasons", "country", "is_vip",
            "is_silent",
        )),
        ("value", (
            "p_alive", "expected_orders", "expected_orders_low", "expected_orders_high", "expected_amount",
            "expected_amount_low", "expected_amount_high", "next_order_on", "next_order_amount", "lifetime_value",
            "lifetime_value_low", "lifetime_value_high",
        )),
        ("churn", ("churn_probability", "churn_band", "value_at_risk")),
    )
    for column in columns
})  # fmt: skip
"""Columns of ``customers.parquet`` and ``customers.csv`` after customer_id, and the study whose table ``customers`` has
each; those of studies that did not run are left out. Amounts are exact decimals in whole units of the currency."""

GRADED = ("value", "churn")
"""Studies whose grade stands beside their columns, as ``grade_STUDY``."""

_MONEY = (
    "amount", "returns_amount", "expected_amount", "expected_amount_low", "expected_amount_high", "next_order_amount",
    "lifetime_value", "lifetime_value_low", "lifetime_value_high", "value_at_risk",
)  # fmt: skip
_DECIMALS = {
    "mean_days_between_orders": 2, "p_alive": 4, "expected_orders": 2, "expected_orders_low": 2,
    "expected_orders_high": 2, "churn_probability": 4,
}  # fmt: skip
"""Of fractions, in the file for people."""
_ROW_GROUP = 1 << 20
_COUNTED = {"cli.stage_read": "bytes", "cli.stage_fetch": "rows", "cli.stage_load": "rows"}


def require_writable(out: Path) -> None:
    """Raise `FileError` unless results can be written into a directory, or it be made; before any work is done.

    Nothing is left behind, neither the directory nor a file in it. Raises `MissingExtra` where no report can be drawn.
    """
    require_library()
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise FileError("mine.cannot_write", path=str(out), problem=error.strerror or str(error)) from error


def write_outputs(mined: Mined, out: Path, *, language: str) -> list[Path]:
    """Write all files of a run into a directory; returns their paths.

    Parameters
    ----------
    mined : the run
    out : directory, made if it is not there
    language : of the report and of the words in the CSV files

    Raises
    ------
    OSError : the directory cannot be written, or the disk is full; nothing in it has changed then.
    """
    return write_all(out, partial(_write, mined, language))


def _write(mined: Mined, language: str, scratch: Path) -> None:
    with mined.progress.stage("cli.stage_write"):
        if any("customers" in each.tables for each in mined.results):
            customers = customers_table(mined)
            _write_parquet(customers, scratch / "customers.parquet")
            in_words = partial(_customers_in_words, mined=mined, language=language)
            write_csv(map(in_words, slices(customers)), scratch / "customers.csv")
            del customers
        for result in mined.results:
            for name, sheet in result.sheets.items():
                write_csv(_sheet_in_words(sheet, language), scratch / f"{name}.csv")
            for name, table in result.files.items():
                _write_parquet(table, scratch / f"{name}.parquet")
        write_csv(_rejects_in_words(mined.rejects, language), scratch / "rejects.csv")
        if mined.intake is not None:
            quality = [each.quality.as_data() for each in mined.intake.files if each.quality is not None]
            write_json({"files": quality}, scratch / "quality.json")
            mined.intake.mapping.save(scratch / "mapping.yaml", language=language)
        write_models(mined.results, scratch / "models")
        (scratch / "report.html").write_text(render(document_of(mined), language), encoding="utf-8")
    write_json(result_data(mined), scratch / "result.json")


def customers_table(mined: Mined) -> pa.Table:
    """One row per customer with customer_id, `CUSTOMER_COLUMNS`, grades and currency, sorted by customer_id.

    Segments, groups and bands are codes.
    """
    told = {each.study: each.tables["customers"] for each in mined.results if "customers" in each.tables}
    ids = [chunk for table in told.values() for chunk in table["customer_id"].chunks]
    found = pa.table({"customer_id": pc.unique(pa.chunked_array(ids, pa.string()))}).sort_by("customer_id")
    for study, table in told.items():
        found = found.append_column(study, pc.index_in(found["customer_id"], table["customer_id"]))
    return by_part(found, partial(_of_some, told=told, mined=mined))


def _of_some(places: pa.Table, told: Mapping[str, pa.Table], mined: Mined) -> pa.Table:
    """The rows of some customers, of whom it is known where they stand in the table of each study."""
    found = places.select(["customer_id"])
    for study, table in told.items():
        piece, there = near(table, places[study])
        for name in (name for name, owner in CUSTOMER_COLUMNS.items() if owner == study):
            found = found.append_column(name, piece[name].take(there))
    currency = mined.snapshot.settings.currency
    digits = currency_digits(currency)
    for name in _MONEY:
        if name in found.column_names:
            found = _replace(found, name, major(found[name], digits))
    more = {f"grade_{each.study}": each.judgement.grade for each in mined.results
            if each.study in GRADED and each.judgement is not None}  # fmt: skip
    for name, value in {**more, "currency": currency}.items():
        found = found.append_column(name, pa.repeat(pa.scalar(value), found.num_rows))
    ordered = [name for name in CUSTOMER_COLUMNS if name in found.column_names]
    return found.select(["customer_id", *ordered, *more, "currency"]).combine_chunks()


def _write_parquet(table: pa.Table, path: Path) -> None:
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for rows in slices(table, _ROW_GROUP):
            writer.write_table(rows)


def result_data(mined: Mined) -> dict[str, object]:
    """What ``result.json`` holds."""
    intake = mined.intake
    return {
        "guanxi": __version__,
        "snapshot_id": mined.snapshot.data_id,
        "as_of": mined.as_of.isoformat(),
        "parameters": {
            "horizon_days": mined.horizon_days,
            "currency": mined.snapshot.settings.currency,
            "timezone": mined.snapshot.settings.timezone,
        },
        "files": [
            {
                "file": each.staged.file,
                "sha256": each.staged.sha256,
                "source": each.mapping.source,
                "kind": each.mapping.kind,
                "encoding": each.staged.encoding,
                **vars(each.account),
            }
            for each in (intake.files if intake else ())
        ],
        "studies": [each.as_data() for each in mined.results],
        "missing": [message.as_data() for each in mined.results for message in each.missing],
        "movement": None
        if mined.movement is None
        else {
            "before_as_of": mined.movement.before_as_of.isoformat(),
            "moved": mined.movement.moved,
            "new": mined.movement.new,
            "customers": mined.movement.table.to_pylist(),
        },
        "stages": [_stage_data(stage) for stage in mined.progress.stages],
    }


def _stage_data(stage: Stage) -> dict[str, object]:
    """What a stage took, and how many bytes or rows it handled where it counts them."""
    data = stage.as_data()
    done = data.pop("rows")
    unit = _COUNTED.get(stage.code)
    return {**data, unit: done} if unit else data


def _customers_in_words(customers: pa.Table, mined: Mined, language: str) -> pa.Table:
    there = set(customers.column_names)
    named: Mapping[str, str] = {
        "segment": "segments.", "value_group": "segments.group_", "churn_band": "churn.band_",
    }  # fmt: skip
    for name in named.keys() & there:
        customers = _replace(customers, name, _by_code(customers[name], partial(_named, named[name], language)))
    if "reasons" in there:
        reasons = reasons_in_words(customers["reasons"].combine_chunks(), mined.snapshot.settings.currency, language)
        customers = _replace(customers, "reasons", reasons)
    zone = mined.snapshot.settings.timezone
    for name in there & {"first_order_at", "last_order_at"}:
        local = customers[name].cast(pa.timestamp("s"), safe=False)
        local = pc.local_timestamp(pc.assume_timezone(local, "UTC").cast(pa.timestamp("s", zone)))
        customers = _replace(customers, name, pc.strftime(local, format="%Y-%m-%d %H:%M:%S"))
    for name in there & {"is_vip", "is_silent"}:
        customers = _replace(customers, name, customers[name].cast(pa.int8()))
    for name, decimals in _DECIMALS.items():
        if name in there:
            customers = _replace(customers, name, pc.round(customers[name], decimals))
    return customers


def _named(prefix: str, language: str, code: str) -> str:
    return say(f"{prefix}{code}", language)


def reasons_in_words(reasons: pa.ListArray, currency: str, language: str) -> pa.Array:
    """Reasons as one text per row, in the order in which they are listed.

    Notes
    -----
    O(reasons), column by column: a sentence is written once and its number put in by Arrow.
    """
    items = reasons.flatten()
    codes, values = items.field("code"), items.field("value")
    digits = currency_digits(currency)
    texts = pa.nulls(len(items), pa.string())
    for code in pc.unique(codes).to_pylist():
        before, _, after = say(code, language, value="\0").partition("\0")
        number = pc.round(values).cast(pa.int64()).cast(pa.string())
        if code.endswith("amount"):
            number = pc.binary_join_element_wise(major(values, digits).cast(pa.string()), currency, " ")
        sentence = pc.binary_join_element_wise(before, number, after, "")
        texts = pc.if_else(pc.equal(codes, code), sentence, texts)
    lengths = pc.fill_null(pc.list_value_length(reasons), 0).to_numpy()
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    joined = pc.binary_join(
        pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), texts), "; " if language == "en" else "；"
    )
    return pc.if_else(pc.is_valid(reasons), joined, None)


def _sheet_in_words(sheet: DataTable, language: str) -> pa.Table:
    """A table for people as text, money in whole units and shares as fractions, so that a spreadsheet can go on."""
    cells = [[_cell(value, column.kind, language) for value, column in zip(row, sheet.columns, strict=True)]
             for row in sheet.rows]  # fmt: skip
    columns = list(zip(*cells, strict=True)) or [()] * len(sheet.columns)
    return pa.table(
        {column.key: pa.array(values, pa.string()) for column, values in zip(sheet.columns, columns, strict=True)}
    )


def _cell(value: Value, kind: str, language: str) -> str | None:
    if isinstance(value, Message):
        return value.say(language)
    if kind.startswith("money:") and isinstance(value, int | float):
        return str(Money(round(value), kind.removeprefix("money:")).major)
    if isinstance(value, float):
        return f"{value:.4f}"
    return None if value is None else str(value)


def _rejects_in_words(rejects: pa.Table, language: str) -> pa.Table:
    words = _by_code(rejects["reason"], lambda code: Message(code).say(language))
    return rejects.set_column(rejects.column_names.index("reason"), "reason", words).drop_columns(["delivery_id"])


def _by_code(codes: pa.ChunkedArray, word: Callable[[str], str]) -> pa.ChunkedArray:
    """Each code as its word; O(distinct codes) look-ups."""
    encoded = codes.combine_chunks().dictionary_encode()
    words = pa.array([word(code) for code in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([pa.DictionaryArray.from_arrays(encoded.indices, words).cast(pa.string())])


def _replace(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)
