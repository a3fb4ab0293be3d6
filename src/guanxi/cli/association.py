"""Mining baskets of a file, without a warehouse: itemsets, rules, what differs, sequences."""

from __future__ import annotations

import codecs
import json
import tempfile
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import typer

from guanxi.cli.options import SPOKEN, Lang, start
from guanxi.cli.show import Printer
from guanxi.errors import SettingError
from guanxi.intake.baskets import BasketFile, read_baskets, read_purchases, read_taxonomy
from guanxi.mining.association import (
    Itemsets,
    contrast_sets,
    frequent_itemsets,
    frequent_sequences,
    hold_out,
    more_than_expected,
    rules,
    split_baskets,
    what_follows,
)
from guanxi.words import say

__all__ = ["add_to"]

_ENDINGS = (".parquet", ".csv")
_ALPHA = 0.05


class Format(StrEnum):
    """How baskets stand in a file."""

    long = "long"
    basket = "basket"
    wide = "wide"


class Kind(StrEnum):
    """Which frequent sets are wanted."""

    all = "all"
    closed = "closed"
    maximal = "maximal"


def _help(name: str) -> str:
    return say(f"baskets.help_{name}", SPOKEN)


def _support(text: str) -> int | float:
    """A share where it is written with a point, a number where it is not."""
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise typer.BadParameter(say("baskets.share_or_count", SPOKEN, value=text)) from None


def _writable(path: Path) -> Path:
    if path.suffix.lower() not in _ENDINGS:
        raise SettingError("baskets.ending", path=str(path))
    return path


File = Annotated[Path, typer.Argument(help=_help("file"), metavar="FILE", show_default=False)]
Out = Annotated[Path, typer.Option(help=_help("out"), metavar="F", dir_okay=False)]
Support = Annotated[float, typer.Option(help=_help("min_support"), parser=_support, metavar="S", show_default=False)]
FormatName = Annotated[Format, typer.Option("--format", help=_help("format"))]
Transaction = Annotated[list[str] | None, typer.Option(help=_help("transaction"), metavar="COLUMN", show_default=False)]
Item = Annotated[list[str] | None, typer.Option(help=_help("item"), metavar="COLUMN", show_default=False)]
Separator = Annotated[str | None, typer.Option(help=_help("separator"), metavar="TEXT")]
Traits = Annotated[bool, typer.Option("--traits", help=_help("traits"))]
TaxonomyFile = Annotated[Path | None, typer.Option(help=_help("taxonomy"), metavar="FILE", show_default=False)]
MaxLength = Annotated[int | None, typer.Option(help=_help("max_length"), min=1, metavar="N")]


def add_to(app: typer.Typer) -> None:
    """Give an application these commands."""
    for name, command in (
        ("itemsets", _itemsets),
        ("rules", _rules),
        ("contrast", _contrast),
        ("sequences", _sequences),
    ):
        app.command(name, help=_help(name))(command)


def _itemsets(
    file: File,
    min_support: Support,
    out: Out,
    format_: FormatName = Format.long,
    kind: Annotated[Kind, typer.Option(help=_help("kind"))] = Kind.all,
    max_length: MaxLength = None,
    top_k: Annotated[int | None, typer.Option(help=_help("top_k"), min=1, metavar="K")] = None,
    taxonomy: TaxonomyFile = None,
    min_ratio: Annotated[float | None, typer.Option(help=_help("min_ratio"), min=0.0, metavar="R")] = None,
    transaction: Transaction = None,
    item: Item = None,
    separator: Separator = None,
    traits: Traits = False,
    lang: Lang = SPOKEN,
) -> None:
    _writable(out)
    printer, _ = start(lang)
    groups = _taxonomy(printer, taxonomy)
    if min_ratio is not None and groups is None:
        raise SettingError("baskets.only_with", option="--min-ratio", other="--taxonomy")
    table = _baskets(printer, file, format_, transaction, item, separator, traits).table
    found = frequent_itemsets(
        table, min_support=min_support, kind=kind, max_length=max_length, top_k=top_k, taxonomy=groups
    )
    if min_ratio is not None and groups is not None:
        rows = _write([more_than_expected(found, groups, ratio=min_ratio)], out)
    else:
        rows = _write(found.tables() if len(found) else [found.to_table()], out)
    _messages(printer, found)
    printer.say("baskets.done_itemsets", rows=rows, baskets=found.baskets, least=found.min_count, path=str(out))


