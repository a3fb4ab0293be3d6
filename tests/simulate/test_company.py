import csv
import hashlib
import json

import pyarrow.parquet as pq
import pytest

from guanxi.errors import SettingError
from guanxi.progress import Progress
from guanxi.simulate import LINES_PER_CUSTOMER, BadOrders, Contracts, Relations, Visits, company, customers_for
from guanxi.simulate.catalogue import catalogue

PINNED = {
    "orders": "53600b4fe2789b373ba1daea735283e902128943e0d9d94c2e31313113c2aaa8",
    "customers": "0c5797563e5096890fc55a369878bb45302f49458b5707c6afcbf83ea55d65f6",
    "products": "d2ec2b534e0549e5abd1c01ecbe3f225d14ca400d721291b6886414dbfa7e716",
    "interactions": "4a33526c59024e34d7538f117025914836e56b7636ddcc1096113a5000ab0f1e",
    "campaigns": "854375a5fcc2767df7196f354510ee25938878756aa7b5c246d556ca8c296c1f",
    "treatments": "c88cd93864499e2d1ac6e21a42c2ff4404201321d3ff1460b7ea1fd7c74cf144",
    "responses": "441103699c060c2f128d738dd7d5310896eafbeb9804d2bbcbda73e052a7ca85",
    "contracts": "db6322827aba4cdae7114bbaec9d335eec063a94009e5ba3910d6295afbda01a",
}


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return company(customers=200, seed=7, dirt=0.2).write(tmp_path_factory.mktemp("written"))


def test_the_files_are_byte_for_byte_those_of_every_machine(written):
    assert {name: digest(written[name]) for name in PINNED} == PINNED


def test_written_again_all_files_are_the_same(written, tmp_path):
    again = company(customers=200, seed=7, dirt=0.2).write(tmp_path)
    assert {name: digest(path) for name, path in again.items()} == {name: digest(p) for name, p in written.items()}


def test_all_the_files_are_where_the_answer_says_and_nothing_else(written):
    folder = written["orders"].parent
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "campaigns.csv", "contracts.csv", "customers.csv", "interactions.csv", "orders.csv", "products.csv",
        "responses.csv", "treatments.csv", "truth/bad_orders.parquet", "truth/contracts.parquet",
        "truth/customers.parquet", "truth/effects.parquet", "truth/odd_lines.parquet", "truth/pairs.parquet",
        "truth/parameters.json",
    ]  # fmt: skip
    assert all(path.is_file() for path in written.values())
    assert len(written) == 15


def test_without_relations_the_same_orders_stand_alone(written, tmp_path):
    alone = company(customers=200, seed=7, dirt=0.2).write(tmp_path, relations=False)
    assert sorted(alone) == [
        "customers", "orders", "products", "truth_customers", "truth_odd_lines", "truth_parameters",
    ]  # fmt: skip
    assert {name: digest(path) for name, path in alone.items()} == {name: digest(written[name]) for name in alone}
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 6


def test_other_laws_of_what_happens_besides_orders_leave_the_orders_alone(written, tmp_path):
    other = Relations(bad_orders=BadOrders(before_leaving=0.6), visits=Visits(per_order=1.0))
    alone = company(customers=200, seed=7, dirt=0.2, relations=other).write(tmp_path, relations=False)
    for name in ("orders", "customers", "products", "truth_odd_lines"):
        assert digest(alone[name]) == digest(written[name])


def test_parquet_holds_the_same_lines(written, tmp_path):
    table = pq.read_table(company(customers=200, seed=7, dirt=0.2).write(tmp_path, format="parquet")["orders"])
    as_text = [{name: "" if value is None else str(value) for name, value in row.items()} for row in table.to_pylist()]
    assert as_text == rows_of(written["orders"])


def test_every_customer_and_product_of_a_line_is_in_its_file(written):
    customers = {row["Customer ID"] for row in rows_of(written["customers"])}
    products = {row["Product Code"] for row in rows_of(written["products"])}
    lines = rows_of(written["orders"])
    assert len(customers) == 200
    assert {line["Customer ID"] for line in lines} - {""} == customers
    assert {line["Product Code"] for line in lines} - {"POST", "TEST"} <= products


def test_the_truth_has_one_row_a_customer_and_says_what_he_did(written):
    truth = pq.read_table(written["truth_customers"]).to_pylist()
    lines = rows_of(written["orders"])
    odd_rows = {row["row"] for row in pq.read_table(written["truth_odd_lines"]).to_pylist()}
    plain = [line for number, line in enumerate(lines, 1) if number not in odd_rows]
    for customer in truth:
        own = [line for line in plain if line["Customer ID"] == customer["customer_id"]]
        assert len({line["Order No"] for line in own}) == customer["orders"]
        assert own[0]["Order Time"] == str(customer["arrived_at"])
        assert own[-1]["Order Time"] == str(customer["last_order_at"])
        assert customer["left_at"] >= customer["last_order_at"]
        assert customer["rate_per_day"] > 0
        assert customer["visits_per_day"] == pytest.approx(4 * customer["rate_per_day"])
        assert customer["bad_orders"] >= customer["last_order_bad"]


