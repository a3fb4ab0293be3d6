"""What is written about Guanxi, held against Guanxi: commands, reasons, columns, studies, links, and commands that run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from guanxi.cli import application
from guanxi.intake.clean import LINE_KINDS
from guanxi.intake.items import ITEM_KINDS
from guanxi.intake.quality import MEASURES
from guanxi.intake.readers.delivery import _BY_EXTENSION as EXTENSIONS
from guanxi.intake.roles import ROLES
from guanxi.mine.outputs import CUSTOMER_COLUMNS, GRADED
from guanxi.schema import REJECTS
from guanxi.studies import STUDIES
from guanxi.studies.base import KEEP_OUT_RULES
from guanxi.studies.segments import definitions
from guanxi.words import codes

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
WRITTEN = [*sorted(ROOT.glob("*.md")), *PAGES]
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
EXIT_CODES = {0, 1, 2, 3, 4, 5, 6, 130}

every_page = pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """A page's text below a heading, up to the next heading of its rank or a higher one."""
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^\1 |^#{{1,2}} |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[2]


def first_cells(page: str) -> list[str]:
    """The first cell of every row of the tables of a page, heads left out."""
    rows = re.findall(r"^\|([^|]*)\|.*\n", page, re.MULTILINE)
    heads = set(re.findall(r"^\|([^|]*)\|.*\n\| *:?-", page, re.MULTILINE))
    return [row.strip() for row in rows if row not in heads and not set(row) <= set(" -:")]


def quoted(cells: list[str]) -> list[str]:
    """What stands in backticks."""
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def leaves(command: Any, *names: str) -> Iterator[tuple[str, Any]]:
    """Every command below a group, by its whole name."""
    for name, each in getattr(command, "commands", {}).items():
        yield from leaves(each, *names, name)
    if not hasattr(command, "commands"):
        yield " ".join(names), command


COMMANDS = dict(leaves(typer.main.get_command(application())))
every_command = pytest.mark.parametrize(("name", "command"), list(COMMANDS.items()), ids=list(COMMANDS))


# Commands


def test_every_command_is_documented_and_every_documented_command_exists():
    documented = re.findall(r"^## guanxi (.+)$", text("docs/commands.md"), re.MULTILINE)
    assert documented == list(COMMANDS)


@every_command
def test_every_option_is_documented_and_every_documented_option_exists(name, command):
    table = first_cells(section(text("docs/commands.md"), f"guanxi {name}"))
    documented = [each.removesuffix("...") for each in quoted(table)]
    there = [
        each.opts[0] if each.param_type_name == "option" else each.metavar.removesuffix("...")
        for each in command.params
    ]
    assert sorted(documented) == sorted(there)


@every_command
def test_a_default_is_documented_as_it_is(name, command):
    page = section(text("docs/commands.md"), f"guanxi {name}")
    for option in command.params:
        if isinstance(option.default, int | float) and not isinstance(option.default, bool):
            assert re.search(rf"`{option.opts[0]}` .*\| {option.default} \|", page), option.opts


def test_every_exit_code_is_documented():
    cells = first_cells(section(text("docs/commands.md"), "Exit codes"))
    assert {int(cell) for cell in cells} == EXIT_CODES


# Formats


def test_every_reason_for_setting_aside_is_documented():
    documented = quoted(first_cells(section(text("docs/formats.md"), "What is set aside")))
    toml = (ROOT / "src/guanxi/words/intake.toml").read_text(encoding="utf-8")
    unread = toml.partition("# Why a record was set aside")[2].partition("\n# ")[0]
    assert documented == codes("clean") + [f"intake.{name}" for name in tomllib.loads(unread)]


