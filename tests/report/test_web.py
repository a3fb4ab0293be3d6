"""The web of things that belong together: points where forces rest, lines, and the steps of its slider."""

from __future__ import annotations

import itertools
import math

import pytest

from guanxi.report import charts
from guanxi.report.charts import Link
from guanxi.report.document import Slider, in_language
from guanxi.words import Message

WORDS = {"name": "Baskets", "strength": "Lift", "one": "One", "other": "Other", "least": "At least"}


def web(count, links):
    return charts.web([f"p{n}" for n in range(count)], [10 + n for n in range(count)], links, **WORDS)


def points(chart):
    return [(node["x"], node["y"]) for node in chart.option["series"][0]["data"]]


def distance(one, other):
    return math.hypot(one[0] - other[0], one[1] - other[1])


RING = [Link(n, (n + 1) % 20, 100 - n, 2.0) for n in range(20)]


def test_the_numbers_are_in_the_option_and_in_the_table():
    chart = charts.web(["tea", "cup", "ink"], [90, 40, 9], [Link(0, 1, 30, 2.5), Link(2, 0, 5, 1.5)], **WORDS)
    (series,) = chart.option["series"]
    assert [(node["title"], node["value"]) for node in series["data"]] == [("tea", 90), ("cup", 40), ("ink", 9)]
    assert [(link["source"], link["target"], link["value"]) for link in series["links"]] == [
        ("0", "1", 30),
        ("2", "0", 5),
    ]
    assert chart.table.rows == [("tea", "cup", 30, 2.5), ("ink", "tea", 5, 1.5)]


def test_a_larger_thing_has_the_larger_point_and_a_closer_pair_the_wider_line():
    (series,) = charts.web(["a", "b"], [100, 25], [Link(0, 1, 30, 2.0), Link(0, 1, 15, 2.0)], **WORDS).option["series"]
    sizes = [node["symbolSize"] for node in series["data"]]
    assert sizes == [30, 18.5]
    assert [link["lineStyle"]["width"] for link in series["links"]] == [7.0, 4.0]


def test_the_same_web_is_drawn_alike_each_time():
    assert points(web(20, RING)) == points(web(20, RING))


def test_no_point_covers_another_and_all_are_within_the_drawing():
    star = [Link(0, n, 10, 1.0) for n in range(1, 48)]
    for links in (star, [Link(a, b, 5, 1.0) for a, b in itertools.combinations(range(12), 2)], []):
        there = points(web(48, links))
        assert min(distance(one, other) for one, other in itertools.combinations(there, 2)) > 25
        assert all(0 <= x <= 800 and 0 <= y <= 500 for x, y in there)


def test_what_is_linked_stands_nearer_than_what_is_not():
    groups = [
        Link(a + start, b + start, 5, 1.0) for start in (0, 5, 10) for a, b in itertools.combinations(range(5), 2)
    ]
    there = points(web(15, groups))
    pairs = list(itertools.combinations(range(15), 2))
    inside = [distance(there[a], there[b]) for a, b in pairs if a // 5 == b // 5]
    across = [distance(there[a], there[b]) for a, b in pairs if a // 5 != b // 5]
    assert sum(inside) / len(inside) < 0.5 * sum(across) / len(across)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_points_are_no_error(count):
    assert len(points(web(count, []))) == count


def test_the_slider_goes_from_all_lines_to_the_strongest():
    slider = web(20, RING).slider
    assert slider is not None
    assert slider.least[0] == 81
    assert slider.least[-1] == 100
    assert list(slider.least) == sorted(set(slider.least))
    assert slider.says[0].parameters == {"least": 81, "links": 20}
    assert slider.says[-1].parameters == {"least": 100, "links": 1}


def test_there_are_no_more_steps_than_one_can_set():
    slider = web(60, [Link(n, (n + 1) % 60, n + 1, 1.0) for n in range(60)]).slider
    assert slider is not None
    assert len(slider.least) == 24
    assert (slider.least[0], slider.least[-1]) == (1, 60)


def test_where_all_lines_are_alike_there_is_nothing_to_slide():
    assert web(3, [Link(0, 1, 5, 1.0), Link(1, 2, 5, 2.0)]).slider is None


def test_names_come_into_the_readers_language():
    option = in_language(web(2, [Link(0, 1, 5, 1.0)]).option, "zh")
    assert option["series"][0]["links"][0]["title"] == "p0 – p1"


def test_a_step_without_a_sentence_is_a_mistake():
    with pytest.raises(ValueError, match="1 sentences for 2 steps"):
        Slider("At least", [1, 2], [Message("report.period")])
