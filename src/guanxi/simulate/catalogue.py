"""What the simulated shop sells, and who and where its customers are: word lists made into arrays.

Examples
--------
>>> shop = catalogue()
>>> shop.products, shop.families, len(shop.categories)
(237, 115, 12)
>>> shop.describe(0, "mixed")
'龙井绿茶 50克 / Longjing green tea 50 g'
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["POSTAGE", "TEST", "Catalogue", "Pair", "People", "Place", "catalogue", "people"]

ZIPF_EXPONENT = 0.8
"""Within a category the family of rank k is bought in proportion to k to the power of minus this."""

POSTAGE, TEST = -1, -2
"""Stand where a product number stands, on lines that are no product's."""


@dataclass(frozen=True)
class Pair:
    """Two families without sizes: where ``product`` is in a basket, ``companion`` is added with ``probability``."""

    product: int
    companion: int
    probability: float


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The assortment as arrays; a product is a family in one of its sizes."""

    categories: tuple[tuple[str, str, str], ...]
    """Code, Chinese, English."""
    category_shares: NDArray[np.float64]
    family_category: NDArray[np.int64]
    family_first: NDArray[np.int64]
    """The product number of a family's smallest size."""
    family_sizes: NDArray[np.int64]
    family_ladder: NDArray[np.float64]
    """By category and family: category number plus cumulated popularity within it; for one search over all."""
    codes: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    product_family: NDArray[np.int64]
    price: NDArray[np.int64]
    """List price in minor units."""
    cost: NDArray[np.int64]
    pairs: tuple[Pair, ...]

    @property
    def products(self) -> int:
        return len(self.codes)

    @property
    def families(self) -> int:
        return len(self.family_first)

    def describe(self, product: int, language: str) -> str:
        """A product's name in Chinese, in English, or (``mixed``) in both."""
        chinese, english = self.names[product]
        return {"zh": chinese, "en": english}.get(language, f"{chinese} / {english}")

    def popularity(self, taste: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability that one drawn line is of each family, given the probability of each category."""
        within = np.diff(self.family_ladder, prepend=0.0)
        first = np.r_[True, self.family_category[1:] != self.family_category[:-1]]
        within[first] = self.family_ladder[first] - self.family_category[first]
        return taste[self.family_category] * within


@dataclass(frozen=True)
class Place:
    """A city with its country."""

    zh: str
    en: str
    country: str
    weight: int


@dataclass(frozen=True)
class People:
    """Lists of names, and the places of people with Chinese and with English names."""

    family_zh: tuple[str, ...]
    given_zh: tuple[str, ...]
    family_en: tuple[str, ...]
    given_en: tuple[str, ...]
    places_zh: tuple[Place, ...]
    places_en: tuple[Place, ...]


@cache
def catalogue() -> Catalogue:
    """The assortment of ``catalogue.toml``."""
    data = _read("catalogue.toml")
    categories = data["category"]
    family_category: list[int] = []
    family_first: list[int] = []
    family_sizes: list[int] = []
    ladder: list[float] = []
    codes: list[str] = []
    names: list[tuple[str, str]] = []
    price: list[int] = []
    number_of: dict[str, int] = {}
    for number, category in enumerate(categories):
        weights = np.arange(1, len(category["families"]) + 1) ** -ZIPF_EXPONENT
        ladder += (number + np.cumsum(weights) / weights.sum()).tolist()
        ladder[-1] = number + 1.0
        for rank, (zh, en, smallest) in enumerate(category["families"], start=1):
            number_of[en] = len(family_first)
            family_category.append(number)
            family_first.append(len(codes))
            family_sizes.append(len(category["sizes"]))
            for size, (size_zh, size_en, multiple) in enumerate(category["sizes"], start=1):
                codes.append(f"{category['code']}{rank:02d}{size}")
                names.append((f"{zh} {size_zh}".strip(), f"{en} {size_en}".strip()))
                price.append(_shelf_price(smallest * multiple))
    prices = np.array(price, dtype=np.int64)
    sizes = np.array(family_sizes, dtype=np.int64)
    return Catalogue(
        categories=tuple((each["code"], each["zh"], each["en"]) for each in categories),
        category_shares=np.array([each["share"] for each in categories]),
        family_category=np.array(family_category, dtype=np.int64),
        family_first=np.array(family_first, dtype=np.int64),
        family_sizes=sizes,
        family_ladder=np.array(ladder),
        codes=tuple(codes),
        names=tuple(names),
        product_family=np.repeat(np.arange(len(sizes)), sizes),
        price=prices,
        # Between 50 and 70 % of the price, and never the same round share: an owner would not believe that.
        cost=prices * (50 + np.arange(len(prices)) * 7 % 21) // 100,
        pairs=tuple(Pair(number_of[a], number_of[b], share) for a, b, share in data["pairs"]),
    )


@cache
def people() -> People:
    """The names and places of ``people.toml``."""
    data = _read("people.toml")
    return People(
        family_zh=tuple(data["family_zh"]),
        given_zh=tuple(data["given_zh"]),
        family_en=tuple(data["family_en"]),
        given_en=tuple(data["given_en"]),
        places_zh=tuple(Place(*each) for each in data["places_zh"]),
        places_en=tuple(Place(*each) for each in data["places_en"]),
    )


def _shelf_price(minor: float) -> int:
    """The nearest price that ends in .80, as shops like it, but whole tenths below ten."""
    return int(minor / 10 + 0.5) * 10 if minor < 1000 else int((minor + 20) / 100 + 0.5) * 100 - 20


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
