"""``python -m guanxi_crm.serve``: what the commands of the CRM become. Its first word says which."""

from __future__ import annotations

import argparse
import importlib
import sys

__all__ = ["main"]

_DOES = {
    "up": "guanxi_crm.serve.supervise",
    "prepare": "guanxi_crm.serve.prepare",
    "web": "guanxi_crm.serve.web",
    "worker": "guanxi_crm.serve.work",
    "demo-load": "guanxi_crm.serve.demo",
    "demo-remove": "guanxi_crm.serve.demo",
    "backup": "guanxi_crm.serve.backup",
    "restore": "guanxi_crm.serve.backup",
}


def main(arguments: list[str]) -> int:
    """Do it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m guanxi_crm.serve")
    parser.add_argument("command", choices=_DOES)
    parser.add_argument("--bring", action="append", default=[])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--customers", type=int, default=5000)
    parser.add_argument("--file", default="")
    parser.add_argument("--parent", type=int, default=0)
    parser.add_argument("--until-idle", action="store_true")
    given = parser.parse_args(arguments)
    # Each is imported only when it runs: the supervisor needs neither Django nor the others.
    return importlib.import_module(_DOES[given.command]).main(given)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
