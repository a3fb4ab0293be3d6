"""Every sentence is there in Chinese and in English, says the same in both, and is used."""

from __future__ import annotations

import ast
import datetime as dt
import re
import string
from collections.abc import Callable, Iterator
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

import guanxi
import guanxi_crm
from guanxi import words
from guanxi.words import Message, Money, say

words.include("guanxi_crm.words")
ROOTS = (Path(guanxi.__file__).parent, Path(guanxi_crm.__file__).parent)
CODE = re.compile(r"[a-z_]+\.[a-z0-9_]+")
_HAN = r"[\u4e00-\u9fff]"

LOOKED_UP = {
    "schema.*": "by column, in Table.meaning",
    "features.*": "by column of customer_features, wherever it is shown",
    "*.question": "by study, in the report and in the list of studies",
    "*.gate": "by study, likewise",
    "*.method": "by study, likewise",
    "*.counted": "by study, in its figures",
    "words.example": "the example in the docstrings",
    "crm_*.record_*": "by record type, in RecordType.label",
    "crm_*.field_*": "by field, in RecordType.field_label",
}
"""Codes whose names are made from data, so that no search finds them."""


def sentences(code: str) -> dict[str, str]:
    area, _, name = code.partition(".")
    return words._area(area)[name]


def parameters(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def without_parameters(sentence: str) -> str:
    return re.sub(r"\{[^}]*\}|\w+://\S+|\b(?:VIP|API)\b", "", sentence)


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for root in ROOTS for path in sorted(root.rglob("*.py"))}


def told() -> Iterator[tuple[str, str, set[str] | None]]:
    """Each code written in a call that tells it: where, the code, its parameters where they stand there too."""
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[name == "toast" and len(node.args) > 1]
            code = first.value if isinstance(first, ast.Constant) else None
            if not isinstance(code, str) or not CODE.fullmatch(code):
                continue
            where = f"{path.parent.name}/{path.name}:{node.lineno}"
            if name in _TELLERS or (name[:1].isupper() and name.endswith(_ERRORS)):
                named = {each.arg for each in node.keywords}
                yield where, code, None if None in named else named
            elif name == "Message":
                given = node.args[1] if len(node.args) > 1 else ast.Dict(keys=[], values=[])
                keys = given.keys if isinstance(given, ast.Dict) else [None]
                constant = all(isinstance(key, ast.Constant) for key in keys)
                yield where, code, {key.value for key in keys} if constant else None
            elif name == "stage":
                yield where, code, set()

    for path, text in templates().items():
        for tag in re.finditer(r"{%-?\s*say\s+\"([a-z_]+\.[a-z0-9_]+)\"(?=[\s%-])(.*?)-?%}", text, re.DOTALL):
            yield f"{path.parent.name}/{path.name}", tag[1], set(re.findall(r"\b([a-z_0-9]+)=", tag[2]))


_ERRORS = ("Error", "NotFound", "Busy", "Damaged", "Extra")
_TELLERS = {"say", "told", "tell", "warn", "toast", "RuleBroken", "NotAllowed", "Conflict"}


@cache
def templates() -> dict[Path, str]:
    """Pages and mails of the CRM."""
    return {
        path: path.read_text(encoding="utf-8")
        for path in sorted(ROOTS[1].rglob("templates/**/*"))
        if path.suffix in {".html", ".txt"}
    }


def mentioned() -> Iterator[str]:
    """Every text in the code that could be a code, and every beginning of one (as in f"clean.{problem}") with a *."""
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                yield node.value
            elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                start = str(node.values[0].value)
                if re.fullmatch(r"[a-z_]+\.[a-z0-9_]*", start):
                    yield start + "*"
    for path in (path for root in ROOTS for path in root.rglob("*")):
        if path.suffix in {".j2", ".js", ".sql"} and ".min." not in path.name and "vendor" not in path.parts:
            yield from CODE.findall(path.read_text(encoding="utf-8"))
    for text in templates().values():
        yield from CODE.findall(text)
        # A code that is put together: {% with code="crm_core.job_"|add:job.state %}
        yield from (start + "*" for start in re.findall(r"\"([a-z_]+\.[a-z0-9_]*)\"\|add:", text))


def failing(right: Callable[[dict[str, str]], bool]) -> list[str]:
    """The codes whose sentences are not right."""
    return [code for code in words.codes() if not right(sentences(code))]


def test_every_code_has_both_languages_and_nothing_else():
    assert failing(lambda said: set(said) == set(words.LANGUAGES) and all(text.strip() for text in said.values())) == []


def test_both_languages_have_the_same_parameters():
    assert failing(lambda said: parameters(said["en"]) == parameters(said["zh"])) == []


def test_chinese_is_chinese():
    # A sentence that is made of parameters and marks only is the same in both.
    def right(said: dict[str, str]) -> bool:
        return bool(re.search(_HAN, said["zh"]) or not re.search(r"[A-Za-z]{3}", without_parameters(said["en"])))

    assert failing(right) == []


def test_english_is_not_chinese():
    # A Chinese word may be quoted, as an example of what a file may hold.
    assert failing(lambda said: not re.search(_HAN + "{6}", said["en"])) == []


def test_chinese_has_chinese_punctuation():
    marks = _HAN + r"([,;?!]|:(?!\s*$))"
    assert failing(lambda said: not re.search(marks, without_parameters(said["zh"]))) == []