def _rules(
    file: File,
    min_support: Support,
    out: Out,
    min_confidence: Annotated[float, typer.Option(help=_help("min_confidence"), min=0.0, max=1.0)] = 0.5,
    max_consequent: Annotated[int, typer.Option(help=_help("max_consequent"), min=1)] = 1,
    target: Annotated[list[str] | None, typer.Option(help=_help("target"), metavar="ITEM", show_default=False)] = None,
    min_improvement: Annotated[
        float | None, typer.Option(help=_help("min_improvement"), min=-1.0, max=1.0, metavar="I")
    ] = None,
    max_length: MaxLength = None,
    taxonomy: TaxonomyFile = None,
    held_out: Annotated[
        float | None, typer.Option("--hold-out", help=_help("hold_out"), metavar="SHARE", show_default=False)
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help=_help("alpha"), min=0.0, max=1.0, show_default=str(_ALPHA))
    ] = None,
    seed: Annotated[int | None, typer.Option(help=_help("seed"), min=0, show_default="0")] = None,
    format_: FormatName = Format.long,
    transaction: Transaction = None,
    item: Item = None,
    separator: Separator = None,
    traits: Traits = False,
    lang: Lang = SPOKEN,
) -> None:
    _writable(out)
    printer, _ = start(lang)
    for option, given in (("--alpha", alpha), ("--seed", seed)):
        if given is not None and held_out is None:
            raise SettingError("baskets.only_with", option=option, other="--hold-out")
    groups = _taxonomy(printer, taxonomy)
    table = _baskets(printer, file, format_, transaction, item, separator, traits).table
    held = table.slice(0, 0)
    if held_out is not None:
        table, held = split_baskets(table, share=held_out, seed=seed or 0)
    found = frequent_itemsets(table, min_support=min_support, max_length=max_length, taxonomy=groups)
    told = rules(
        found,
        min_confidence=min_confidence,
        max_consequent=max_consequent,
        min_improvement=min_improvement,
        target=target or None,
    )
    if held_out is not None:
        told = hold_out(told, held, alpha=_ALPHA if alpha is None else alpha, taxonomy=groups)
    rows = _write([told], out)
    _messages(printer, found)
    if held_out is None:
        printer.say("baskets.done_rules", rows=rows, baskets=found.baskets, path=str(out))
        return
    stand, others = pc.sum(told["stands"]).as_py() or 0, len(held["transaction"].unique())
    printer.say("baskets.done_held_out", rows=rows, explored=found.baskets, held=others, stand=stand, path=str(out))


def _contrast(
    first: Annotated[Path, typer.Argument(help=_help("first"), metavar="FIRST", show_default=False)],
    second: Annotated[Path, typer.Argument(help=_help("second"), metavar="SECOND", show_default=False)],
    min_support: Support,
    out: Out,
    max_length: Annotated[int, typer.Option(help=_help("max_length"), min=1, metavar="N")] = 3,
    min_difference: Annotated[float, typer.Option(help=_help("min_difference"), min=0.0, max=1.0)] = 0.0,
    max_q: Annotated[float, typer.Option(help=_help("max_q"), min=0.0, max=1.0)] = 1.0,
    min_gain: Annotated[float | None, typer.Option(help=_help("min_gain"), metavar="G")] = None,
    format_: FormatName = Format.long,
    transaction: Transaction = None,
    item: Item = None,
    separator: Separator = None,
    traits: Traits = False,
    lang: Lang = SPOKEN,
) -> None:
    _writable(out)
    printer, _ = start(lang)
    before, after = (
        _baskets(printer, file, format_, transaction, item, separator, traits).table for file in (first, second)
    )
    told = contrast_sets(
        before,
        after,
        min_support=min_support,
        max_length=max_length,
        min_difference=min_difference,
        max_q=max_q,
        min_gain=min_gain,
    )
    rows = _write([told], out)
    counts = {name: len(table["transaction"].unique()) for name, table in (("first", before), ("second", after))}
    printer.say("baskets.done_contrast", rows=rows, **counts, path=str(out))


