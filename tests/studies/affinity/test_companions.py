"""What stands beside a product, and how often that was right, against a plain count."""

from __future__ import annotations

import numpy as np

from guanxi.studies.affinity.companions import PLACES, best_sellers, companions, hits, popular_companions
from guanxi.studies.affinity.learn import learn
from studies.affinity.shops import baskets, chance

HELD = [
    *([["tea", "cup"]] * 40), *([["tea", "pot"]] * 20), *([["tea", "tray"]] * 15), *([["tea", "tin"]] * 12),
    *([["ink"]] * 300), *([["pen"]] * 200), *([["nib"]] * 150), *([["pad"]] * 140),
]  # fmt: skip


def beside(table):
    found = {}
    for row in table.to_pylist():
        found.setdefault(row["product"], []).append(row["companion"])
    return found


def test_companions_come_by_the_share_of_baskets_that_hold_them():
    found = companions(learn(baskets(*HELD)).pairs)
    assert beside(found) == {
        "tea": ["cup", "pot", "tray"], "cup": ["tea"], "pot": ["tea"], "tray": ["tea"], "tin": ["tea"],
    }  # fmt: skip
    first = found.filter(found["product"].to_numpy(zero_copy_only=False) == "tea").to_pylist()
    assert [row["place"] for row in first] == [1, 2, 3]
    assert [(row["count"], row["product_count"]) for row in first] == [(40, 87), (20, 87), (15, 87)]
    assert first[0]["share"] == 40 / 87


def test_best_sellers_are_those_in_most_baskets():
    table = baskets(["b", "b", "a"], ["a"], ["b"], ["c"], ["d"], ["e"])
    assert best_sellers(table) == [("a", 2), ("b", 2), ("c", 1), ("d", 1)]


def test_the_plain_answer_is_the_best_sellers_but_the_product_itself():
    found = popular_companions(["pen", "new"], baskets(*HELD))
    assert beside(found) == {"pen": ["ink", "nib", "pad"], "new": ["ink", "pen", "nib"]}
    assert found["share"].to_pylist()[0] == 300 / len(HELD)


def by_hand(held, shown, top):
    """A hit is a product of a basket beside which one that is shown is in it, too."""
    shares = []
    for each in (set(items) for items in held):
        if len(each) > 1:
            hit = 0
            for product in each:
                named = shown.get(product, [])
                named = [*named, *(other for other in top if other != product and other not in named)][:PLACES]
                hit += any(other in each for other in named)
            shares.append(hit / len(each))
    return shares


def test_hits_are_those_of_a_plain_count():
    held = chance(300, 12, seed=8, chance=0.3)
    found = companions(learn(baskets(*(chance(500, 12, seed=9, chance=0.3) + [["P00", "P01"]] * 50))).pairs)
    assert found.num_rows
    top = ["P03", "P04", "unheard of", "P05"]
    ours, plain = hits(baskets(*held), found, top)
    assert np.allclose(ours, by_hand(held, beside(found), top))
    assert np.allclose(plain, by_hand(held, {}, top))


def test_one_product_alone_in_a_basket_is_no_case():
    ours, plain = hits(baskets(["a"], ["a", "b"]), companions(learn(baskets()).pairs), ["a"])
    assert (ours.tolist(), plain.tolist()) == ([0.5], [0.5])


def test_no_baskets_give_no_cases():
    ours, plain = hits(baskets(), companions(learn(baskets()).pairs), [])
    assert len(ours) == len(plain) == 0
