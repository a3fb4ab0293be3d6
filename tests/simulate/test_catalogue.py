import numpy as np

from guanxi.simulate.catalogue import catalogue, people


def test_codes_and_names_are_unlike_each_other():
    shop = catalogue()
    assert len(set(shop.codes)) == shop.products
    assert len(set(shop.names)) == shop.products


def test_every_product_has_a_chinese_and_an_english_name():
    for zh, en in catalogue().names:
        assert any("\u4e00" <= character <= "\u9fff" for character in zh)
        assert en.isascii()


def test_popularity_is_a_law_of_probability():
    shop = catalogue()
    popularity = shop.popularity(shop.category_shares)
    assert np.isclose(popularity.sum(), 1)
    tea = popularity[shop.family_category == 0]
    assert np.isclose(tea.sum(), shop.category_shares[0])
    assert np.isclose(tea[0] / tea[1], 2**0.8)


def test_larger_sizes_cost_more_but_less_than_in_proportion():
    shop = catalogue()
    first = shop.codes.index("TE011")
    assert shop.price[first : first + 3].tolist() == [1880, 4280, 7880]


def test_a_product_is_sold_for_more_than_it_costs():
    shop = catalogue()
    assert (shop.cost < shop.price).all()
    assert (shop.cost >= shop.price // 2).all()


def test_pairs_join_families_without_sizes_and_share_none():
    shop = catalogue()
    members = [family for pair in shop.pairs for family in (pair.product, pair.companion)]
    assert len(set(members)) == len(members) == 12
    assert (shop.family_sizes[members] == 1).all()


def test_places_have_a_country_and_a_weight():
    lists = people()
    assert all(len(place.country) == 2 and place.weight > 0 for place in (*lists.places_zh, *lists.places_en))
