"""The commands that look ahead and back: churn from a table, predict, backtest."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.special import expit

from studies.shops import planted


@pytest.fixture(scope="module")
def subscribers(tmp_path_factory) -> Path:
    """Few months make leave; the colour does not; the exit survey knows."""
    random = np.random.Generator(np.random.Philox(1))
    path = tmp_path_factory.mktemp("table") / "subscribers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["账号", "months", "colour", "survey", "state"])
        for number in range(240):
            months = int(random.integers(1, 60))
            gone = bool(random.random() < expit(2 - 0.1 * months))
            survey = int(random.integers(3, 20)) if gone else int(random.integers(0, 5))
            colour = ["红", "blue"][number % 2]
            writer.writerow([f"{number:04}", months, colour, survey, "gone" if gone else "here"])
    return path


def test_churn_from_a_table_to_a_model_that_answers(guanxi, subscribers, tmp_path):
    out = tmp_path / "out"
    said = guanxi("churn", subscribers, "--label", "state", "--left", "gone", "--out", out, "--without", "survey")
    assert (said.code, said.err) == (0, "")
    assert "240 customers. Published: " in said.out
    assert sorted(path.name for path in out.iterdir()) == ["model", "report.html", "scores.csv", "scores.parquet"]
    scores = pq.read_table(out / "scores.parquet")
    assert scores.column_names == ["customer_id", "left", "churn_probability", "churn_band", "reasons"]
    assert scores["customer_id"].to_pylist()[:2] == ["0000", "0001"]
    assert {each["code"] for reasons in scores["reasons"].to_pylist() for each in reasons} == {"months", "colour"}
    said = guanxi("predict", out / "model", subscribers, "--out", tmp_path / "said.csv", "--lang", "zh")
    assert (said.code, said.out) == (0, f"已用模型 churn 预测 240 位客户，结果写入：{tmp_path / 'said.csv'}\n")
    assert (tmp_path / "said.csv").read_text(encoding="utf-8-sig").count("\n") == 241


def test_a_column_that_knows_too_much_is_named_until_it_is_declared(guanxi, subscribers, tmp_path):
    said = guanxi("churn", subscribers, "--label", "state", "--left", "gone", "--out", tmp_path / "a")
    assert "• Column survey alone tells as much as needs explaining" in said.out
    assert "--known-at survey=before" in said.out
    said = guanxi("churn", subscribers, "--label", "state", "--left", "gone", "--out", tmp_path / "b",
                  "--known-at", "survey=before")  # fmt: skip
    assert "survey" not in said.out


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--label", "state"), 3, "--left VALUE"),
        (("--label", "status"), 3, "status"),
        (("--label", "state", "--left", "gone", "--known-at", "survey"), 2, "COLUMN=before"),
        (("--label", "state", "--left", "gone", "--known-at", "survey=later"), 2, "before or after"),
        (("--label", "state", "--left", "gone", "--without", "surveys"), 3, "surveys"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_and_leaves_nothing(guanxi, subscribers, tmp_path, options, code, told):
    said = guanxi("churn", subscribers, *options, "--out", tmp_path / "out")
    assert said.code == code
    assert told in said.err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def members(tmp_path_factory) -> Path:
    """Of 400 who joined in 2023 each leaves with his own constant chance a month."""
    random = np.random.Generator(np.random.Philox(2))
    path = tmp_path_factory.mktemp("table") / "members.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["会员", "joined", "left", "fee"])
        for number in range(400):
            began, lasts = int(random.integers(0, 12)), int(random.geometric(max(random.beta(0.8, 6.0), 1e-6)))
            ends = began + lasts
            dates = [f"{2023 + each // 12}-{each % 12 + 1:02}-01" for each in (began, ends)]
            writer.writerow([f"{number:04}", dates[0], dates[1] if ends < 24 else "", [12, 30][number % 2]])
    return path


def test_retention_from_a_table_of_contracts(guanxi, members, tmp_path):
    out = tmp_path / "out"
    said = guanxi("retention", members, "--began", "joined", "--ended", "left", "--key", "会员", "--value", "fee",
                  "--as-of", "2025-01-01", "--out", out)  # fmt: skip
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("400 contracts, ")
    assert sorted(path.name for path in out.iterdir()) == [
        "cohorts.csv", "contracts.csv", "contracts.parquet", "report.html", "retention.csv",
    ]  # fmt: skip
    contracts = pq.read_table(out / "contracts.parquet")
    assert contracts["customer_id"].to_pylist()[:2] == ["0000", "0001"]
    assert contracts["residual_value"].null_count == sum(contracts["has_left"].to_pylist())
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "How long contracts last" in page
    assert "2023-01" in page
    said = guanxi("retention", members, "--began", "joined", "--ended", "fee", "--out", tmp_path / "b", "--lang", "zh")
    assert said.code == 3
    assert "不是日期" in said.err


def test_predict_says_what_a_folder_lacks(guanxi, subscribers, tmp_path):
    said = guanxi("predict", tmp_path, subscribers, "--out", tmp_path / "said.csv")
    assert said.code == 3
    assert "model.json" in said.err


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    random = np.random.Generator(np.random.Philox(3))
    planted(folder, [(f"K{who:03}", int(day), 9.5) for who in range(150) for day in random.integers(0, 200, 5)])
    return folder / "warehouse"


def test_backtest_writes_how_right_it_would_have_been(guanxi, warehouse, tmp_path):
    said = guanxi("backtest", "--warehouse", warehouse, "--out", tmp_path / "out", "--horizon-days", 40,
                  "--cutoffs", 2, "--study", "value", "--as-of", dt.date(2024, 7, 1))  # fmt: skip
    assert (said.code, said.err) == (0, "")
    assert "of 2 dates" in said.out
    names = ["backtest.csv", "backtest.html", "backtest.json"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    rows = list(csv.DictReader((tmp_path / "out/backtest.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["cutoff"] for row in rows} == {"2024-04-12", "2024-05-22"}
    assert {row["study"] for row in rows} == {"value"}


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--study", "overview"), 2, "looks back"),
        (("--study", "fortune"), 2, "no study fortune"),
        (("--horizon-days", 900), 3, "shorter --horizon-days"),
        (("--cutoffs", 0), 2, ""),
    ],
)
def test_what_cannot_be_looked_back_on_is_told(guanxi, warehouse, tmp_path, options, code, told):
    said = guanxi("backtest", "--warehouse", warehouse, "--out", tmp_path / "out", *options)
    assert said.code == code
    assert told in said.err
    assert not (tmp_path / "out").exists()
