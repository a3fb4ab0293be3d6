"""What is wrong with a command line, as a sentence in the reader's language.

Typer tells it in English only, and for a reader of its own kind. What it says is recognised here by its form and told
in Guanxi's words; a form that is not known, as a later Typer may bring, is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from guanxi.words import say

__all__ = ["is_usage_error", "usage_told"]

_NUMBER = r"(?P<limit>-?[\d.]+)"
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(form, re.DOTALL))
    for code, form in (
        ("cli.usage_missing_option", r"Missing option '(?P<name>[^']+?)'( / .*)?\..*"),
        ("cli.usage_missing_argument", r"Missing argument '(?P<name>[^']+)'\..*"),
        ("cli.usage_missing_command", r"Missing command\."),
        ("cli.usage_nearest_command", r"No such command '(?P<name>.*)'\. Did you mean (?P<names>.*)\?"),
        ("cli.usage_no_command", r"No such command '(?P<name>.*)'\."),
        ("cli.usage_nearest_option", r"No such option: (?P<name>\S+) \(Possible options: (?P<names>.*)\)"),
        ("cli.usage_no_option", r"No such option: (?P<name>\S+)"),
        ("cli.usage_needs_value", r"Option '(?P<name>.+)' requires an argument\."),
        ("cli.usage_takes_no_value", r"Option '(?P<name>.+)' does not take a value\."),
        ("cli.usage_too_many", r"Got unexpected extra arguments?(\(s\))? \((?P<values>.*)\)"),
        ("cli.usage_choice", r"Invalid value for '(?P<name>[^']+)': .*'(?P<value>.*)' is not one of (?P<choices>.*)\."),
        ("cli.usage_is_file", r"Invalid value for '(?P<name>[^']+)': \w+ '(?P<value>.*)' is a file\."),
        ("cli.usage_least", rf"Invalid value for '(?P<name>[^']+)': .*greater than or equal to {_NUMBER}"),
        ("cli.usage_most", rf"Invalid value for '(?P<name>[^']+)': .*less than or equal to {_NUMBER}"),
        ("cli.usage_whole_number", r"Invalid value for '(?P<name>[^']+)': .*valid integer.*"),
        ("cli.usage_number", r"Invalid value for '(?P<name>[^']+)': .*valid (number|float).*"),
        ("cli.usage_bad_value", r"Invalid value for '(?P<name>[^']+)': (Value error, )?(?P<problem>.*)"),
    )
)
_AS_LIST: Mapping[str, Callable[[str], list[str]]] = MappingProxyType(
    {
        "names": lambda text: [name.strip(" '") for name in re.split(r",| or ", text)],
        "choices": lambda text: [name.strip(" '") for name in text.split(",")],
        "values": str.split,
    }
)


def is_usage_error(error: BaseException) -> bool:
    """Whether an error is Typer's, about the arguments."""
    return callable(getattr(error, "format_message", None))


def usage_told(error: BaseException, language: str) -> str:
    """The error as a sentence, and where there is help; empty where the help itself was just printed."""
    text = str(error.format_message()).strip()  # type: ignore[attr-defined]
    if not text:
        return ""
    path = getattr(getattr(error, "ctx", None), "command_path", None) or "guanxi"
    return f"{_sentence(text, language)}\n{say('cli.usage_help', language, command=path)}"


def _sentence(text: str, language: str) -> str:
    for code, form in _FORMS:
        if found := form.fullmatch(text):
            given = {
                name: _AS_LIST[name](value) if name in _AS_LIST else value for name, value in found.groupdict().items()
            }
            return say(code, language, **given)
    return text
