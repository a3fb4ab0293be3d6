"""What the index keeps of a customer, and what somebody looks for, as words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from guanxi_crm.core.cjk import digits, is_cjk, searchable

__all__ = ["COLUMNS", "Document", "Term", "document", "terms"]

COLUMNS = ("name", "number", "phone", "email")
"""Columns of the index; each is a field of the record type ``customer``, whose permission it shares."""

_TELEPHONE = re.compile(r"[\s+()\-./#]*(?:[0-9][\s+()\-./#]*){3,}")
_LAST_DIGITS = 4
_NATIONAL_DIGITS = 11
_MOST_TERMS = 8


@dataclass(frozen=True)
class Document:
    """One customer in the index: words by column, a blank between two."""

    customer_id: int
    name: str
    number: str
    phone: str
    email: str


@dataclass(frozen=True)
class Term:
    """Words that must stand next to one another, the last of them only begun if ``is_prefix``; in some column."""

    words: tuple[str, ...]
    is_prefix: bool
    columns: tuple[str, ...] = COLUMNS


def document(customer_id: int, name: str, number: str, phones: Iterable[str], emails: Iterable[str]) -> Document:
    """What is kept of a customer. Of a telephone number its digits, those without the country's, and the last four; of
    a mail address its words, and all of them as one.

    Examples
    --------
    >>> document(7, "王小明", "C-0042", ["+86 138-0013-8000"], ["Wang@example.com"])
    Document(customer_id=7, name='王 小 明', number='c 0042 c0042', phone='8613800138000 13800138000 8000',
             email='wang example com wangexamplecom')
    """
    told: dict[str, None] = {}
    for phone in phones:
        whole = digits(phone)
        for part in (whole, whole[-_NATIONAL_DIGITS:], whole[-_LAST_DIGITS:]):
            if len(part) >= _LAST_DIGITS:
                told[part] = None
    numbered = searchable(number)
    joined = numbered.replace(" ", "")
    return Document(
        customer_id,
        searchable(name),
        numbered if joined == numbered else f"{numbered} {joined}",
        " ".join(told),
        " ".join(_address(email) for email in emails),
    )


def terms(text: str) -> tuple[Term, ...]:
    """What somebody looks for: every term must be found, in whichever column.

    Chinese characters that stand together are looked for together, in their order; a Latin word or a number may be only
    begun; what looks like a telephone number is one, however it is grouped; a mail address is looked for as a whole.

    Examples
    --------
    >>> [term.words for term in terms("王小明 Zhang")]
    [('王', '小', '明'), ('zhang',)]
    >>> [(term.words, term.columns) for term in terms("138-0013 8000")]
    [(('13800138000',), ('phone', 'number'))]
    """
    if _TELEPHONE.fullmatch(text):
        return (Term((digits(text),), is_prefix=True, columns=("phone", "number")),)
    found: list[Term] = []
    for part in text.split():
        if "@" in part[1:] and (joined := searchable(part).replace(" ", "")):
            found.append(Term((joined,), is_prefix=True, columns=("email",)))
            continue
        together: list[str] = []
        for word in searchable(part).split():
            if is_cjk(word):
                together.append(word)
                continue
            if together:
                found.append(Term(tuple(together), is_prefix=False))
                together = []
            found.append(Term((word,), is_prefix=True))
        if together:
            found.append(Term(tuple(together), is_prefix=False))
    return tuple(found[:_MOST_TERMS])


def _address(email: str) -> str:
    words = searchable(email)
    joined = words.replace(" ", "")
    return words if joined == words else f"{words} {joined}"
