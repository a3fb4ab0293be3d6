"""Which files of a folder are read, in what order, which are new, and when one is finished."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from guanxi.errors import FileError
from guanxi.intake.sources import folder_files, watch
from guanxi.intake.sources.folder import period_of


def write(folder: Path, name: str, text: str = "a,b\n1,2\n") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(files: list[Path]) -> list[str]:
    return [each.name for each in files]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "ordered",
    [
        ["orders_2023-12.csv", "orders_2024-01.csv", "orders_2024-02.csv", "orders_2024-10.csv"],
        ["orders_2024_1.csv", "orders_2024_2.csv", "orders_2024_10.csv"],
        ["orders_202312.csv", "orders_202401.csv", "orders_20240115.csv", "orders_202402.csv"],
        ["12-2023.csv", "01-2024.csv", "02-2024.csv"],
        ["31.12.2023.csv", "01.01.2024.csv", "02.01.2024.csv"],
        ["2023年12月.xlsx", "2024年1月.xlsx", "2024年2月.xlsx", "2024年10月.xlsx"],
        ["sales Dec 2023.csv", "sales January 2024.csv", "sales Feb 2024.csv"],
        ["2023q4.csv", "2024q1.csv", "2024q2.csv"],
        ["2022.csv", "2023.csv"],
        ["part 2.csv", "part 10.csv"],
        ["订单导出20240601.csv", "订单导出20240601(1).csv", "订单导出20240601(2).csv"],
        ["a.csv", "customers.xlsx", "Products.csv", "orders_2024-01.csv"],
    ],
)
def test_files_come_in_the_order_of_their_periods(ordered: list[str], tmp_path: Path) -> None:
    for name in sorted(ordered, key=lambda each: hashlib.sha256(each.encode()).digest()):
        write(tmp_path, name, text=f"a,b\n{name},1\n")
    assert names(folder_files(tmp_path)) == ordered


def test_folders_by_year_and_month_are_periods_too(tmp_path: Path) -> None:
    for name in ("2024/10/orders.csv", "2024/2/orders.csv", "2023/12/orders.csv", "customers.csv"):
        write(tmp_path, name)
    found = [each.relative_to(tmp_path).as_posix() for each in folder_files(tmp_path, "**/*.csv")]
    assert found == ["customers.csv", "2023/12/orders.csv", "2024/2/orders.csv", "2024/10/orders.csv"]


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("order 123456.csv", None),
        ("2024-13.csv", (2024, 0, 0)),
        ("19991231.csv", (1999, 12, 31)),
        ("id 1202401.csv", None),
        ("2024-02-29T0826.csv", (2024, 2, 29)),
        ("Marketing 2024.csv", (2024, 3, 0)),
    ],
)
def test_a_period_is_only_what_can_be_one(name: str, period: tuple[int, int, int] | None) -> None:
    assert period_of(name) == period


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv")
    write(tmp_path, "orders.csv.gz")
    for name in (
        "~$book.xlsx", ".hidden.csv", ".~lock.book.xlsx#", "orders.csv.part", "orders.csv.crdownload", "notes.docx",
        "desktop.ini", "orders.tmp", ".snapshots/old.csv",
    ):  # fmt: skip
        write(tmp_path, name)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe.csv")
    assert names(folder_files(tmp_path, "**/*")) == ["orders.csv", "orders.csv.gz"]


def test_a_pattern_chooses(tmp_path: Path) -> None:
    for name in ("orders_2024-01.csv", "orders_2024-02.csv", "customers.csv"):
        write(tmp_path, name)
    assert names(folder_files(tmp_path, "orders_*.csv")) == ["orders_2024-01.csv", "orders_2024-02.csv"]


def test_what_was_delivered_is_left_out_by_its_bytes(tmp_path: Path) -> None:
    first = write(tmp_path, "2024-01.csv", "a\n1\n")
    write(tmp_path, "copy of 2024-01.csv", "a\n1\n")
    grown = write(tmp_path, "2024-02.csv", "a\n2\n")
    known = [("2024-01.csv", sha256(first)), ("2024-02.csv", sha256(grown))]
    assert folder_files(tmp_path, known=known) == []
    grown.write_text("a\n2\n3\n", encoding="utf-8")
    write(tmp_path, "2024-03.csv")
    assert names(folder_files(tmp_path, known=known)) == ["2024-02.csv", "2024-03.csv"]


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="There is no folder"):
        folder_files(tmp_path / "nowhere")
    with pytest.raises(FileError, match="is not a folder"):
        folder_files(write(tmp_path, "orders.csv"))
    with pytest.raises(FileError, match="There is no folder"):
        next(watch(tmp_path / "nowhere", pause=lambda: True))


# Watching


def looks(*steps: Callable[[], object]) -> Callable[[], bool]:
    """A pause in which things happen, one after the other; after the last it is the end."""
    left = list(steps)

    def pause() -> bool:
        if not left:
            return False
        left.pop(0)()
        return True

    return pause


def nothing() -> None:
    pass


def seen(folder: Path, *steps: Callable[[], object], **options: object) -> list[str]:
    return [each.name for each in watch(folder, pause=looks(*steps), **options)]  # type: ignore[arg-type]


def test_a_file_that_is_there_is_given_after_one_pause(tmp_path: Path) -> None:
    write(tmp_path, "orders_2024-02.csv")
    write(tmp_path, "orders_2024-01.csv")
    assert seen(tmp_path) == []
    assert seen(tmp_path, nothing) == ["orders_2024-01.csv", "orders_2024-02.csv"]
    assert seen(tmp_path, nothing, nothing, nothing) == ["orders_2024-01.csv", "orders_2024-02.csv"]


def test_a_file_is_given_once_it_has_stopped_growing(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.touch()

    def grow() -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write("1,2\n")

    given = []
    sizes = []
    for each in watch(tmp_path, pause=looks(nothing, grow, grow, grow, nothing, nothing)):
        given.append(each.name)
        sizes.append(each.stat().st_size)
    assert (given, sizes) == (["orders.csv"], [12])


def test_a_file_of_the_same_size_that_was_written_again_is_not_finished(tmp_path: Path) -> None:
    path = write(tmp_path, "orders.csv")
    times = iter((2_000_000_000, 2_000_000_001))

    def write_again() -> None:
        os.utime(path, (0, next(times)))

    assert seen(tmp_path, write_again, write_again) == []


def test_a_file_that_changes_later_is_given_again(tmp_path: Path) -> None:
    path = write(tmp_path, "orders.csv")
    assert seen(tmp_path, nothing, lambda: write(tmp_path, "orders.csv", "a\n1\n2\n"), nothing, nothing) == [
        "orders.csv", "orders.csv",
    ]  # fmt: skip
    assert path.read_text(encoding="utf-8") == "a\n1\n2\n"


def test_a_file_under_another_name_until_it_is_whole_is_given_when_it_is_renamed(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv.part")
    assert seen(
        tmp_path, nothing, lambda: (tmp_path / "orders.csv.part").rename(tmp_path / "orders.csv"), nothing
    ) == ["orders.csv"]  # fmt: skip


def test_what_was_delivered_before_is_not_given_again(tmp_path: Path) -> None:
    path = write(tmp_path, "orders.csv")
    assert seen(tmp_path, nothing, nothing, known=[("orders.csv", sha256(path))]) == []


def test_a_folder_may_be_away_for_a_while(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    write(drive, "orders.csv")
    away = tmp_path / "away"
    assert seen(drive, lambda: drive.rename(away), nothing, lambda: away.rename(drive)) == ["orders.csv"]


def test_a_file_that_vanishes_is_no_concern(tmp_path: Path) -> None:
    path = write(tmp_path, "orders.csv")
    assert seen(tmp_path, path.unlink, nothing) == []
