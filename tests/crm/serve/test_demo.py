"""The simulated company comes and goes; what is one's own stays, and can be kept and brought back."""

from __future__ import annotations

import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from crm_served import guanxi, served

pytestmark = pytest.mark.xdist_group("demo")

OWN = """订单号,下单时间,客户编号,商品编码,商品名称,数量,单价
A1,2026-01-05 10:00,K-1,P1,龙井茶,1,99.00
A2,2026-02-07 11:30,K-2,P1,龙井茶,2,99.00
A3,2026-03-09 12:00,100001,P2,茶杯,1,19.50
"""
"""An own shop, one of whose customers has the number of a simulated one."""


def count(directory: Path, sql: str) -> int:
    with sqlite3.connect(f"file:{directory / 'guanxi.sqlite3'}?mode=ro", uri=True) as connection:
        return connection.execute(sql).fetchone()[0]


@pytest.fixture(scope="module")
def both(demo_directory, tmp_path_factory) -> Path:
    """The simulated company with a file of one's own beside it."""
    directory = tmp_path_factory.mktemp("both") / "data"
    shutil.copytree(demo_directory, directory)
    (own := directory.parent / "own.csv").write_text(OWN, encoding="utf-8")
    with served(directory, "--import", str(own)) as crm:
        assert "own.csv is in" in crm.said
    return directory


def test_the_simulated_company_is_there_with_staff_scores_and_a_login(demo_directory):
    assert count(demo_directory, "SELECT count(*) FROM customers_customer WHERE origin = 'demo'") == 300
    assert count(demo_directory, "SELECT count(*) FROM customers_customer WHERE owner_id IS NULL") == 0
    assert count(demo_directory, "SELECT customers FROM customers_scoreversion WHERE is_current") == 300
    assert count(demo_directory, "SELECT count(*) FROM users_user") == 7
    assert "already loaded" in guanxi("demo", "load", "--data", str(demo_directory))


def test_taken_out_it_leaves_nothing_but_what_is_ones_own(both):
    said = guanxi("demo", "remove", "--data", str(both))
    assert re.search(r"Taken out: 300 customers, [\d,]+ orders, 6 members of staff", said)
    assert count(both, "SELECT group_concat(number, ' ') FROM (SELECT number FROM customers_customer ORDER BY 1)") == (
        "100001 K-1 K-2"
    )
    assert count(both, "SELECT count(*) FROM sales_order") == 3
    assert count(both, "SELECT count(*) FROM users_user") == 1
    assert not (both / "demo-login.json").exists()
    assert "no simulated company" in guanxi("demo", "remove", "--data", str(both))


def test_a_backup_brings_everything_back_into_an_empty_directory_only(demo_directory, tmp_path):
    guanxi("backup", "--to", str(tmp_path / "kept.tar"), "--data", str(demo_directory))
    assert (tmp_path / "kept.tar").stat().st_mode & 0o777 == 0o600
    guanxi("restore", "--from", str(tmp_path / "kept.tar"), "--data", str(tmp_path / "again"))
    everybody = "SELECT group_concat(number) FROM (SELECT number FROM customers_customer ORDER BY number)"
    assert count(tmp_path / "again", everybody) == count(demo_directory, everybody)
    guanxi("warehouse", "verify", "--deep", str(tmp_path / "again" / "warehouse"))
    with pytest.raises(AssertionError, match="is not empty"):
        guanxi("restore", "--from", str(tmp_path / "kept.tar"), "--data", str(tmp_path / "again"))
