"""The numbers in the options are the numbers given."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guanxi.report import charts
from guanxi.report.document import in_language


def test_bars_stand_in_the_order_given_from_the_top():
    option = charts.bar(["A", "B"], [3, 7], kind="int", name="Customers", by="Group").option
    assert option["yAxis"]["data"] == ["A", "B"]
    assert option["yAxis"]["inverse"] is True
    assert option["series"][0]["data"] == [3, 7]


def test_money_is_given_in_minor_and_drawn_in_major_units():
    chart = charts.bar(["A", "B", "C"], [1234, Decimal("99"), None], kind="money:GBP", name="Sales", by="Group")
    assert chart.option["series"][0]["data"] == [12.34, 0.99, None]
    assert chart.option["series"][0]["label"]["formatter"] == "@full/money:GBP"
    assert chart.table.rows == [("A", 1234), ("B", Decimal("99")), ("C", None)]
    assert charts.bar(["A"], [1500], kind="money:JPY", name="n", by="b").option["series"][0]["data"] == [1500]


def test_columns_draw_an_unfinished_last_period_lighter():
    months = ["2024-01", "2024-02", "2024-03"]
    whole = charts.columns(months, [1, 2, 3], kind="int", name="Orders").option["series"][0]["data"]
    unfinished = charts.columns(months, [1, 2, 3], kind="int", name="Orders", incomplete_last=True)
    last = unfinished.option["series"][0]["data"][-1]
    assert whole == [1, 2, 3]
    assert unfinished.option["series"][0]["data"][:2] == [1, 2]
    assert last["value"] == 3
    assert last["itemStyle"]["opacity"] < 1
    assert unfinished.table.rows == [("2024-01", 1), ("2024-02", 2), ("2024-03", 3)]


def test_a_line_is_dashed_towards_an_unfinished_last_period():
    solid, dashed = charts.line(["a", "b", "c"], [("New", [1, 2, 3])], kind="int", incomplete_last=True).option[
        "series"
    ]
    assert solid["data"] == [1, 2, None]
    assert dashed["data"] == [None, 2, 3]
    assert dashed["lineStyle"]["type"] == "dashed"
    assert solid["name"] == dashed["name"] == "New"


def test_one_line_needs_no_legend_and_two_do():
    assert "legend" not in charts.line(["a"], [("New", [1])], kind="int", incomplete_last=True).option
    two = charts.line(["a", "b"], [("New", [1, 2]), ("Old", [3, 4])], kind="int")
    assert two.option["legend"]
    assert [each["color"] for each in two.option["series"]] == ["@series-1", "@series-2"]
    assert two.table.rows == [("a", 1, 3), ("b", 2, 4)]


@pytest.mark.parametrize("upright", [True, False])
def test_stacked_bars_share_one_stack(upright):
    chart = charts.stacked_bar(["a", "b"], [("New", [1, 2]), ("Old", [3, 4])], kind="int", by="Month", upright=upright)
    assert [(each["stack"], each["data"]) for each in chart.option["series"]] == [("all", [1, 2]), ("all", [3, 4])]
    names, values = ("xAxis", "yAxis") if upright else ("yAxis", "xAxis")
    assert (chart.option[names]["type"], chart.option[values]["type"]) == ("category", "value")


def test_a_histogram_names_its_ranges_and_leaves_the_last_open():
    chart = charts.histogram([1, 2, 6, None], [9, 5, 1], kind="int", name="Customers", by="Orders")
    assert chart.option["xAxis"]["data"] == ["1|2", "2|6", "6|"]
    assert chart.option["series"][0]["data"] == [9, 5, 1]
    assert chart.table.rows == [(1, 2, 9), (2, 6, 5), (6, None, 1)]


def test_a_histogram_needs_one_more_edge_than_counts():
    with pytest.raises(ValueError, match="2 edges for 2 counts"):
        charts.histogram([1, 2], [9, 5], kind="int", name="n", by="b")


def test_a_pareto_curve_starts_at_nothing_and_names_its_mark():
    chart = charts.pareto([(0.5, 0.9), (1.0, 1.0)], marks=[(0.2, 0.76)])
    curve, equal, mark = chart.option["series"]
    assert curve["data"] == [[0.0, 0.0], [0.5, 0.9], [1.0, 1.0]]
    assert equal["data"] == [[0, 0], [1, 1]]
    assert mark["data"] == [[0.2, 0.76]]
    assert chart.table.rows == [(0.0, 0.0), (0.5, 0.9), (1.0, 1.0)]


def test_a_treemap_shades_by_size():
    option = charts.treemap(["A", "B"], [100, 10], kind="int", name="Customers", by="Group").option
    assert [(each["name"], each["value"], each["itemStyle"]["color"]) for each in option["series"][0]["data"]] == [
        ("A", 100, "@heat-5"),
        ("B", 10, "@heat-1"),
    ]


def test_the_best_customers_stand_at_the_top_right_of_the_rfm_grid():
    chart = charts.rfm_grid({(5, 5): 40, (1, 1): 8})
    cells = {cell["title"]: cell for cell in chart.option["series"][0]["data"]}
    assert len(cells) == 25
    assert cells["R 5 · F 5"]["value"] == [4, 0, 40]
    assert cells["R 5 · F 5"]["itemStyle"]["color"] == "@heat-5"
    assert cells["R 1 · F 1"]["value"] == [0, 4, 8]
    assert cells["R 3 · F 2"]["value"] == [1, 2, 0]
    assert cells["R 3 · F 2"]["itemStyle"]["color"] == "@heat-0"
    assert chart.table.rows[0] == ("R 5", 0, 0, 0, 0, 40)


def test_cohort_cells_that_are_not_over_are_left_out():
    chart = charts.cohorts(["2024-01", "2024-02"], [20, 10], [[0.5, 0.25], [0.4]], period="Months later")
    cells = [(cell["title"], cell["value"]) for cell in chart.option["series"][0]["data"]]
    assert cells == [
        ("2024-01 · +1", [0, 0, 0.5]),
        ("2024-01 · +2", [1, 0, 0.25]),
        ("2024-02 · +1", [0, 1, 0.4]),
    ]
    assert chart.option["yAxis"]["data"] == ["2024-01|20", "2024-02|10"]
    assert chart.table.rows == [("2024-01", 20, 0.5, 0.25), ("2024-02", 10, 0.4, None)]


def test_flows_keep_the_two_sides_apart():
    chart = charts.flows([("Loyal", "Loyal", 5), ("Loyal", "Lost", 2)], before="then", after="now")
    series = chart.option["series"][0]
    assert [(node["name"], node["title"], node["depth"]) for node in series["data"]] == [
        ("a0", "Loyal", 0),
        ("b0", "Loyal", 1),
        ("b2", "Lost", 1),
    ]
    assert [(link["source"], link["target"], link["value"]) for link in series["links"]] == [
        ("a0", "b0", 5),
        ("a0", "b2", 2),
    ]
    assert in_language(series["links"][1]["title"], "en") == "Loyal → Lost"


@pytest.mark.parametrize(
    "chart",
    [
        charts.bar([], [], kind="int", name="n", by="b"),
        charts.columns([], [], kind="int", name="n", incomplete_last=True),
        charts.treemap([], [], kind="int", name="n", by="b"),
        charts.rfm_grid({}),
        charts.cohorts([], [], [], period="p"),
        charts.flows([], before="b", after="a"),
        charts.pareto([]),
    ],
)
def test_a_chart_of_nothing_is_empty_and_no_error(chart):
    assert in_language(chart.option, "zh")["series"]
