"""The rules of the house, as small checks that everybody's code meets by itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import guanxi
import guanxi_crm

ROOT = Path(guanxi.__file__).parent
CRM = Path(guanxi_crm.__file__).parent
LIBRARY = sorted(ROOT.rglob("*.py"))
MODULES = [*LIBRARY, *(path for path in sorted(CRM.rglob("*.py")) if path.parent.name != "migrations")]
WRITTEN = [
    *MODULES,
    *(
        path
        for kind in ("sql", "toml", "html", "txt")
        for root in (ROOT, CRM)
        for path in sorted(root.rglob(f"*.{kind}"))
    ),
    *(path for path in sorted(CRM.rglob("*.js")) if not {"vendor", "static_built"} & set(path.parts)),
]
OUTSIDE = {"cli.py", "progress.py"}
"""Where the library meets a person and a clock."""
LAZY = {"numba", "sklearn", "threadpoolctl"}
"""What may be imported inside a function, for it takes seconds."""

every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT.parent)))
every_module_of_the_library = pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_outside(path: Path) -> bool:
    return path.relative_to(ROOT).parts[0] in OUTSIDE | {"cli"}


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@every_module_of_the_library
def test_the_library_does_not_print(path):
    assert is_outside(path) or "print" not in set(calls(path))


@every_module_of_the_library
def test_the_library_has_no_clock(path):
    clocks = re.compile(r"(.*\.)?(now|utcnow|today|localtime|gmtime|perf_counter|monotonic)|time\.time")
    assert is_outside(path) or [call for call in calls(path) if clocks.fullmatch(call)] == []


@every_module_of_the_library
def test_the_library_has_no_dice_without_a_seed(path):
    assert [
        call for call in calls(path) if re.match(r"random\.|np\.random\.(?!Generator|Philox|SeedSequence)", call)
    ] == []


@every_module_of_the_library
def test_the_library_does_not_touch_the_network(path):
    names = {alias.name.partition(".")[0] for node in imports(path) for alias in node.names}
    assert names.isdisjoint({"requests", "httpx", "urllib3", "socket"})


def imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.Import | ast.ImportFrom)]


@every_module
def test_imports_stand_at_the_top(path):
    inside = [
        ast.unparse(node)
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert [line for line in inside if line.split()[1].partition(".")[0] not in LAZY] == []


@every_module
def test_a_module_is_short_enough_to_be_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@every_module
def test_a_module_says_what_it_is_for(path):
    assert ast.get_docstring(tree(path))


@every_module
def test_what_is_public_says_what_it_is_for(path):
    exported = {
        each.value
        for node in tree(path).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for each in ast.walk(node.value)
        if isinstance(each, ast.Constant)
    }
    silent = [
        node.name
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in exported and not ast.get_docstring(node)
    ]
    assert silent == []


@every_module
def test_every_exported_name_is_there(path):
    names = {
        name
        for node in ast.walk(tree(path))
        for name in (
            [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef)
            else [alias.asname or alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom)
            else [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            else []
        )
    }  # fmt: skip
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            assert set(ast.literal_eval(node.value)) <= names


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT.parent)))
def test_nothing_is_left_for_later(path):
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", path.read_text(encoding="utf-8"))


def test_no_module_is_named_after_nothing():
    names = {path.stem for path in MODULES} | {path.parent.name for path in MODULES}
    assert names.isdisjoint({"utils", "util", "helpers", "common", "misc", "tools"})


@pytest.mark.parametrize(
    "path", [path for path in MODULES if CRM in path.parents], ids=lambda path: str(path.relative_to(CRM))
)
def test_only_a_command_prints(path):
    assert path == CRM / "serve" / "told.py" or "print" not in set(calls(path))


def test_every_package_is_one():
    assert [path for path in {module.parent for module in MODULES} if not (path / "__init__.py").is_file()] == []


def test_the_library_is_imported_without_any_extra():
    # In a process of its own, in which nothing that an extra brings can be imported.
    code = """
import importlib, importlib.abc, pkgutil, sys

EXTRAS = {"pyspark", "django", "pandas", "polars", "sklearn", "numba", "torch", "openai", "psycopg", "pymysql", "httpx2", "allauth", "ninja"}

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in EXTRAS:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import guanxi
for module in pkgutil.walk_packages(guanxi.__path__, "guanxi."):
    importlib.import_module(module.name)
"""
    found = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout == ""
