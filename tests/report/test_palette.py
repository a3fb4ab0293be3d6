"""Colours that everybody can tell apart and read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from guanxi.report.palette import DARK, HEAT_LEVELS, LIGHT, SERIES_COLOURS

# Machado, Oliveira & Fernandes (2009), IEEE TVCG 15(6), table 1 with severity 1.0, on linear RGB.
VISION = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
PALETTES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    low, high = sorted(float(TO_XYZ[1] @ linear(each)) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB under D65."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@PALETTES
@pytest.mark.parametrize("vision", VISION)
def test_any_two_series_are_told_apart_with_every_kind_of_sight(palette, vision):
    seen = {n: lab(VISION[vision] @ linear(palette[f"series-{n}"])) for n in range(1, SERIES_COLOURS + 1)}
    distances = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in itertools.combinations(seen, 2)}
    near = {pair: round(distance, 1) for pair, distance in distances.items() if distance < 15}
    assert not near


@PALETTES
def test_text_is_readable_on_its_ground(palette):
    for text in ("ink", "ink-soft", "accent"):
        for ground in ("paper", "ground"):
            assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    for text in ("ink", "accent"):
        assert contrast(palette[text], palette["accent-soft"]) >= 4.5, text


@PALETTES
def test_the_number_in_a_heat_cell_is_readable(palette):
    for level in range(HEAT_LEVELS):
        assert contrast(palette[f"heat-ink-{level}"], palette[f"heat-{level}"]) >= 4.5, level


@PALETTES
def test_marks_stand_out_from_the_paper(palette):
    for mark in ["line-strong", *(f"series-{n}" for n in range(1, SERIES_COLOURS + 1))]:
        assert contrast(palette[mark], palette["paper"]) >= 2.4, mark


def test_light_and_dark_name_the_same_colours():
    assert list(LIGHT) == list(DARK)
