"""Real database servers, private to a run of the tests: started on a free port, in a folder of their own, then gone.

A server that runs as root is refused by PostgreSQL and unwise for MariaDB, so root starts them as ``nobody``.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pymysql
import pytest

PASSWORD = "s3cret/p@ss:word"  # noqa: S105 (of a server that lives for a minute; with every sign that a URL must escape)
QUOTED_PASSWORD = "s3cret%2Fp%40ss%3Aword"  # noqa: S105


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a fresh PostgreSQL database."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    pg_ctl = str(found[-1]) if found else shutil.which("pg_ctl")
    if pg_ctl is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with _folder() as folder:
        port = _free_port()
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        data = str(folder / "data")
        _run(
            [str(Path(pg_ctl).with_name("initdb")), "--pgdata", data, "--username=shop", "--encoding=UTF8",
             "--locale=C", "--auth=scram-sha-256", f"--pwfile={folder}/password", "--no-sync"],
            folder,
        )  # fmt: skip
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c shared_buffers=32MB -c max_connections=40"
        _run([pg_ctl, "start", "--pgdata", data, "--wait", "--log", f"{folder}/log", "-o", options], folder)
        try:
            yield f"postgresql://shop:{QUOTED_PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            _run([pg_ctl, "stop", "--pgdata", data, "--mode=immediate"], folder)


@contextmanager
def mariadb() -> Iterator[str]:
    """The URL of a fresh MariaDB database, which speaks MySQL's protocol."""
    server = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
    install = shutil.which("mariadb-install-db")
    if server is None or install is None:
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server")
    with _folder() as folder:
        port = _free_port()
        data = f"--datadir={folder}/data"
        _run([install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db"], folder)
        process = subprocess.Popen(
            [*_as_nobody(), server, "--no-defaults", data, f"--socket={folder}/sock", f"--port={port}",
             "--bind-address=127.0.0.1", f"--pid-file={folder}/pid", "--innodb-buffer-pool-size=32M",
             "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", f"--tmpdir={folder}"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with _patiently_connected(port) as connection, connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
                cursor.execute("CREATE USER shop@'127.0.0.1' IDENTIFIED BY %s", (PASSWORD,))
                cursor.execute("GRANT ALL ON *.* TO shop@'127.0.0.1'")
            yield f"mysql://shop:{QUOTED_PASSWORD}@127.0.0.1:{port}/shop"
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that the server's user owns; short, because the path of a socket may not be long."""
    with tempfile.TemporaryDirectory(prefix="gx-", ignore_cleanup_errors=True) as name:
        if _as_nobody():
            shutil.chown(name, "nobody")
        yield Path(name)


def _as_nobody() -> Sequence[str]:
    return ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []


def _run(command: Sequence[str], folder: Path) -> None:
    # What a server started in the background writes must not keep this process waiting for the end of a pipe.
    with (folder.parent / f"{folder.name}.out").open("w+", encoding="utf-8") as output:
        Path(output.name).unlink()
        # Two servers that are set up at once would stumble over each other's temporary tables.
        done = subprocess.run(
            [*_as_nobody(), *command], cwd=folder, stdout=output, stderr=output, check=False,
            env=os.environ | {"TMPDIR": str(folder)},
        )  # fmt: skip
        output.seek(0)
        assert done.returncode == 0, output.read()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _patiently_connected(port: int) -> pymysql.Connection:
    for _ in range(300):
        with suppress(pymysql.OperationalError):
            return pymysql.connect(host="127.0.0.1", port=port, user="root")
        time.sleep(0.1)
    raise AssertionError("MariaDB does not answer")