def test_the_geometric_truth_knows_when_a_customer_left(tmp_path):
    paths = company(customers=300, seed=7, dropout="geometric").write(tmp_path)
    truth = pq.read_table(paths["truth_customers"]).to_pylist()
    assert all((row["left_at"] is None) == row["alive_at_end"] for row in truth)
    assert all(row["left_at"] == row["last_order_at"] for row in truth if not row["alive_at_end"])
    assert 0 < sum(row["alive_at_end"] for row in truth) < 300


def test_the_parameters_name_the_planted_pairs_by_their_products(written):
    data = json.loads(written["truth_parameters"].read_text(encoding="utf-8"))
    products = {row["Product Code"]: row["Product Name"] for row in rows_of(written["products"])}
    first = data["pairs"][0]
    assert first["probability"] == 0.4
    assert products[first["product_id"]] == "紫砂壶 / Purple clay teapot"
    assert products[first["companion_id"]] == "品茗杯一对 / Tea tasting cups, pair"
    assert data["parameters"]["seed"] == 7
    assert sum(category["share"] for category in data["categories"]) == pytest.approx(1)


def test_a_chinese_shop_is_chinese_throughout(tmp_path):
    paths = company(customers=50, seed=7, language="zh", dirt=0.2).write(tmp_path)
    line = rows_of(paths["orders"])[0]
    assert list(line) == ["订单号", "下单时间", "客户编号", "商品编码", "商品名称", "数量", "单价", "国家/地区"]
    assert line["商品名称"] in {zh for zh, _ in catalogue().names}
    customer = rows_of(paths["customers"])[0]
    assert not customer["姓名"].isascii()
    assert not customer["城市"].isascii()
    assert rows_of(paths["products"])[0]["商品类别"] == "茶叶"
    assert list(rows_of(paths["interactions"])[0]) == [
        "往来编号", "客户编号", "发生时间", "渠道", "类型", "方向", "时长（秒）", "费用",
    ]  # fmt: skip
    assert rows_of(paths["campaigns"])[0]["活动名称"] == "第 1 期活动"


def test_an_english_shop_is_plain_ascii(tmp_path):
    paths = company(customers=50, seed=7, language="en").write(tmp_path)
    for name in ("orders", "customers", "products"):
        assert paths[name].read_bytes().removeprefix(b"\xef\xbb\xbf").isascii()


def test_customers_joined_on_the_day_of_their_first_order(written):
    truth = {row["customer_id"]: row["arrived_at"] for row in pq.read_table(written["truth_customers"]).to_pylist()}
    for row in rows_of(written["customers"]):
        assert row["Joined"] == truth[row["Customer ID"]].date().isoformat()


def test_progress_counts_customers_and_lines(tmp_path):
    progress = Progress()
    company(customers=100, seed=7).write(tmp_path, progress=progress)
    lines, touches = (len(rows_of(tmp_path / f"{name}.csv")) for name in ("orders", "interactions"))
    assert [(stage.code, stage.total, stage.done) for stage in progress.stages] == [
        ("simulate.stage_customers", 100, 100),
        ("simulate.stage_orders", lines, lines),
        ("simulate.stage_relations", touches, touches),
    ]


def test_what_is_interrupted_leaves_no_half_file(tmp_path):
    class Interrupted(Progress):
        def moved(self, stage):
            if stage.code == "simulate.stage_orders":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        company(customers=100, seed=7).write(tmp_path, progress=Interrupted())
    assert not (tmp_path / "orders.csv").exists()
    assert not list(tmp_path.rglob("*.partial"))


def test_the_smallest_company_has_all_its_files(tmp_path):
    nothing = Relations(contracts=Contracts(plans=()))
    paths = company(customers=1, seed=7, days=1, relations=nothing).write(tmp_path)
    assert len(rows_of(paths["customers"])) == 1
    assert [rows_of(paths[name]) for name in ("campaigns", "treatments", "responses", "contracts")] == [[], [], [], []]
    assert pq.read_table(paths["truth_pairs"]).num_rows == 6555


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(SettingError) as refused:
        company(customers=1, seed=7).write(tmp_path, format="xlsx")
    assert refused.value.code == "simulate.not_one_of"


def test_customers_for_lines_meets_them_about():
    lines = sum(batch.num_rows for batch in company(customers=customers_for(200_000), seed=7).batches())
    assert abs(lines / 200_000 - 1) < 0.05
    assert customers_for(1) == 1
    assert customers_for(10_000_000) == 10_000_000 // LINES_PER_CUSTOMER
