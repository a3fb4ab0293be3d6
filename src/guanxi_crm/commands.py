"""What the CRM adds to the command ``guanxi``; imports Django only when one of its commands runs."""

from __future__ import annotations

import typer

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the CRM's commands to the mine's command line."""
    del app
