"""What pages need in a browser is there, under names that change with its content, and with its licences."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

import guanxi_crm

ROOT = Path(guanxi_crm.__file__).parent
PROJECT = ROOT.parents[1]
VENDOR = ROOT / "core" / "static" / "core" / "vendor"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The static files as the wheel contains them, and their names by those that templates use."""
    script = importlib.util.spec_from_file_location("build_static", PROJECT / "scripts" / "build_static.py")
    build_static = importlib.util.module_from_spec(script)
    script.loader.exec_module(build_static)
    home = tmp_path_factory.mktemp("static")
    build_static.build(home)
    return home, json.loads((home / "staticfiles.json").read_text(encoding="utf-8"))["paths"]


def test_every_file_that_a_template_names_is_built(built):
    home, names = built
    named = {
        name
        for path in ROOT.rglob("templates/**/*.html")
        for name in re.findall(r"{%\s*static\s+[\"']([^\"']+)[\"']", path.read_text(encoding="utf-8"))
    }
    assert "core/app.css" in named
    assert named - set(names) == set()
    assert [name for name in named if not (home / names[name]).is_file()] == []


def test_what_is_built_is_named_by_its_content_and_compressed(built):
    home, names = built
    assert re.fullmatch(r"core/app\.[0-9a-f]{12}\.css", names["core/app.css"])
    assert not (home / "core/app.css").exists()
    assert (home / f"{names['core/vendor/echarts.js']}.gz").is_file()


def test_what_others_made_has_its_licences():
    licences = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    for sentence in ("MIT License", "Zero-Clause BSD", "Apache License", "Apache ECharts"):
        assert sentence in licences


def test_the_packages_are_locked_to_one_version_each():
    packages = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))
    wanted = packages["dependencies"] | packages["devDependencies"]
    locked = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all("integrity" in package for path, package in locked.items() if path)


OURS = sorted(path for path in ROOT.glob("*/static/**/*.js") if VENDOR not in path.parents)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_no_script_of_ours_makes_code_or_has_words_of_its_own(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function\(|document\.write", text)
    assert not re.search(r"[\u4e00-\u9fff]", text)


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("templates/**/*.html")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_no_template_has_what_the_policy_forbids(path):
    text = path.read_text(encoding="utf-8")
    if "mail" not in path.parts and "email" not in path.parts:
        assert not re.search(r"<style\b|\sstyle=[\"']|\son(?:click|change|submit|load|input)=", text)
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", text)
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "nonce=" in tag or "application/json" in tag
