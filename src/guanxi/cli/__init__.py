"""The command line: files in, files out; progress while it works, and a sentence to act on when something is wrong.

This is only its door: it greets at once, and turns what goes wrong into a sentence and an exit code. The commands are in
`guanxi.cli.app`; what stands behind them takes a second or two to import.
"""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

from guanxi import __version__
from guanxi.cli.language import asked_language
from guanxi.errors import GuanxiError
from guanxi.words import say

__all__ = ["main"]

_INTERRUPTED = 130
_DISK = 6


def main() -> None:
    """Run the command line; every error that is not a bug ends in one sentence and its exit code."""
    language = asked_language(sys.argv[1:])
    try:
        if sys.stderr.isatty():
            sys.stderr.write(say("cli.greeting", language, version=__version__) + "\n")
            sys.stderr.flush()
        importlib.import_module("guanxi.cli.app").app()
    except GuanxiError as error:
        _stop(error.say(language), error.exit_code)
    except KeyboardInterrupt:
        _stop(say("cli.interrupted", language), _INTERRUPTED)
    except SystemExit as end:
        # Typer has caught the interrupt already.
        if end.code == _INTERRUPTED:
            _stop(say("cli.interrupted", language), _INTERRUPTED)
        raise
    except OSError as error:
        _stop(say("cli.disk", language, problem=str(error)), _DISK)


def _stop(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(sentence + "\n")
    raise SystemExit(code)
