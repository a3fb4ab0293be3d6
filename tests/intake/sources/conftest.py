"""Database servers for the tests of sources, started when the first test asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from intake.sources import servers


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    with servers.mariadb() as url:
        yield url
