"""The main job with the warehouse's catalogue in PostgreSQL, and a password that nobody gets to see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from guanxi.intake.sources.databases import parse_url
from guanxi.warehouse.tables import metadata
from intake.sources import servers
from intake.sources.servers import QUOTED_PASSWORD
from mine.shop import LATER, write_csv

pytestmark = pytest.mark.xdist_group("databases")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture
def catalogue(server, monkeypatch) -> Iterator[str]:
    """The URL of an empty database, in the environment."""
    monkeypatch.setenv("GUANXI_CATALOGUE", server)
    yield server
    engine = sa.create_engine(parse_url(server), poolclass=sa.pool.NullPool)
    metadata.drop_all(engine)


def test_the_whole_main_job_works_with_a_catalogue_in_postgresql(guanxi, catalogue, tmp_path):
    orders, warehouse, out = write_csv(tmp_path / "orders.csv"), tmp_path / "w", tmp_path / "out"
    assert guanxi("mine", orders, "--dry-run", "--warehouse", warehouse).code == 0
    assert not warehouse.exists()
    said = guanxi("mine", orders, "--out", out, "--warehouse", warehouse, "--currency", "EUR")
    assert (said.code, said.err) == (0, "")
    assert "4 customers as of 2024-03-06 (snapshot 1)." in said.out
    assert not (warehouse / "catalogue.sqlite").exists()
    assert "known already" in guanxi("import", orders, "--warehouse", warehouse).out
    later = write_csv(tmp_path / "orders_2.csv", LATER)
    said = guanxi("mine", later, "--out", out, "--warehouse", warehouse)
    assert "2 customers are in another segment than last time; 1 is new." in said.out
    assert guanxi("study", "segments", "--warehouse", warehouse, "--out", out, "--as-of", "2024-03-02").code == 0
    assert guanxi("warehouse", "list", warehouse).out.count("Files brought in") == 2
    assert "currency EUR" in guanxi("warehouse", "show", warehouse).out
    assert "is whole" in guanxi("warehouse", "verify", warehouse, "--deep").out
    assert guanxi("warehouse", "undo", warehouse, "--delivery", 2).code == 0
    assert guanxi("warehouse", "compact", warehouse).code == 0
    assert guanxi("warehouse", "sweep", warehouse).code == 0
    assert guanxi("warehouse", "redact", warehouse, "--customer", "李四", "--yes").code == 0
    assert guanxi("warehouse", "upgrade", warehouse).code == 0
    assert "is whole" in guanxi("warehouse", "verify", warehouse).out


def test_a_password_does_not_belong_on_the_command_line(guanxi, server, tmp_path, monkeypatch):
    said = guanxi("warehouse", "list", tmp_path, "--catalogue", server)
    assert (said.code, "There is a password in the URL given with --catalogue" in said.err) == (2, True)
    bare = parse_url(server)._replace(password=None).render_as_string()
    said = guanxi("warehouse", "list", tmp_path, "--catalogue", bare)
    assert (said.code, "No connection to the catalogue postgresql+psycopg://shop@127.0.0.1" in said.err) == (4, True)
    monkeypatch.setenv("PGPASSWORD", servers.PASSWORD)
    said = guanxi("warehouse", "list", tmp_path, "--catalogue", bare)
    assert (said.code, "There is no warehouse in" in said.err) == (4, True)


WRONG = {
    "wrong password": ("postgresql://shop:hunter2@{host}/postgres", 4, "No connection to the catalogue"),
    "nobody there": (f"postgresql://shop:{QUOTED_PASSWORD}@127.0.0.1:1/x", 4, "No connection to the catalogue"),
    "no URL": ("hunter2", 2, "This is not the URL of a catalogue"),
    "another database": ("mysql://me:hunter2@db/shop", 2, "This is not the URL of a catalogue"),
}


@pytest.mark.parametrize(("url", "code", "sentence"), WRONG.values(), ids=WRONG)
def test_a_catalogue_that_cannot_be_used_is_told_without_its_password(
    guanxi, server, tmp_path, monkeypatch, url, code, sentence
):
    monkeypatch.setenv("GUANXI_CATALOGUE", url.format(host=server.partition("@")[2].partition("/")[0]))
    said = guanxi("import", write_csv(tmp_path / "orders.csv"), "--warehouse", tmp_path / "w")
    assert (said.code, sentence in said.err) == (code, True)
    assert not any(secret in said.err + said.out for secret in ("hunter2", "s3cret", "Traceback"))


def test_a_run_that_keeps_nothing_needs_no_catalogue(guanxi, tmp_path, monkeypatch):
    monkeypatch.setenv("GUANXI_CATALOGUE", "postgresql://nobody@127.0.0.1:1/x")
    assert guanxi("mine", write_csv(tmp_path / "orders.csv"), "--out", tmp_path / "out").code == 0