def _sequences(
    file: Annotated[Path, typer.Argument(help=_help("purchases"), metavar="FILE", show_default=False)],
    min_support: Annotated[
        float, typer.Option(help=_help("min_support_customers"), parser=_support, metavar="S", show_default=False)
    ],
    out: Out,
    max_gap_days: Annotated[int | None, typer.Option(help=_help("max_gap_days"), min=1, metavar="DAYS")] = None,
    max_length: MaxLength = None,
    follows: Annotated[bool, typer.Option("--follows", help=_help("follows"))] = False,
    min_confidence: Annotated[float, typer.Option(help=_help("min_confidence"), min=0.0, max=1.0)] = 0.0,
    customer: Annotated[str | None, typer.Option(help=_help("customer"), metavar="COLUMN")] = None,
    date: Annotated[str | None, typer.Option(help=_help("date"), metavar="COLUMN")] = None,
    item: Annotated[str | None, typer.Option(help=_help("sequence_item"), metavar="COLUMN")] = None,
    lang: Lang = SPOKEN,
) -> None:
    _writable(out)
    printer, _ = start(lang)
    with tempfile.TemporaryDirectory(prefix="guanxi-") as scratch:
        read = read_purchases(file, into=Path(scratch), customer=customer, date=date, item=item)
    found = frequent_sequences(read.table, min_support=min_support, max_gap_days=max_gap_days, max_length=max_length)
    told = what_follows(found, min_confidence=min_confidence) if follows else found.to_table()
    rows = _write([told], out)
    for message in (*read.notes, *found.messages):
        printer.line("• " + message.say(printer.language))
    printer.say("baskets.done_sequences", rows=rows, customers=found.customers, path=str(out))


def _taxonomy(printer: Printer, file: Path | None) -> pa.Table | None:
    if file is None:
        return None
    with tempfile.TemporaryDirectory(prefix="guanxi-") as scratch:
        read = read_taxonomy(file, into=Path(scratch))
    for note in read.notes:
        printer.line("• " + note.say(printer.language))
    return read.table


def _baskets(
    printer: Printer, file: Path, format_: Format, transaction: list[str] | None, item: list[str] | None,
    separator: str | None, traits: bool,
) -> BasketFile:  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="guanxi-") as scratch:
        read = read_baskets(
            file, into=Path(scratch), form=format_.value, transaction=transaction or (), items=item or (),
            separator=separator, traits=traits,
        )  # fmt: skip
    for note in read.notes:
        printer.line("• " + note.say(printer.language))
    return read


def _messages(printer: Printer, found: Itemsets) -> None:
    for message in found.messages:
        printer.line("• " + message.say(printer.language))


def _write(tables: Iterable[pa.Table], path: Path) -> int:
    """Write tables one below the other as one file, which appears when it is complete; returns its rows.

    Lists stay lists in Parquet and become JSON arrays in CSV, which is UTF-8 with a byte order mark, as Excel needs it.
    """
    rows = 0
    with tempfile.TemporaryDirectory(prefix=".guanxi-", dir=path.absolute().parent) as directory:
        scratch = Path(directory) / path.name
        with scratch.open("wb") as file:
            writer: pq.ParquetWriter | pcsv.CSVWriter | None = None
            try:
                for table in tables:
                    text = table if path.suffix.lower() == ".parquet" else _flat(table)
                    writer = writer or _writer(file, path, text.schema)
                    writer.write_table(text)
                    rows += table.num_rows
            finally:
                if writer is not None:
                    writer.close()
        scratch.replace(path)
    return rows


def _writer(file: BinaryIO, path: Path, schema: pa.Schema) -> pq.ParquetWriter | pcsv.CSVWriter:
    if path.suffix.lower() == ".parquet":
        return pq.ParquetWriter(file, schema, compression="zstd")
    file.write(codecs.BOM_UTF8)
    return pcsv.CSVWriter(file, schema, write_options=pcsv.WriteOptions(quoting_style="needed"))


def _flat(table: pa.Table) -> pa.Table:
    """Lists as JSON arrays."""
    for place, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            table = table.set_column(place, field.name, _as_json(table[field.name].combine_chunks()))
    return table


def _as_json(lists: pa.ListArray) -> pa.Array:
    """Each list as a JSON array; each distinct value is written once."""
    inner = lists.flatten()
    if pa.types.is_list(inner.type):
        texts = _as_json(inner)
    else:
        encoded = inner.dictionary_encode()
        words = [json.dumps(value, ensure_ascii=False) for value in encoded.dictionary.to_pylist()]
        texts = pa.array(words, pa.string()).take(encoded.indices)
    lengths = pc.list_value_length(lists).to_numpy()
    offsets = pa.array(np.concatenate(([0], np.cumsum(lengths))), pa.int32())
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, texts), ", ")
    return pc.binary_join_element_wise("[", joined, "]", "")
