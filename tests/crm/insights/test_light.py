"""What a web server imports of `insights` is light, and what it knows of the mine is right."""

from __future__ import annotations

import subprocess
import sys

import pytest

from guanxi import studies, words
from guanxi_crm.insights.studies import HORIZON_DAYS, STUDIES
from guanxi_crm.insights.templatetags.insights import file_words, measure_help, measure_words

MEASURES = ("mean_poisson_deviance", "mean_absolute_error", "top_share_found", "log_loss", "brier_score", "roc_auc",
            "hit_rate", "continuous_ranked_probability_score")  # fmt: skip


def test_the_studies_are_those_of_the_mine():
    assert tuple(studies.STUDIES) == STUDIES
    assert HORIZON_DAYS == 90
    assert all(words.has(f"crm_insights.study_{name}") for name in STUDIES)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_has_its_words(measure):
    assert (measure_words(measure), measure_help(measure)) == (
        f"crm_insights.measure_{measure}",
        f"crm_insights.measure_{measure}_help",
    )
    assert measure_words("something_new") == "crm_insights.measure_other"


def test_every_file_has_its_words():
    from guanxi_crm.insights.downloads import DOWNLOADS

    assert all(words.has(file_words(each.name)) for each in DOWNLOADS)


def test_a_web_process_holds_no_mining_library(tmp_path):
    code = """
import sys, django
django.setup()
import guanxi_crm.insights.urls, guanxi_crm.insights.handlers, guanxi_crm.insights.selectors, guanxi_crm.insights.api
heavy = {"numpy", "pyarrow", "duckdb", "pandas", "scipy", "sklearn", "numba", "guanxi.mine", "guanxi.studies"}
print(sorted(heavy & set(sys.modules)))
"""
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={"DJANGO_SETTINGS_MODULE": "guanxi_crm.settings", "GUANXI_DATA_DIR": str(tmp_path), "PATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (answer.stdout.strip(), answer.returncode) == ("[]", 0), answer.stderr