def test_every_rule_of_keeping_out_is_documented_and_which_study_applies_it():
    rules = section(text("docs/formats.md"), "What is kept out of a study")
    assert quoted(first_cells(rules)) == list(KEEP_OUT_RULES)
    (head,) = re.findall(r"^\| rule \| meaning \| (.*) \|$", rules, re.MULTILINE)
    assert head.split(" | ") == list(STUDIES)
    for rule in KEEP_OUT_RULES:
        (row,) = re.findall(rf"^\| `{rule}` \| [^|]* \| (.*) \|$", rules, re.MULTILINE)
        assert [cell == "yes" for cell in row.split(" | ")] == [rule in each.rules for each in STUDIES.values()]


def test_every_role_is_documented_with_the_files_that_have_it():
    table = section(text("docs/formats.md"), "Mapping")
    documented: dict[str, set[str]] = {}
    for names, kinds in re.findall(r"^\| (`[^|]*) \| ([^|]*) \|", table, re.MULTILINE):
        for role in re.findall(r"`([^`]+)`", names):
            documented[role] = set(kinds.split(", "))
    there: dict[str, set[str]] = {}
    for kind, roles in ROLES.items():
        for role in roles:
            there.setdefault(role, set()).add(kind)
    assert documented == there


def test_every_kind_of_line_and_of_item_is_documented():
    documented = quoted(first_cells(section(text("docs/formats.md"), "What a line is")))
    assert sorted(documented) == sorted([*LINE_KINDS, *ITEM_KINDS])


def test_every_extension_is_documented():
    page = section(text("docs/formats.md"), "Formats")
    assert [name for name in EXTENSIONS if f"`{name}`" not in page] == []


# Results


def test_every_column_of_the_customers_is_documented_in_order():
    cells = first_cells(section(text("docs/files.md"), "customers.csv and customers.parquet"))
    grades = [f"grade_{study}" for study in GRADED]
    assert quoted(cells) == ["customer_id", *CUSTOMER_COLUMNS, *grades, "currency"]


def test_every_column_of_the_rejects_is_documented():
    cells = first_cells(section(text("docs/files.md"), "rejects.csv"))
    assert quoted(cells) == [name for name in REJECTS.names if name != "delivery_id"]


def test_every_measure_of_quality_is_documented():
    bold = re.findall(r"^\| \*\*(\w+)\*\* \|", text("docs/quality.md"), re.MULTILINE)
    assert tuple(bold) == MEASURES


# Studies


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_a_page_that_says_what_it_needs(name):
    page = text(f"docs/studies/{name}.md")
    assert page.startswith(f"# Study: {name}\n")
    assert all(f"`{table}`" in page for table in STUDIES[name].needs)
    assert f"studies/{name}.md" in text("mkdocs.yml")


def test_the_segments_are_documented_by_their_scores():
    table = section(text("docs/studies/segments.md"), "Segments")
    found = re.findall(r"^\| ([a-z ]+) \| ([\d–]+) \| ([\d–]+) \|$", table, re.MULTILINE)
    scores = [tuple((int(each[0]), int(each[-1])) for each in (r, f)) for _, r, f in found]
    assert scores == list(definitions.RULES.values())


# The house


def test_every_package_has_a_page_in_the_reference():
    packages = {
        path.stem
        for path in (ROOT / "src/guanxi").iterdir()
        if (path / "__init__.py").is_file() or (path.suffix == ".py" and not path.stem.startswith("_"))
    }
    assert {path.stem for path in (DOCS / "reference").glob("*.md")} - {"index"} == packages


