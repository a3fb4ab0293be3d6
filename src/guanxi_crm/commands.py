"""What the CRM adds to the command ``guanxi``: serve, demo, backup, restore.

Light: neither Django nor the mine is imported here. Each command hands over to ``python -m guanxi_crm.serve``, so that
an installation that waits needs little memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from guanxi import words
from guanxi.cli.language import environment_language
from guanxi.words import say

__all__ = ["NAMES", "add_to"]

NAMES = ("serve", "demo", "backup", "restore")
"""First words of the commands, so that they start without loading the mine's."""

words.include("guanxi_crm.words")
_LANGUAGE = environment_language()
_NO_EXTRA = 5
"""Exit code where an extra is not installed, as of the mine's commands."""


def _help(name: str) -> str:
    return say(f"crm_serve.help_{name}", _LANGUAGE)


Data = Annotated[Path, typer.Option("--data", help=_help("data"), file_okay=False)]
Database = Annotated[str | None, typer.Option("--database-url", help=_help("database_url"), envvar="DATABASE_URL")]
_HERE = Path("guanxi-data")


def add_to(app: typer.Typer) -> None:
    """Add the CRM's commands to a command line."""
    app.command("serve", help=_help("serve"))(serve_command)
    app.command("backup", help=_help("backup"))(backup_command)
    app.command("restore", help=_help("restore"))(restore_command)
    demo = typer.Typer(help=_help("demo"), no_args_is_help=True)
    demo.command("load", help=_help("demo_load"))(demo_load_command)
    demo.command("remove", help=_help("demo_remove"))(demo_remove_command)
    app.add_typer(demo, name="demo")


def serve_command(
    data: Data = _HERE,
    database_url: Database = None,
    host: Annotated[str, typer.Option(help=_help("host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(help=_help("port"), min=1, max=65535)] = 8000,
    import_: Annotated[list[Path] | None, typer.Option("--import", help=_help("import"), exists=True)] = None,
) -> None:
    files = [each for path in import_ or [] for each in ("--bring", str(path.absolute()))]
    _hand_over("up", data, database_url, "--host", host, "--port", str(port), *files)


def demo_load_command(
    data: Data = _HERE,
    database_url: Database = None,
    customers: Annotated[int, typer.Option(help=_help("customers"), min=100)] = 5000,
) -> None:
    _hand_over("demo-load", data, database_url, "--customers", str(customers))


def demo_remove_command(data: Data = _HERE, database_url: Database = None) -> None:
    _hand_over("demo-remove", data, database_url)


def backup_command(
    to: Annotated[Path, typer.Option(help=_help("to"), dir_okay=False)],
    data: Data = _HERE,
    database_url: Database = None,
) -> None:
    _hand_over("backup", data, database_url, "--file", str(to.absolute()))


def restore_command(
    from_: Annotated[Path, typer.Option("--from", help=_help("from"), exists=True, dir_okay=False)],
    data: Data = _HERE,
    database_url: Database = None,
) -> None:
    _hand_over("restore", data, database_url, "--file", str(from_.absolute()))


def _hand_over(command: str, data: Path, database_url: str | None, *arguments: str) -> None:
    """Become the process that does it."""
    if find_spec("django") is None:
        typer.echo(say("crm_serve.no_extra", _LANGUAGE), err=True)
        raise typer.Exit(_NO_EXTRA)
    environment = {**os.environ, "GUANXI_DATA_DIR": str(data.absolute()), "GUANXI_LANG": _LANGUAGE}
    environment.setdefault("DJANGO_SETTINGS_MODULE", "guanxi_crm.settings")
    if database_url:
        environment["DATABASE_URL"] = database_url
    line = [sys.executable, "-m", "guanxi_crm.serve", command, *arguments]
    if os.name == "nt":
        raise typer.Exit(subprocess.run(line, env=environment, check=False).returncode)  # noqa: S603
    sys.stdout.flush()
    os.execve(sys.executable, line, environment)  # noqa: S606
