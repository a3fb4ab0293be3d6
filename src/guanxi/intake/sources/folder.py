"""A folder into which a system puts its exports: which files are there, in what order, which are new and finished."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from guanxi.errors import FileError
from guanxi.intake.readers.delivery import digest, is_readable_name

__all__ = ["folder_files", "period_of", "watch"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = r"(?<!\d)(?P<year>(?:19|20)\d\d)"
_MONTH = r"(?P<month>0?[1-9]|1[0-2])"
_PERIODS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # 2024-03-05, 2024_3, 2024年3月, 20240305, 202403
        _YEAR + r"[-_. 年]" + _MONTH + r"(?:[-_. 月](?P<day>[12]\d|3[01]|0?[1-9]))?(?!\d)",
        _YEAR + r"(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])?(?!\d)",
        # 05.03.2024 is a day by the order of most of the world; 03-2024 is a month
        r"(?<!\d)(?P<day>0?[1-9]|[12]\d|3[01])[-_.]" + _MONTH + r"[-_.](?P<year>(?:19|20)\d\d)(?!\d)",
        r"(?<!\d)" + _MONTH + r"[-_.](?P<year>(?:19|20)\d\d)(?!\d)",
        # March 2024, 2024 mar, mar24 is left alone: it may be a day
        rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*[-_. ]*(?P<year>(?:19|20)\d\d)(?!\d)",
        _YEAR + rf"[-_. ]*(?P<name>{'|'.join(_MONTHS)})",
        _YEAR + r"[-_. ]?q(?P<quarter>[1-4])(?!\d)",
        _YEAR + r"(?!\d)",
    )
)
_UNFINISHED = re.compile(
    r"^(?:[.~]|desktop\.ini$|thumbs\.db$)|\.(?:part|partial|tmp|temp|crdownload|download|swp)$", re.IGNORECASE
)
_NUMBER = re.compile(r"(\d+)")


def folder_files(path: Path, pattern: str = "*", *, known: Iterable[tuple[str, str]] = ()) -> list[Path]:
    """The files of a folder that can be read, oldest period first, without those that were delivered before.

    Parameters
    ----------
    path : the folder
    pattern : of names, as in `pathlib.Path.glob`: ``orders_*.csv``; ``**/*.csv`` goes through folders inside as well
    known : (file, sha256) of earlier deliveries, as the catalogue names them:
        ``((each.file, each.sha256) for each in warehouse.deliveries())``. A file of which the bytes are among them is
        left out under whatever name; one that has grown is not.

    Returns
    -------
    list of paths : first those whose name holds no period (customers, products), then by the period in the name
        (``2024-03``, ``202403``, ``2024年3月``, ``03-2024``, ``Mar 2024``, ``2024Q1``), alike ones by name, numbers in
        names by value. Without hidden files, the traces of open programs (``~$book.xlsx``), downloads that are under
        way, and anything that is no plain file.

    Raises
    ------
    FileError : no such folder, or not permitted.

    Notes
    -----
    O(bytes of the files), if any are known: they are hashed.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("orders 10-2024.csv", "orders 2-2024.csv", "customers.xlsx", "~$customers.xlsx", "notes.docx"):
    ...     _ = (folder / name).write_text("a,b")
    >>> [each.name for each in folder_files(folder)]
    ['customers.xlsx', 'orders 2-2024.csv', 'orders 10-2024.csv']
    """
    digests = {sha256 for _, sha256 in known}
    files = sorted(_files(path, pattern), key=lambda each: _order(each.relative_to(path)))
    return [each for each in files if not digests or digest(each) not in digests]


def watch(
    path: Path, pattern: str = "*", *, pause: Callable[[], bool], known: Iterable[tuple[str, str]] = ()
) -> Iterator[Path]:
    """Each file of a folder once it has stopped growing, and again when it has changed and stopped again.

    A file is finished if two looks, one pause apart, find the same size and the same time of change. The folder is
    looked at, not listened to: that works on network drives too, where nobody tells of changes.

    Parameters
    ----------
    path, pattern : as in `folder_files`
    pause : waits between two looks and says whether to go on; ``lambda: not stopped.wait(10)`` with a
        `threading.Event`, or one that sleeps and returns True. Let it be longer than a system pauses while it writes.
    known : as in `folder_files`: what was delivered before is not given again

    Yields
    ------
    paths, in the order of `folder_files` within one look

    Raises
    ------
    FileError : the folder is not there at the first look. Later it may be away for a while, as network drives are.
    """
    digests: Collection[str] = {sha256 for _, sha256 in known}
    seen = _look(path, pattern)
    done: dict[Path, tuple[int, int]] = {}
    while pause():
        try:
            now = _look(path, pattern)
        except FileError:
            continue
        finished = [each for each, state in now.items() if state == seen.get(each) != done.get(each) and state[0]]
        for each in sorted(finished, key=lambda each: _order(each.relative_to(path))):
            done[each] = now[each]
            try:
                new = not digests or digest(each) not in digests
            except OSError:
                # Gone or locked again since the look; the next ones will tell.
                del done[each]
                continue
            if new:
                yield each
        seen = now


def period_of(name: str) -> tuple[int, int, int] | None:
    """The period that a file's name holds: year, month, day; 0 for what it does not say.

    Examples
    --------
    >>> [period_of(name) for name in ("orders_2024-05.csv", "订单20240601(1).xlsx", "2024年3月.csv", "Mar 2024.csv")]
    [(2024, 5, 0), (2024, 6, 1), (2024, 3, 0), (2024, 3, 0)]
    >>> period_of("sales 2024 q3.csv"), period_of("customers.csv"), period_of("05.03.2024.csv")
    ((2024, 7, 0), None, (2024, 3, 5))
    """
    for pattern in _PERIODS:
        if found := pattern.search(name):
            parts = found.groupdict()
            month = int(parts.get("month") or 0)
            if word := parts.get("name"):
                month = _MONTHS.index(word.lower()) + 1
            if quarter := parts.get("quarter"):
                month = 3 * int(quarter) - 2
            return int(parts["year"]), month, int(parts.get("day") or 0)
    return None


def _order(path: Path) -> tuple[object, ...]:
    natural = [
        (int(part), "") if part.isdecimal() else (-1, part.casefold())
        for part in _NUMBER.split(str(path.with_suffix("")))
    ]
    return (period_of(path.name) or period_of(str(path)) or (0, 0, 0), natural, str(path))


def _files(path: Path, pattern: str) -> list[Path]:
    if not path.exists():
        raise FileError("sources.no_such_folder", path=str(path))
    if not path.is_dir():
        raise FileError("sources.not_a_folder", path=str(path))
    try:
        # A loop of links ends nowhere, and a look inside a hidden folder finds other programs' things.
        return [
            each
            for each in path.glob(pattern)
            if is_readable_name(each.name)
            and not any(_UNFINISHED.search(part) for part in each.relative_to(path).parts)
            and each.is_file()
        ]
    except PermissionError as error:
        raise FileError("intake.not_permitted", path=str(path)) from error
    except OSError as error:
        raise FileError("intake.cannot_open", path=str(path), cause=error.strerror or str(error)) from error


def _look(path: Path, pattern: str) -> dict[Path, tuple[int, int]]:
    """Size and time of change of every file."""
    states = {}
    for each in _files(path, pattern):
        try:
            state = each.stat()
        except OSError:
            continue
        states[each] = (state.st_size, state.st_mtime_ns)
    return states