def visible(text: str) -> str:
    """What a reader would see of a template: text between tags, and attributes that are read out."""
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<!--.*?-->", " ", text, flags=re.DOTALL)
    text = re.sub(r"<(script|style|code)\b.*?</\1>", " ", text, flags=re.DOTALL)
    text = re.sub(r"{%.*?%}|{{.*?}}", "\ufffc", text, flags=re.DOTALL)
    read_out = re.findall(r"\b(?:placeholder|title|alt|aria-label|data-confirm)\s*=\s*\"([^\"]*)\"", text)
    return " ".join([re.sub(r"<[^>]*>|&[a-z#0-9]+;", " ", text, flags=re.DOTALL), *read_out])


@pytest.mark.parametrize("path", templates(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_template_has_no_words_of_its_own(path):
    assert re.findall(r"[A-Za-z]{2,}|" + _HAN, visible(templates()[path])) in ([], *ALLOWED_LITERALS.get(path.name, ()))


ALLOWED_LITERALS: dict[str, tuple[list[str], ...]] = {}
"""Names that are the same in every language, by template."""


def test_every_code_that_is_told_exists():
    assert [(where, code) for where, code, _ in told() if not words.has(code)] == []


def test_every_code_is_told_with_the_parameters_of_its_sentence():
    wrong = [
        (where, code, parameters(sentences(code)["en"]) - given)
        for where, code, given in told()
        if given is not None and words.has(code) and parameters(sentences(code)["en"]) - given
    ]
    assert wrong == []


def test_no_sentence_is_unused():
    used = {*mentioned(), *LOOKED_UP}
    patterns = [each for each in used if "*" in each]
    unused = [code for code in words.codes() if code not in used]
    assert [code for code in unused if not any(fnmatchcase(code, pattern) for pattern in patterns)] == []


@pytest.mark.parametrize("pattern", LOOKED_UP)
def test_what_is_allowed_to_be_unused_is_there(pattern):
    assert any(fnmatchcase(code, pattern) for code in words.codes())


def test_a_sentence_is_written_as_the_reader_writes():
    assert say("words.example", "en", rows=1234567, share=0.125) == "1,234,567 rows, which is 12%."
    assert say("words.example", "zh", rows=1234567, share=0.125) == "1,234,567 行，占 12%。"


@pytest.mark.parametrize(
    ("value", "form", "en", "zh"),
    [
        (1234.5, "number1", "1,234.5", "1,234.5"),
        (1234.56, "number0", "1,235", "1,235"),
        (0.1234, "percent1", "12.3%", "12.3%"),
        (2026, "plain", "2026", "2026"),
        (2026, "", "2,026", "2,026"),
        (None, "", "None", "None"),
        (True, "", "True", "True"),
        (Decimal("0.001"), "number3", "0.001", "0.001"),
        (dt.date(2024, 2, 29), "", "2024-02-29", "2024-02-29"),
        (dt.date(2024, 2, 29), "date", "2024-02-29", "2024-02-29"),
        (dt.date(2024, 2, 29), "long", "February 29, 2024", "2024年2月29日"),
        (0, "count row|rows", "0 rows", "0 rows"),
        (1, "count row|rows", "1 row", "1 rows"),
        (1200, "count row|rows", "1,200 rows", "1,200 rows"),
        (["a"], "count row|rows", "1 row", "1 rows"),
        (1, "plural is|are", "is", "are"),
        (2, "plural is|are", "are", "are"),
        (["a", "b", "c"], "list", "a, b, and c", "a、b和c"),
        ([], "list", "–", "–"),
        ("report.brand", "words", "Guanxi", "关系 Guanxi"),
        (Message("report.brand"), "words", "Guanxi", "关系 Guanxi"),
        (Message("report.brand"), "", "Guanxi", "关系 Guanxi"),
        (Money(12345, "CNY"), "", "CN¥123.45", "¥123.45"),
        (Money(1234567, "EUR"), "", "€12,346", "€12,346"),
        (Money(500, "JPY"), "", "¥500", "JP¥500"),
        (Money(-250, "GBP"), "", "-£2.50", "-£2.50"),
    ],
)
def test_values_are_written_by_their_form(value, form, en, zh):
    template = "{value:" + form + "}"
    assert words._Form("en").format(template, value=value) == en
    assert words._Form("zh").format(template, value=value) == zh


def test_both_forms_of_a_word_are_given_and_only_where_a_language_tells_them_apart():
    forms = re.compile(r"\{\w+:(?:count|plural) ([^}]*)\}")
    assert failing(lambda said: not forms.search(said["zh"])) == []
    assert failing(lambda said: all(form.count("|") == 1 for form in forms.findall(said["en"]))) == []


def test_a_code_that_is_not_there_is_our_mistake():
    for code in ("words.nothing", "nowhere.nothing", "nothing"):
        assert not words.has(code)
        with pytest.raises(KeyError):
            say(code, "en")


def test_a_message_as_data_keeps_its_values():
    inner = Message("words.example", {"rows": 1, "share": Decimal("0.5")})
    outer = Message("report.moved", {"before": [inner, dt.date(2026, 1, 1)], "after": Money(150, "EUR")})
    assert outer.as_data() == {
        "code": "report.moved",
        "before": [{"code": "words.example", "rows": 1, "share": "0.5"}, "2026-01-01"],
        "after": {"amount": "1.50", "currency": "EUR"},
    }


def test_money_knows_its_minor_units():
    assert (words.currency_digits("EUR"), words.currency_digits("JPY"), words.currency_digits("KWD")) == (2, 0, 3)
    assert Money(12345, "KWD").major == Decimal("12.345")


def test_countries_have_names():
    assert (words.country_name("DE", "en"), words.country_name("DE", "zh")) == ("Germany", "德国")
    assert words.country_name("Atlantis", "zh") == "Atlantis"
