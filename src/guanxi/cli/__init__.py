"""The command line: files in, files out; progress while it works, and a sentence to act on when something is wrong.

This is only its door: it greets at once, and turns what goes wrong into a sentence and an exit code. The commands are
in `guanxi.cli.app`; what stands behind them takes a second or two to import.
"""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from types import FrameType
from typing import NoReturn

import typer

from guanxi import __version__
from guanxi.cli.language import asked_language
from guanxi.cli.usage import is_usage_error, usage_told
from guanxi.errors import GuanxiError
from guanxi.words import say

__all__ = ["application", "main"]

_INTERRUPTED = 130
_DISK = 6
_USAGE = 2


def main() -> None:
    """Run the command line; every error that is not a bug ends in one sentence and its exit code."""
    language = asked_language(sys.argv[1:])
    interrupts: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> NoReturn:
        interrupts.append(number)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        _greet(language)
        code = application(sys.argv[1:2])(prog_name="guanxi", standalone_mode=False)
        raise SystemExit(code or 0)
    except BaseException as error:
        # Typer makes an exit code of an interrupt, and DuckDB an error of its own. Abort: "no" was said to a question.
        refused = type(error).__name__ == "Abort"
        if interrupts or refused or isinstance(error, KeyboardInterrupt) or getattr(error, "code", 0) == _INTERRUPTED:
            _stop(say("cli.interrupted", language), _INTERRUPTED)
        if isinstance(error, GuanxiError):
            _stop(error.say(language), error.exit_code)
        if is_usage_error(error):
            _stop(usage_told(error, language), _USAGE)
        if isinstance(error, OSError):
            _stop(say("cli.disk", language, problem=str(error)), _DISK)
        raise
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def application(first: Sequence[str] = ()) -> typer.Typer:
    """All commands; or only those of another package of the distribution where one of them is asked for.

    Such a package names them in ``NAMES`` and adds them with ``add_to``; it starts at once, without the mine.
    """
    others = [entry.load() for entry in entry_points(group="guanxi.commands")]
    if not any(name in other.NAMES for other in others for name in first):
        app = importlib.import_module("guanxi.cli.app").app
    else:
        app = typer.Typer(name="guanxi", add_completion=False, pretty_exceptions_enable=False)
    for other in others:
        other.add_to(app)
    return app


def _greet(language: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(say("cli.greeting", language, version=__version__) + "\n")
        sys.stderr.flush()


def _stop(sentence: str, code: int) -> NoReturn:
    if sentence:
        sys.stderr.write(sentence + "\n")
    raise SystemExit(code)
