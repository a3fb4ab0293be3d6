"""The main job from run to run: what is kept, what is compared, what an interrupt leaves."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import xlsxwriter

from guanxi import mine as job
from guanxi.errors import DataError, MappingError, SettingError
from guanxi.intake.mapping import Mapping
from guanxi.mine.outputs import write_outputs
from guanxi.progress import Progress
from guanxi.warehouse import Warehouse
from guanxi.warehouse.verify import verify
from intake import gallery
from mine.shop import AT, HEADER, LATER, ROWS, read_csv, read_result, run, write_csv


@pytest.fixture
def orders(tmp_path) -> Path:
    return write_csv(tmp_path / "orders_2024-03.csv")


def everything(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()
    }


def history(directory: Path) -> list[str]:
    with Warehouse.open(directory) as warehouse:
        return [moment.reason for moment in warehouse.history()]


def test_a_warehouse_keeps_data_and_scores(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    assert history(tmp_path / "w") == ["created", "import", "scores"]
    with Warehouse.open(tmp_path / "w") as warehouse:
        snapshot = warehouse.snapshot()
        assert scores_by_study(warehouse) == {"value": 9, "next_purchase": 3, "segments": 9}
    tables = ("order_lines", "orders", "customers", "products", "rejects", "segment_members")
    assert {name: snapshot.rows(name) for name in tables} == {
        "order_lines": 8,
        "orders": 7,
        "customers": 4,
        "products": 3,
        "rejects": 1,
        "segment_members": 4 + 3 + 3 + 1,
    }
    assert snapshot.data_id == 1


def test_the_same_file_again_changes_nothing(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    first = everything(tmp_path / "out")
    mined = run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    second = everything(tmp_path / "out")
    assert history(tmp_path / "w") == ["created", "import", "scores"]
    assert mined.intake.files[0].known.id == 1
    # Only what is said of the delivery is new: nothing was loaded, and nothing had to be guessed.
    assert {name for name in first if first[name] != second[name]} == {"quality.json", "report.html", "result.json"}
    (file,) = read_result(tmp_path / "out")["files"]
    assert (file["records"], file["loaded"], file["known"]) == (9, 0, 9)


def test_a_grown_file_adds_only_what_is_new(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    write_csv(orders, [*ROWS, *LATER])
    mined = run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    account = mined.intake.files[0].account
    # The record without a date cannot be known again: it is set aside in every delivery.
    assert (account.records, account.loaded, account.known, account.set_aside) == (11, 2, 8, 1)
    fresh = run([orders], tmp_path / "fresh")
    assert pq.read_table(tmp_path / "out/customers.parquet") == pq.read_table(tmp_path / "fresh/customers.parquet")
    rows = {each["study"]: each["rows"] for each in read_result(tmp_path / "out")["studies"]}
    assert rows["segments"] == {
        "delivered": 20, "used": 8, "set_aside": 2, "kept_out": {"already_known": 8, "no_amount": 1, "no_customer": 1},
    }  # fmt: skip
    assert fresh.as_of == mined.as_of == dt.date(2024, 5, 4)


def test_a_line_that_a_later_delivery_changed_counts_once_and_is_accounted_for(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    changed = [(*ROWS[3][:5], "6", *ROWS[3][6:]) if row is ROWS[3] else row for row in ROWS]
    mined = run([write_csv(orders, changed)], tmp_path / "out", warehouse_path=tmp_path / "w")
    fresh = run([orders], tmp_path / "fresh")
    assert pq.read_table(tmp_path / "out/customers.parquet") == pq.read_table(tmp_path / "fresh/customers.parquet")
    accounts = [each.result("segments").account for each in (mined, fresh)]
    assert accounts[0].used == accounts[1].used
    assert accounts[0].kept_out["superseded"] == 1


def test_next_months_file_needs_no_guess_and_says_who_moved(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    mined = run([write_csv(tmp_path / "orders_2024-05.csv", LATER)], tmp_path / "out", warehouse_path=tmp_path / "w")
    assert mined.intake.files[0].guess is None
    before, now = mined.movement.before_as_of, mined.movement.as_of
    assert (before, now) == (dt.date(2024, 3, 6), dt.date(2024, 5, 4))
    then = {"=1+1": "promising", "张三": "at_risk", "李四": "hibernating", "王五": "no_purchase_yet"}
    after = {
        row["customer_id"]: row["segment"] for row in pq.read_table(tmp_path / "out/customers.parquet").to_pylist()
    }
    assert mined.movement.new == 1
    assert mined.movement.moved == sum(after[name] != segment for name, segment in then.items()) == 2
    movement = read_result(tmp_path / "out")["movement"]
    assert (movement["moved"], movement["new"]) == (2, 1)
    assert sum(row["customers"] for row in movement["customers"]) == 5
    assert "Segments last time and now" in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_the_mapping_that_was_used_serves_the_next_file_without_a_warehouse(orders, tmp_path):
    run([orders], tmp_path / "out")
    mapping = Mapping.load(tmp_path / "out/mapping.yaml")
    assert (mapping.currency, mapping.timezone) == ("EUR", "UTC")
    later = write_csv(tmp_path / "orders_2024-05.csv", LATER)
    mined = run([later], tmp_path / "out2", mapping=mapping, currency=None)
    assert mined.intake.files[0].guess is None
    assert mined.snapshot.settings.currency == "EUR"


def test_a_date_in_the_past_gives_what_the_file_of_that_day_would_have_given(orders, tmp_path):
    run([orders], tmp_path / "past", as_of=dt.date(2024, 3, 1))
    cut = write_csv(tmp_path / "orders_cut.csv", [row for row in ROWS if row[1] < "2024-03-01"])
    run([cut], tmp_path / "cut", as_of=dt.date(2024, 3, 1))
    for name in ("customers.parquet", "customers.csv", "segments.csv"):
        assert (tmp_path / "past" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()
    kept_out = read_result(tmp_path / "past")["studies"][0]["rows"]["kept_out"]
    assert kept_out == {"not_yet": 5}


def test_a_date_before_the_first_order_is_refused(orders, tmp_path):
    with pytest.raises(DataError, match="from 2024-01-05 to 2024-03-05"):
        run([orders], tmp_path / "out", as_of=dt.date(2024, 1, 5))
    assert not (tmp_path / "out").exists()


def test_a_dry_run_says_it_all_and_keeps_nothing(orders, tmp_path):
    intake, accounts = job.dry_run([orders], at=AT, currency="EUR")
    assert {name: account.used for name, account in accounts} == {
        "overview": 7, "value": 6, "next_purchase": 6, "segments": 6, "churn": 6, "affinity": 7, "coverage": 6,
    }  # fmt: skip
    account = intake.files[0].account
    assert (account.records, account.loaded, account.set_aside, account.known) == (9, 8, 1, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders_2024-03.csv"]


def test_a_dry_run_on_a_warehouse_leaves_it_as_it_is(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    before = everything(tmp_path / "w")
    later = write_csv(tmp_path / "orders_2024-05.csv", LATER)
    _, accounts = job.dry_run([later], at=AT, warehouse_path=tmp_path / "w")
    assert dict(accounts)["overview"].used == 9
    assert everything(tmp_path / "w") == before


def test_customers_and_products_come_from_their_own_files(orders, tmp_path):
    people = write_csv(
        tmp_path / "customers.csv", [("张三", "Zhang San", "Germany"), ("钱七", "Qian Qi", "Italy")],
        ("Customer ID", "Customer Name", "Country"),
    )  # fmt: skip
    goods = write_csv(
        tmp_path / "products.csv", [("P1", "Green tea, 50 g", "Tea", "4.00"), ("P2", "Cup", "Ware", "2.00")],
        ("Product Code", "Product Name", "Category", "Unit Cost"),
    )  # fmt: skip
    mined = run([orders, people, goods], tmp_path / "out")
    assert [each.mapping.kind for each in mined.intake.files] == ["customers", "products", "orders"]
    found = {row["customer_id"]: row for row in pq.read_table(tmp_path / "out/customers.parquet").to_pylist()}
    # Everyone who appears is a customer, also who is only in the customer file.
    assert found["钱七"]["segment"] == "no_purchase_yet"
    products = {row["product_id"]: row for row in mined.result("overview").tables["sales_by_product"].to_pylist()}
    assert (products["P1"]["description"], products["P1"]["category"]) == ("Green tea, 50 g", "Tea")
    # The account is about rows of orders.
    assert mined.result("overview").account.delivered == 9


def test_a_workbook_of_several_sheets_is_several_files_and_what_is_not_ours_is_left_out(tmp_path):
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, table in {
            "Orders": [HEADER, *ROWS],
            "People": [("Customer ID", "Customer Name", "Country"), ("张三", "Zhang San", "Germany")],
            "Shelves": [("Shelf", "Colour"), *[(f"shelf {n}", "red") for n in range(5)]],
        }.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(table):
                sheet.write_row(at, 0, row)
    mined = run([path], tmp_path / "out")
    assert [(each.staged.file, each.mapping.kind) for each in mined.intake.files] == [
        ("book.xlsx [People]", "customers"),
        ("book.xlsx [Orders]", "orders"),
    ]
    assert "mine.not_a_table_of_ours" in {note.code for note in mined.intake.notes}
    assert mined.result("segments").tables["customers"].num_rows == 4


def test_a_file_without_a_date_is_refused_with_a_mapping_to_complete(tmp_path):
    with pytest.raises(MappingError) as caught:
        run([gallery.plain(tmp_path)], tmp_path / "out")
    text = caught.value.say("en")
    assert "Its columns are: 订单号, 客户, 商品, 数量, and 金额." in text
    (tmp_path / "mapping.yaml").write_text(text[text.index("version: 1") :].replace("…", "数量"), encoding="utf-8")
    mapping = Mapping.load(tmp_path / "mapping.yaml").files[0]
    assert {role: spec.column for role, spec in mapping.columns.items()}["ordered_at"] == "数量"
    assert mapping.columns["customer_id"].column == "客户"


def test_lines_without_any_customer_have_a_report_of_sales_alone(tmp_path):
    rows = [(row[1], row[4], row[5], row[6]) for row in ROWS]
    mined = run(
        [write_csv(tmp_path / "till.csv", rows, ("Time", "Product Name", "Quantity", "Price"))], tmp_path / "out"
    )
    assert mined.result("segments").tables["customers"].num_rows == 0
    assert "segments.missing_customers" in {message.code for message in mined.result("segments").missing}
    assert read_csv(tmp_path / "out/customers.csv") == []


def test_a_mapping_without_what_is_needed_is_refused(orders, tmp_path):
    run([orders], tmp_path / "out")
    text = (tmp_path / "out/mapping.yaml").read_text(encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(
        "\n".join(line for line in text.splitlines() if "ordered_at" not in line), encoding="utf-8"
    )
    with pytest.raises(MappingError, match="ordered_at"):
        Mapping.load(tmp_path / "mapping.yaml")


def test_two_files_that_are_no_tables_of_ours_are_refused_together(tmp_path):
    notes = [write_csv(tmp_path / f"{name}.csv", [("hello",), ("world",)], ("remark",)) for name in ("a", "b")]
    with pytest.raises(MappingError, match=r"a\.csv and b\.csv"):
        run(notes, tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"currency": "XQX"}, "no currency XQX"),
        ({"timezone": "Mars/Base"}, "no time zone Mars/Base"),
        ({"names": ["fortune"]}, "no study fortune"),
        ({"horizon_days": 0}, "at least 1"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(orders, tmp_path, options, said):
    with pytest.raises(SettingError, match=said):
        run([orders], tmp_path / "out", **options)


def test_a_warehouse_keeps_its_currency_and_time_zone(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w", timezone="Europe/London")
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w", currency="eur", timezone="Europe/London")
    with pytest.raises(SettingError, match="currency EUR, not CNY"):
        run([orders], tmp_path / "out", warehouse_path=tmp_path / "w", currency="CNY")
    with pytest.raises(SettingError, match="timezone Europe/London, not UTC"):
        run([orders], tmp_path / "out", warehouse_path=tmp_path / "w", timezone="UTC")


def test_a_file_of_services_only_has_products_of_none_and_still_a_report(tmp_path):
    path = write_csv(
        tmp_path / "cards.csv", [("张三", "2024-01-05", "9.50"), ("李四", "2024-01-06", "8.00")],
        ("Customer ID", "Order Date", "Amount"),
    )  # fmt: skip
    mined = run([path], tmp_path / "out")
    missing = {message.code for result in mined.results for message in result.missing}
    assert {"overview.missing_country", "overview.missing_product", "value.missing_history"} <= missing


def test_other_parameters_take_the_place_of_the_first_run_of_a_day(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w", horizon_days=30)
    with Warehouse.open(tmp_path / "w") as warehouse:
        snapshot = warehouse.snapshot()
        assert [moment.reason for moment in warehouse.history()] == ["created", "import", "scores", "scores"]
        assert snapshot.note["studies"]["segments"]["horizon_days"] == 30
        # Of thirty days there is history enough to know who left.
        assert scores_by_study(warehouse) == {"value": 9, "next_purchase": 3, "segments": 9, "churn": 3}


def test_a_study_run_again_alone_leaves_what_the_others_said(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    with Warehouse.open(tmp_path / "w") as warehouse:
        before = scores_by_study(warehouse)
    for horizon_days in (30, 30):
        job.mine([], at=AT, warehouse_path=tmp_path / "w", names=["segments"], horizon_days=horizon_days)
    with Warehouse.open(tmp_path / "w") as warehouse:
        assert scores_by_study(warehouse) == before
        assert warehouse.snapshot().note["studies"]["segments"]["horizon_days"] == 30
        assert [moment.reason for moment in warehouse.history()] == ["created", "import", "scores", "scores"]
        assert verify(warehouse, deep=True) == []


def scores_by_study(warehouse):
    files = warehouse.snapshot().files("scores")
    counted = pq.read_table(files).group_by("study").aggregate([([], "count_all")])
    return dict(zip(counted["study"].to_pylist(), counted["count_all"].to_pylist(), strict=True))


def test_a_study_alone_runs_on_what_the_warehouse_holds(orders, tmp_path):
    job.import_files([orders], tmp_path / "w", at=AT, currency="EUR")
    mined = job.mine([], at=AT, warehouse_path=tmp_path / "w", names=["overview"])
    written = write_outputs(mined, tmp_path / "out", language="en")
    assert [path.name for path in written] == ["rejects.csv", "report.html", "result.json"]
    assert history(tmp_path / "w") == ["created", "import"]


class Stopped(Progress):
    """Somebody presses Ctrl-C in one stage."""

    def __init__(self, stage: str) -> None:
        super().__init__()
        self.stage_to_stop = stage

    def started(self, stage):
        if stage.code == self.stage_to_stop:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    "stage",
    [
        "cli.stage_read",
        "cli.stage_map",
        "cli.stage_load",
        "cli.stage_features",
        "cli.stage_study_segments",
        "cli.stage_write",
    ],
)
def test_an_interrupt_leaves_the_files_of_the_run_before(orders, tmp_path, stage):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    before, in_warehouse = everything(tmp_path / "out"), everything(tmp_path / "w")
    later = write_csv(tmp_path / "orders_2024-05.csv", LATER)
    with pytest.raises(KeyboardInterrupt):
        run([later], tmp_path / "out", warehouse_path=tmp_path / "w", progress=Stopped(stage))
    assert everything(tmp_path / "out") == before
    if stage in {"cli.stage_read", "cli.stage_map", "cli.stage_load"}:
        assert everything(tmp_path / "w") == in_warehouse
    run([later], tmp_path / "out", warehouse_path=tmp_path / "w")
    assert len(read_csv(tmp_path / "out/customers.csv")) == 5


def test_quality_alone_loads_nothing(orders):
    intake = job.profile_files([orders], at=AT)
    (file,) = intake.files
    assert intake.snapshot is None
    assert file.quality.records == 9
    assert 0 < file.quality.overall < 1


def test_a_later_delivery_says_how_its_quality_changed(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    worse = write_csv(tmp_path / "orders_2024-05.csv", [*LATER, *[(*row[:2], "", *row[3:]) for row in LATER]])
    mined = run([worse], tmp_path / "out", warehouse_path=tmp_path / "w")
    assert mined.intake.files[0].trend


def test_the_delivery_is_kept_without_names_of_people(orders, tmp_path):
    run([orders], tmp_path / "out", warehouse_path=tmp_path / "w")
    with Warehouse.open(tmp_path / "w") as warehouse:
        (delivery,) = warehouse.deliveries()
    assert "张三" not in json.dumps(delivery.quality, ensure_ascii=False)
