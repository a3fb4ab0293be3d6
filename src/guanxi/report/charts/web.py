"""A web: things as points, what belongs together as lines, with a slider that leaves the strong lines standing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guanxi.report.charts import parts
from guanxi.report.document import Chart, Column, DataTable, Slider, Text
from guanxi.words import Message

__all__ = ["Link", "web"]

_HEIGHT = 620
_MIN_WIDTH = 620
_WIDE, _HIGH = 800, 500
_CLEAR = 46
"""Points are at least so far from each other, in the units of the drawing's area, about its pixels."""
_STEPS = 24
_SMALLEST, _LARGEST = 7, 30
_THIN, _THICK = 1.0, 7.0
_ROUNDS = 400
_LABEL_PX = 120

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """Two nodes by their places in the list, how often they are together, and how strong that is."""

    one: int
    other: int
    together: int
    strength: float


def web(
    names: Sequence[Text], sizes: Sequence[int], links: Sequence[Link], *, name: Text, strength: Text, one: Text,
    other: Text, least: Text,
) -> Chart:  # fmt: skip
    """What is found together with what: the products of a shop, the topics of a letter.

    Points stand where forces between them come to rest, computed here, so that a page looks the same wherever it is
    opened or printed. The slider leaves out the lines below a number and fades points without a line.

    Parameters
    ----------
    names : what each point is
    sizes : how often each is there; its area
    links : the lines; their width is the number of times together
    name : what is counted ("Baskets")
    strength : what the strength of a link is called ("Lift")
    one, other : how the two ends are called in the table
    least : what the slider sets ("In at least so many baskets")

    Notes
    -----
    O(points² × 400): meant for a hundred points.

    Examples
    --------
    >>> chart = web(["tea", "cup"], [90, 40], [Link(0, 1, 30, 2.5)], name="Baskets", strength="Lift", one="One",
    ...             other="Other", least="At least")
    >>> [node["title"] for node in chart.option["series"][0]["data"]], chart.table.rows
    (['tea', 'cup'], [('tea', 'cup', 30, 2.5)])
    """
    most = max((link.together for link in links), default=1)
    largest = max(sizes, default=1)
    places = _arranged(len(names), links)
    option = parts.frame(
        series=[
            {
                "type": "graph",
                "layout": "none",
                "name": name,
                "left": 76,
                "right": 76,
                "top": 24,
                "bottom": 36,
                "roam": False,
                "data": [
                    {
                        "name": str(number),
                        "title": title,
                        "value": size,
                        "x": round(float(x), 2),
                        "y": round(float(y), 2),
                        "symbolSize": round(_SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(size / largest), 1),
                        "itemStyle": {"color": "@series-1", "borderColor": "@paper", "borderWidth": 1},
                    }
                    for number, (title, size, (x, y)) in enumerate(zip(names, sizes, places, strict=True))
                ],
                "links": [
                    {
                        "source": str(link.one),
                        "target": str(link.other),
                        "value": link.together,
                        "title": Message("report.pair", {"one": names[link.one], "other": names[link.other]}),
                        "lineStyle": {"width": round(_THIN + (_THICK - _THIN) * link.together / most, 2)},
                    }
                    for link in links
                ],
                "label": parts.label()
                | {
                    "show": True, "position": "bottom", "formatter": "@title", "width": _LABEL_PX,
                    "overflow": "truncate", "color": "@ink", "fontSize": 11,
                },
                "labelLayout": {"hideOverlap": True},
                "lineStyle": {"color": "@series-3", "opacity": 0.55},
                "emphasis": {"focus": "adjacency"},
                "tooltip": {"valueFormatter": "@full/int"},
            }
        ],
        tooltip=parts.tooltip("item"),
    )  # fmt: skip
    table = DataTable(
        title=name,
        columns=[
            Column("one", one),
            Column("other", other),
            Column("together", name, "int", bar=True),
            Column("strength", strength, "number"),
        ],
        rows=[(names[link.one], names[link.other], link.together, link.strength) for link in links],
    )
    return Chart(option, table, height=_HEIGHT, min_width=_MIN_WIDTH, slider=_slider(links, least))


def _slider(links: Sequence[Link], label: Text) -> Slider | None:
    """From all lines to the most frequent one, in steps that each leave out about as many."""
    counts = sorted({link.together for link in links})
    if len(counts) < 2:
        return None
    places = np.unique(np.linspace(0, len(counts) - 1, min(_STEPS, len(counts))).round().astype(int))
    steps = [counts[place] for place in places]
    left = [sum(link.together >= least for link in links) for least in steps]
    return Slider(
        label,
        steps,
        [Message("report.web_step", {"least": least, "links": n}) for least, n in zip(steps, left, strict=True)],
    )


def _arranged(count: int, links: Sequence[Link]) -> Points:
    """Where points come to rest: lines pull, points push, and a weak pull to the middle keeps separate groups near.

    Fruchterman & Reingold (1991), Software: Practice and Experience 21(11), 1129-1164, from points on a spiral in the
    order given, cooled evenly. The same points and lines give the same places.
    """
    turn = np.arange(count) * math.pi * (3 - math.sqrt(5))
    radius = np.sqrt((np.arange(count) + 0.5) / max(count, 1))
    place = np.column_stack((radius * np.cos(turn), radius * np.sin(turn)))
    ends = np.array([(link.one, link.other) for link in links], np.int64).reshape(-1, 2)
    ideal = 1.6 / math.sqrt(max(count, 1))
    for heat in np.linspace(0.12, 0.002, _ROUNDS):
        apart = place[:, None] - place[None]
        distance = np.maximum(np.sqrt((apart**2).sum(axis=2)), 1e-6)
        force = (apart * (ideal**2 / distance**2)[..., None]).sum(axis=1) - place * (0.9 * ideal)
        along = place[ends[:, 0]] - place[ends[:, 1]]
        pull = along * (np.sqrt((along**2).sum(axis=1)) / ideal)[:, None]
        np.add.at(force, ends[:, 0], -pull)
        np.add.at(force, ends[:, 1], pull)
        length = np.maximum(np.sqrt((force**2).sum(axis=1)), 1e-9)[:, None]
        place = place + force / length * np.minimum(length, heat)
    return _apart(_spread(place))


def _spread(place: Points) -> Points:
    """Into the drawing's area, half by where a point lies and half by its rank, so that a thick cluster opens."""
    if not len(place):
        return place
    ranks = np.argsort(np.argsort(place, axis=0, kind="stable"), axis=0, kind="stable")
    low, high = place.min(axis=0), place.max(axis=0)
    within = (place - low) / np.maximum(high - low, 1e-9)
    even = ranks / max(len(place) - 1, 1)
    return (within + even) / 2 * np.array([_WIDE, _HIGH])


def _apart(place: Points) -> Points:
    """Push points that would cover each other until none does, or for so many rounds."""
    for _ in range(_ROUNDS):
        between = place[:, None] - place[None]
        distance = np.sqrt((between**2).sum(axis=2))
        np.fill_diagonal(distance, np.inf)
        short = np.maximum(_CLEAR - distance, 0.0)
        if not short.any():
            break
        place = place + (between / np.maximum(distance, 1e-6)[..., None] * short[..., None]).sum(axis=1) / 2
        place = np.clip(place, 0.0, (_WIDE, _HIGH))
    return place
