"""Every command: what it prints, what it leaves, and how it ends."""

from __future__ import annotations

import errno
import io
import re
from pathlib import Path

import pytest
from rich.console import Console

import guanxi.cli.app as app_module
from guanxi.cli.bar import TerminalProgress
from guanxi.cli.language import Language, asked_language, environment_language
from guanxi.cli.usage import usage_told
from guanxi.intake.mapping import Mapping
from intake import gallery
from mine.shop import HEADER, LATER, ROWS, write_csv

COMMANDS = ("mine", "profile", "import", "watch", "studies", "study", "simulate", "warehouse")


@pytest.fixture
def orders(tmp_path) -> Path:
    return write_csv(tmp_path / "orders.csv")


def test_help_names_every_command(guanxi):
    said = guanxi("--help")
    assert said.code == 0
    assert all(f" {command} " in said.out for command in COMMANDS)


@pytest.mark.parametrize("command", [*COMMANDS[:7], "warehouse list", "warehouse show"])
def test_every_command_has_help(guanxi, command):
    said = guanxi(*command.split(), "--help")
    assert said.code == 0
    assert f"guanxi {command}" in said.out


def test_mine_prints_the_guess_the_account_and_where_the_report_is(guanxi, orders, tmp_path):
    said = guanxi("mine", orders, "--out", tmp_path / "out", "--currency", "eur")
    assert (said.code, said.err) == (0, "")
    assert "orders.csv: taken for orders, 9 records" in said.out
    assert "Customer ID" in said.out
    assert "张三" in said.out
    assert "orders.csv: 9 records = 8 loaded + 0 known already + 1 set aside" in said.out
    assert "4 customers as of 2024-03-06 (snapshot 1)." in said.out
    assert f"Report: {tmp_path / 'out' / 'report.html'}" in said.out
    assert (tmp_path / "out/customers.csv").is_file()


def test_mine_speaks_chinese(guanxi, orders, tmp_path):
    said = guanxi("mine", orders, "--out", tmp_path / "out", "--lang", "zh")
    assert "orders.csv：识别为订单，9 条记录" in said.out
    assert "截至 2024-03-06 共 4 位客户（快照 1）。" in said.out
    assert "当时" not in said.err


def test_mine_takes_all_its_options(guanxi, orders, tmp_path):
    guanxi("mine", orders, "--out", tmp_path / "first")
    said = guanxi(
        "mine", orders, "--out", tmp_path / "out", "--as-of", "2024-03-01", "--horizon-days", 30, "--lang", "en",
        "--map", tmp_path / "first/mapping.yaml", "--timezone", "UTC", "--warehouse", tmp_path / "w",
    )  # fmt: skip
    assert said.code == 0
    assert "2 customers as of 2024-03-01" in said.out


def test_a_dry_run_accounts_for_every_row_and_writes_nothing(guanxi, orders, tmp_path):
    said = guanxi("mine", orders, "--out", tmp_path / "out", "--dry-run")
    assert said.code == 0
    assert "Customer not known: 1" in said.out
    assert "nothing was kept" in said.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders.csv"]


def test_a_dry_run_needs_no_directory_for_results_and_can_save_what_it_took_columns_for(guanxi, orders, tmp_path):
    said = guanxi("mine", orders, "--dry-run", "--save-map", tmp_path / "mapping.yaml")
    assert (said.code, said.err) == (0, "")
    assert "Correct it there, and run again with --map" in said.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mapping.yaml", "orders.csv"]
    assert Mapping.load(tmp_path / "mapping.yaml").files[0].columns["customer_id"].column == "Customer ID"
    assert guanxi("mine", orders, "--out", tmp_path / "out", "--map", tmp_path / "mapping.yaml").code == 0


