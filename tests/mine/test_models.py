"""Models as files, and the tables that people ask them about."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from guanxi.errors import DataError, FileError, SettingError
from guanxi.mine.models import predict_file, read_table, write_model
from guanxi.mine.sheets import write_all
from guanxi.mining.classify import BucketRate
from guanxi.studies.kept import KeptModel, Probability


@pytest.fixture
def model(tmp_path) -> Path:
    past = pa.table({"customer_id": ["=A", "b", "c", "d"], "days": [1, 2, 30, 40], "label": [0, 0, 1, 1]})
    rule = BucketRate(column="days", buckets=2, weight=2.0).fit(past)
    answers = Probability(rule, {"days": "number"}, "churn", "churn_band", (0.33, 0.66))
    example = past.select(["customer_id", "days"])
    write_model(KeptModel("churn", answers, dt.date(2024, 1, 1), 90, "customer_id", example), tmp_path / "model")
    return tmp_path / "model"


def written(path: Path) -> list[dict]:
    options = pcsv.ConvertOptions(column_types={"customer_id": pa.string()})
    return pcsv.read_csv(path, convert_options=options).to_pylist()


def test_a_model_can_be_asked_about_its_own_example(model, tmp_path):
    kept, rows = predict_file(model, model / "example.csv", tmp_path / "said.csv")
    assert (kept.study, rows) == ("churn", 4)
    assert [row["churn_probability"] for row in written(tmp_path / "said.csv")] == [0.25, 0.25, 0.75, 0.75]


def test_an_id_keeps_its_zeros_and_is_no_formula(model, tmp_path):
    (tmp_path / "t.csv").write_text("customer_id;days\n007;1\n1e5;40\n=1+1;2\n", encoding="gb18030")
    predict_file(model, tmp_path / "t.csv", tmp_path / "said.csv")
    assert [row["customer_id"] for row in written(tmp_path / "said.csv")] == ["007", "1e5", "'=1+1"]
    predict_file(model, tmp_path / "t.csv", tmp_path / "said.parquet")
    assert pq.read_table(tmp_path / "said.parquet")["customer_id"].to_pylist() == ["007", "1e5", "=1+1"]


def test_another_ending_is_refused_before_anything_is_read(model, tmp_path):
    with pytest.raises(SettingError, match=r"\.csv or \.parquet"):
        predict_file(model, tmp_path / "nowhere.csv", tmp_path / "said.xlsx")


def test_what_cannot_be_answered_leaves_no_file(model, tmp_path):
    (tmp_path / "t.csv").write_text("customer_id,days\na,1\nb,soon\n", encoding="utf-8")
    with pytest.raises(DataError):
        predict_file(model, tmp_path / "t.csv", tmp_path / "said.csv")
    with pytest.raises(FileError):
        predict_file(model, tmp_path / "nowhere.csv", tmp_path / "said.csv")
    assert not (tmp_path / "said.csv").exists()


def test_numbers_in_a_text_file_are_numbers_and_codes_are_not(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("code,count,price,name,blank\n01,1, 2.5 ,a,\n12,,3,b,\n", encoding="utf-8")
    table = read_table(path)
    assert [str(kind) for kind in table.schema.types] == ["string", "int64", "double", "string", "string"]
    assert table.to_pylist()[0] == {"code": "01", "count": 1, "price": 2.5, "name": "a", "blank": None}


def test_a_column_may_be_asked_for_as_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,count\n1e5,1\n2,2\n", encoding="utf-8")
    assert read_table(path, texts=["id"])["id"].to_pylist() == ["1e5", "2"]


def test_parquet_has_types_of_its_own(tmp_path):
    table = pa.table({"a": [1.5, None], "b": ["01", "2"], "c": [True, False]})
    pq.write_table(table, tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet") == table


def test_a_record_without_a_place_in_the_table_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"customer_id,days\na,1\nb,2,3\nc,4\nd,5\ne,6\n")
    with pytest.raises(DataError) as raised:
        read_table(path)
    assert raised.value.message.parameters == {"path": "t.csv", "rows": 1, "line": 3}


def test_a_folder_takes_the_place_of_the_one_before(tmp_path):
    def write(folder: Path, *, name: str) -> None:
        (folder / "models").mkdir()
        (folder / "models" / name).write_text(name, encoding="utf-8")

    write_all(tmp_path / "out", lambda folder: write(folder, name="first"))
    (made,) = write_all(tmp_path / "out", lambda folder: write(folder, name="second"))
    assert made == tmp_path / "out" / "models"
    assert [path.name for path in made.iterdir()] == ["second"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["models"]


def test_what_is_interrupted_has_changed_nothing(tmp_path):
    write_all(tmp_path / "out", lambda folder: (folder / "a").write_text("first", encoding="utf-8"))

    def fail(folder: Path) -> None:
        (folder / "a").write_text("second", encoding="utf-8")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_all(tmp_path / "out", fail)
    assert [(path.name, path.read_text(encoding="utf-8")) for path in (tmp_path / "out").iterdir()] == [("a", "first")]
