"""What a column's name says about its role: names of columns in Chinese and English, kept in ``headers.toml``.

Examples
--------
>>> name_scores("InvoiceDate", "orders")["ordered_at"] > 0.9
True
>>> max(name_scores("收货人所在城市", "orders").items(), key=lambda item: item[1])[0]
'city'
>>> name_scores("Ship Date", "orders")
{'other': 1.0}
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources

from guanxi.intake.mapping import normal_name
from guanxi.intake.roles import ROLES, Kind

__all__ = ["OTHER", "name_scores"]

OTHER = "other"
"""The role of a column that is known to have none of the roles of a kind of file."""


@cache
def name_scores(name: str, kind: Kind) -> dict[str, float]:
    """How well a column's name fits the roles of a kind of file; nothing where the name is unknown.

    The whole name, without what stands in brackets, scores 0.8 to 1 by its place in the list of the role; a part of
    the name 0.4 to 0.75, more if it is longer and stands at the end, where both languages put what a thing is.
    Words that go with anything (``id``, ``name``, 编号) say nothing as a part.

    Parameters
    ----------
    name : as in the header
    kind : the kind of file in question. Names known only from other kinds of file count as `OTHER`.

    Returns
    -------
    dict: role or `OTHER` → score in (0, 1]
    """
    known = _names(kind)
    bare = re.sub(r"[(\[{（【].*?[)\]}）】]", " ", unicodedata.normalize("NFKC", name))
    for whole in (normal_name(name), normal_name(bare)):
        if whole in known:
            return known[whole]
    scores: dict[str, float] = {}
    length = len(normal_name(bare))
    for part, at_end in _parts(bare):
        if part in _vague():
            continue
        for role, score in known.get(part, {}).items():
            share = len(part) / length
            scores[role] = max(scores.get(role, 0.0), score * (0.3 + 0.3 * share + 0.15 * at_end))
    return {role: score for role, score in scores.items() if score >= 0.4}


@cache
def _names(kind: Kind) -> dict[str, dict[str, float]]:
    lists = _lists()
    known: dict[str, dict[str, float]] = {}
    for role in ROLES[kind]:
        names = lists[kind][role]
        for place, name in enumerate(names):
            known.setdefault(_normal(name), {}).setdefault(role, 1.0 - 0.2 * place / len(names))
    here = set(known)
    elsewhere = [lists[other][role] for other in ROLES if other != kind for role in ROLES[other]]
    for names in [lists[OTHER]["names"], *elsewhere]:
        for name in names:
            if _normal(name) not in here:
                known[_normal(name)] = {OTHER: 1.0}
    return known


@cache
def _lists() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files(__package__).joinpath("headers.toml").read_text(encoding="utf-8"))


@cache
def _vague() -> frozenset[str]:
    return frozenset(_lists()[OTHER]["vague"])


def _normal(name: str) -> str:
    return normal_name(name) or name


def _parts(name: str) -> Iterator[tuple[str, bool]]:
    """Runs of the words of an English name, and of the characters of a Chinese one; whether they stand at the end."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[\u3400-\u9fff]", name)
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            part = "".join(words[start:end]).casefold()
            if len(part) > 1:
                yield part, end == len(words)