@pytest.mark.parametrize("command", [["profile"], ["import", "--warehouse", "w"]])
def test_profile_and_import_save_what_they_took_columns_for(guanxi, orders, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    assert guanxi(command[0], orders, *command[1:], "--save-map", "mapping.yaml", "--lang", "zh").code == 0
    assert "客户" in (tmp_path / "mapping.yaml").read_text(encoding="utf-8")


def test_a_dry_run_of_import_writes_nothing(guanxi, orders, tmp_path):
    assert guanxi("import", orders, "--warehouse", tmp_path / "w", "--dry-run").code == 0
    assert not (tmp_path / "w").exists()


def test_from_import_to_study_to_next_month(guanxi, orders, tmp_path):
    warehouse = tmp_path / "w"
    said = guanxi("import", orders, "--warehouse", warehouse, "--currency", "EUR")
    assert "Snapshot 1 of" in said.out
    said = guanxi("study", "segments", "--warehouse", warehouse, "--out", tmp_path / "out")
    assert (said.code, "4 customers as of 2024-03-06 (snapshot 1)." in said.out) == (0, True)
    said = guanxi("mine", orders, "--out", tmp_path / "out", "--warehouse", warehouse)
    assert "orders.csv: known already (delivery 1); nothing was added." in said.out
    later = write_csv(tmp_path / "orders_2.csv", LATER)
    said = guanxi("mine", later, "--out", tmp_path / "out", "--warehouse", warehouse)
    assert "2 customers are in another segment than last time; 1 is new." in said.out
    said = guanxi("warehouse", "list", warehouse)
    assert said.out.count("Files brought in") == 2
    assert "as of 2024-05-04" in said.out
    said = guanxi("warehouse", "show", warehouse, "--snapshot", 1)
    assert "Snapshot 1 (data of snapshot 1); currency EUR, time zone UTC" in said.out
    assert "order_lines" in said.out
    assert "KiB" in said.out


def test_profile_shows_the_measures_and_what_to_do(guanxi, orders):
    said = guanxi("profile", orders)
    assert said.code == 0
    assert all(measure in said.out for measure in ("Accuracy", "Completeness", "Consistency", "Timeliness"))
    assert "→" in said.out


def test_studies_lists_what_there_is(guanxi):
    said = guanxi("studies", "--lang", "zh")
    assert said.code == 0
    assert "overview" in said.out
    assert "生意怎么样？" in said.out


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_simulate_writes_a_company_that_can_be_mined(guanxi, tmp_path, format_):
    said = guanxi("simulate", "--customers", 30, "--days", 90, "--out", tmp_path / "shop", "--format", format_)
    assert said.code == 0
    assert f"orders.{format_}" in said.out
    said = guanxi("mine", tmp_path / f"shop/orders.{format_}", "--out", tmp_path / "out")
    assert said.code == 0


def test_doubtful_columns_and_square_brackets_are_printed_as_they_are(guanxi, tmp_path):
    header = [name.replace("Product Name", "[bold]Product Name") for name in HEADER]
    said = guanxi("mine", write_csv(tmp_path / "[red]orders.csv", ROWS, header), "--out", tmp_path / "out")
    assert "[red]orders.csv" in said.out
    assert "[bold]Product Name" in said.out


WRONG = {
    "no such file": (["mine", "nowhere.csv", "--out", "{out}"], 3, "There is no file nowhere.csv"),
    "a folder without tables": (["mine", "{empty}", "--out", "{out}"], 3, "has no file to read"),
    "no such mapping": (["mine", "{orders}", "--out", "{out}", "--map", "no.yaml"], 3, "There is no mapping no.yaml"),
    "no such currency": (["mine", "{orders}", "--out", "{out}", "--currency", "XQX"], 2, "There is no currency XQX"),
    "no such zone": (["mine", "{orders}", "--out", "{out}", "--timezone", "Mars"], 2, "There is no time zone Mars"),
    "too early": (["mine", "{orders}", "--out", "{out}", "--as-of", "2020-01-01"], 3, "Nobody has bought before"),
    "no date": (["mine", "{orders}", "--out", "{out}", "--as-of", "soon"], 2, "soon is not a date"),
    "no horizon": (["mine", "{orders}", "--out", "{out}", "--horizon-days", "0"], 2, "--horizon-days"),
    "no language": (["mine", "{orders}", "--out", "{out}", "--lang", "fr"], 2, "--lang"),
    "no out": (["mine", "{orders}"], 2, "--out"),
    "out is a file": (["mine", "{orders}", "--out", "{orders}"], 2, "is a file"),
    "out below a file": (["mine", "{orders}", "--out", "{orders}/x"], 3, "cannot be written"),
    "study out below a file": (
        ["study", "segments", "--warehouse", "w", "--out", "{orders}/x"],
        3,
        "cannot be written",
    ),
    "no command": (["dance"], 2, "There is no command dance"),
    "no option": (["mine", "{orders}", "--out", "{out}", "--fast"], 2, "--fast"),
    "no warehouse": (["study", "segments", "--warehouse", "{tmp}/w", "--out", "{out}"], 4, "There is no warehouse in"),
    "no warehouse to list": (["warehouse", "list", "{tmp}"], 4, "There is no warehouse in"),
    "not a warehouse": (["mine", "{orders}", "--out", "{out}", "--warehouse", "{tmp}"], 4, "is not a warehouse"),
    "no study": (["study", "fortune", "--warehouse", "{tmp}", "--out", "{out}"], 2, "There is no study fortune"),
    "no customers": (["simulate", "--customers", "0", "--out", "{out}"], 2, "customers is 0"),
    "no format": (["simulate", "--format", "pdf", "--out", "{out}"], 2, "--format"),
}


@pytest.mark.parametrize(("arguments", "code", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_in_a_sentence_and_leaves_nothing(
    guanxi, orders, tmp_path, tmp_path_factory, arguments, code, sentence
):
    empty = tmp_path_factory.mktemp("empty")
    places = {"orders": orders, "out": tmp_path / "out", "tmp": tmp_path, "empty": empty}
    said = guanxi(*[argument.format(**places) for argument in arguments])
    assert said.code == code
    assert sentence in " ".join(said.err.replace("│", " ").split())
    assert "Traceback" not in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders.csv"]


USAGE = {
    "missing option": (["import", "x.csv"], "缺少选项 --warehouse。"),
    "missing argument": (["profile"], "缺少参数 FILE。"),
    "no command": (["dance"], "没有名为 dance 的命令。"),
    "nearly a command": (["stdy"], "没有名为 stdy 的命令。是否应为 study"),
    "nearly a command of a group": (["warehouse", "lst"], "没有名为 lst 的命令。是否应为 list？"),
    "no option": (["studies", "--zzz"], "没有 --zzz 这个选项。"),
    "nearly an option": (["import", "x.csv", "--warehose", "w"], "没有 --warehose 这个选项。相近的有：--warehouse"),
    "no value": (["mine", "x.csv", "--out"], "--out 后面缺少值。"),
    "a value too much": (["mine", "x.csv", "--dry-run=3"], "--dry-run 后面不能带值。"),
    "too much": (["studies", "x", "y"], "命令行中有多余的内容：x和y。"),
    "no choice": (["simulate", "--out", "x", "--format", "pdf"], "--format 不能是 pdf，可选的值有：csv和parquet。"),
    "a file": (["mine", "x.csv", "--out", __file__], f"--out：{__file__} 是文件，请指定目录。"),
    "too little": (["mine", "x.csv", "--out", "x", "--horizon-days", "0"], "--horizon-days 不能小于 1。"),
    "too large": (["mine", "x.csv", "--out", "x", "--horizon-days", "9999"], "--horizon-days 不能大于 3650。"),
    "no whole number": (["simulate", "--out", "x", "--seed", "y"], "--seed 必须是整数。"),
    "no number": (["simulate", "--out", "x", "--dirt", "y"], "--dirt 必须是数字。"),
}


@pytest.mark.parametrize(("arguments", "sentence"), USAGE.values(), ids=USAGE)
def test_what_is_wrong_with_a_command_line_is_told_in_chinese(guanxi, monkeypatch, arguments, sentence):
    monkeypatch.setenv("GUANXI_LANG", "zh")
    said = guanxi(*arguments)
    assert (said.code, said.out) == (2, "")
    first, hint = said.err.splitlines()
    assert sentence in first
    assert not re.search(r"\b(the|is|are|not|value|command)\b", first.replace(__file__, ""), re.IGNORECASE)
    assert hint.startswith("查看用法：guanxi")


def test_what_a_later_typer_says_is_passed_on_as_it_is():
    class Unheard(Exception):
        def format_message(self) -> str:
            return "Something new."

    assert usage_told(Unheard(), "zh") == "Something new.\n查看用法：guanxi --help"


def test_what_is_wrong_is_told_in_the_language_asked_for(guanxi):
    assert "找不到文件 nowhere.csv" in guanxi("mine", "nowhere.csv", "--out", "x", "--lang", "zh").err
    assert "找不到文件 nowhere.csv" in guanxi("mine", "nowhere.csv", "--out", "x", "--lang=zh").err


def test_no_such_snapshot_is_told(guanxi, orders, tmp_path):
    guanxi("import", orders, "--warehouse", tmp_path / "w")
    said = guanxi("warehouse", "show", tmp_path / "w", "--snapshot", 9)
    assert (said.code, "There is no snapshot 9" in said.err) == (4, True)


HEAVY = ("hundred_megabyte", "ten_million", "bomb", "long_window", "open_quote", "endless", "last_corner", "many_keys")


@pytest.mark.parametrize("name", [name for name in gallery.FILES if not any(part in name for part in HEAVY)])
def test_every_nasty_file_has_a_clear_outcome(guanxi, tmp_path, name):
    path = gallery.FILES[name](tmp_path)
    said = guanxi("mine", path, "--out", tmp_path / "results")
    if said.code == 0:
        assert "Report: " in said.out
        assert (tmp_path / "results/report.html").is_file()
    else:
        assert said.code == 3
        assert said.err.strip()
        assert "Traceback" not in said.err
        assert not (tmp_path / "results").exists()


def test_an_interrupt_ends_with_its_sentence(guanxi, orders, tmp_path, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app_module.job, "mine", stop)
    said = guanxi("mine", orders, "--out", tmp_path / "out")
    assert (said.code, said.err) == (
        130,
        "Stopped. Nothing is half written; run the same command again to start over.\n",
    )


def test_an_interrupt_before_there_are_commands_ends_in_the_same_way(guanxi, monkeypatch):
    def stop(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("guanxi.cli.importlib.import_module", stop)
    assert guanxi("studies").code == 130


def test_a_full_disk_ends_with_its_sentence(guanxi, orders, tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(app_module.job, "write_outputs", full)
    said = guanxi("mine", orders, "--out", tmp_path / "out")
    assert said.code == 6
    assert "No space left on device" in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "C", "GUANXI_LANG": "zh"}, "zh"),
    ],
)
def test_it_speaks_the_language_of_the_terminal(monkeypatch, variables, language):
    for name in ("GUANXI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert environment_language() == language
    assert asked_language(["mine", "--lang"]) == language
    assert asked_language(["mine", "--lang", "fr"]) == language
    assert asked_language(["mine", "--lang", "zh"]) == Language.zh


def test_a_bar_shows_stage_share_and_speed():
    console = Console(force_terminal=True, width=120, record=True, file=io.StringIO())
    with TerminalProgress(console, "en") as progress:
        with progress.stage("cli.stage_read", 4_000_000):
            progress._bars.tasks[-1].start_time -= 2
            progress.advance(2_000_000)
            assert progress._bars.tasks[-1].fields["speed"].endswith("MB/s")
        with progress.stage("cli.stage_load", 1000):
            progress._bars.tasks[-1].start_time -= 2
            progress.advance(500)
            assert progress._bars.tasks[-1].fields["speed"].endswith("/s")
            assert progress._bars.tasks[-1].percentage == 50
        with progress.stage("cli.stage_write"):
            pass
    assert [task.percentage for task in progress._bars.tasks] == [100, 100, 100]
    assert [task.description for task in progress._bars.tasks][1] == "Checking and loading"
