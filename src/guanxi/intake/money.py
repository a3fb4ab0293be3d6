"""Which currency a company's files are in, where nobody said it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
from babel.numbers import get_territory_currencies, list_currencies

from guanxi.intake.countries import country_code
from guanxi.intake.mapping import FileMapping
from guanxi.words import Message

__all__ = ["SIGNS", "find_currency"]

SIGNS = {
    "¥": "CNY", "￥": "CNY", "元": "CNY", "RMB": "CNY", "人民币": "CNY", "£": "GBP", "€": "EUR", "$": "USD", "₩": "KRW",
    "₹": "INR", "₽": "RUB", "HK$": "HKD", "NT$": "TWD", "A$": "AUD", "C$": "CAD",
}  # fmt: skip
"""The currency that a sign most often stands for."""
_FALLBACK = {"zh": "CNY", "en": "USD"}
_MAJORITY = 0.5
_MONEY_ROLES = ("unit_price", "amount", "cost", "unit_cost")


def find_currency(files: Sequence[tuple[Path, FileMapping]], *, language: str) -> tuple[str, Message]:
    """The currency that files suggest, and the sentence that says by what.

    Asked in this order: a currency column, a sign beside the amounts or in their header, the country of most records,
    the reader's language.

    Parameters
    ----------
    files : staged Parquet file and mapping of each
    language : of the reader, who may be taken to live with it

    Returns
    -------
    ISO 4217 code, and a `Message` to be shown
    """
    for path, mapping in files:
        for how, found in (
            ("column", _in_column(path, mapping)),
            ("sign", _by_sign(path, mapping)),
            ("country", _by_country(path, mapping)),
        ):
            if found is not None:
                return found, Message(f"mine.currency_by_{how}", {"currency": found})
    return _FALLBACK[language], Message("mine.currency_assumed", {"currency": _FALLBACK[language]})


def _in_column(path: Path, mapping: FileMapping) -> str | None:
    counts = Counter(value.strip().upper() for value in _values(path, mapping, "currency"))
    return next((code for code, _ in counts.most_common() if code in list_currencies()), None)


def _by_sign(path: Path, mapping: FileMapping) -> str | None:
    for role in _MONEY_ROLES:
        if role in mapping.columns:
            texts = [mapping.columns[role].column, *list(_values(path, mapping, role))[:100]]
            for text in texts:
                # The longest sign first: HK$ is not $.
                for sign in sorted(SIGNS, key=len, reverse=True):
                    if sign in text:
                        return SIGNS[sign]
    return None


def _by_country(path: Path, mapping: FileMapping) -> str | None:
    counts = Counter(_values(path, mapping, "country"))
    if not counts:
        return None
    name, count = counts.most_common(1)[0]
    code = country_code(name)
    if code is None or count < _MAJORITY * counts.total():
        return None
    current = get_territory_currencies(code)
    return current[0] if current else None


def _values(path: Path, mapping: FileMapping, role: str) -> Iterator[str]:
    """The values of a role's column in the first part of the file."""
    if role not in mapping.columns:
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(20_000, columns=[mapping.columns[role].column]):
            yield from (value for value in batch.column(0).to_pylist() if value)
            return