def test_every_floor_is_in_the_picture_and_on_the_page():
    project = tomllib.loads(text("pyproject.toml"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    floors = [name.strip() for layer in layers for name in layer.split("|") if "__" not in name]
    picture, page = text("docs/images/house.svg"), section(text("docs/house.md"), "Floors")
    assert [name for name in floors if f">{name}</text>" not in picture or f"`{name}`" not in page] == []


def test_every_dependency_has_its_line():
    project = tomllib.loads(text("pyproject.toml"))
    extras = [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    wanted = [*project["project"]["dependencies"], *extras, *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=; ]", each)[0].lower() for each in wanted}
    page = text("docs/decisions/0003-dependencies.md")
    assert {cell.lower() for cell in first_cells(page)} == names


def test_every_decision_is_listed():
    files = [path.name for path in sorted((DOCS / "decisions").glob("0*.md"))]
    index = text("docs/decisions/index.md")
    assert re.findall(r"\]\((0[^)]+)\)", index) == files
    for name in files:
        page = text(f"docs/decisions/{name}")
        assert page.startswith(f"# {int(name[:4])}. ")


# Links


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@every_page
def test_every_link_inside_the_project_leads_somewhere(path):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"https?://", target):
            continue
        name, _, anchor = target.partition("#")
        page = path.parent / name if name else path
        if not page.exists() or (anchor and anchor not in anchors(page)):
            broken.append(target)
    assert broken == []


@every_page
def test_nothing_is_left_for_later_and_every_line_ends_clean(path):
    written = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX|TBD)\b", written)
    assert not re.search(r"[ \t]+$", written, re.MULTILINE)


def test_pictures_are_small():
    heavy = [path.name for path in (DOCS / "images").iterdir() if path.stat().st_size > 200_000]
    assert heavy == []


# What can be pasted


def shell_lines(path: Path) -> list[str]:
    """The lines of a page's shell blocks, comments left out."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"\s+#.*", "", line).strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_two_readmes_have_the_same_sections_commands_files_and_links():
    pages = {language: path.read_text(encoding="utf-8") for language, path in READMES.items()}
    assert shell_lines(READMES["en"]) == shell_lines(READMES["zh"])

    def outline(page: str) -> list[int]:
        return [len(marks) for marks in re.findall(r"^(#+) ", page, re.MULTILINE)]

    def links(page: str) -> set[str]:
        return set(re.findall(r"\]\(([^)]+)\)", page)) - {"README.md", "README.zh-CN.md"}

    assert outline(pages["en"]) == outline(pages["zh"])
    assert quoted(first_cells(pages["en"])) == quoted(first_cells(pages["zh"]))
    assert {each.replace("-zh.png", "-en.png") for each in links(pages["zh"])} == links(pages["en"])


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    for path in WRITTEN:
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, path


def run(lines: list[str], where: Path) -> None:
    """Run shell lines as a reader would, in one directory, with this environment's commands first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    there = {**kept, "LC_ALL": "C.UTF-8", "GUANXI_LANG": "en"}
    there["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{there['PATH']}"
    for line in lines:
        # What serves does not end by itself; tests/crm/serve starts and stops it.
        if line.startswith(("make ", ". .venv/", "guanxi serve")):
            continue
        done = subprocess.run(["bash", "-c", line], cwd=where, env=there, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.slow
def test_the_commands_of_the_readme_run(tmp_path):
    run(["guanxi simulate --customers 60 --seed 1 --out .", *shell_lines(READMES["en"])], tmp_path)
    promised = set(quoted(first_cells(section(text("README.md"), "The results"))))
    assert {path.name for path in (tmp_path / "results").iterdir()} == promised
    documented = re.findall(r"^## (.+)$", text("docs/files.md"), re.MULTILINE)
    assert {name for title in documented for name in title.split(" and ")} == promised


@pytest.mark.slow
def test_the_tutorial_can_be_followed_to_its_end(tmp_path):
    run(shell_lines(DOCS / "tutorial.md"), tmp_path)
    (python,) = re.findall(r"^```python\n(.*?)^```$", text("docs/tutorial.md"), re.MULTILINE | re.DOTALL)
    (tmp_path / "notebook.py").write_text(python, encoding="utf-8")
    run(["python notebook.py"], tmp_path)
    assert (tmp_path / "results-december" / "report.html").is_file()
    assert "Who moved" in (tmp_path / "results-december" / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_other_commands_that_can_be_pasted_run(tmp_path):
    run(shell_lines(DOCS / "simulated-company.md"), tmp_path)
    assert (tmp_path / "company" / "truth" / "parameters.json").is_file()
