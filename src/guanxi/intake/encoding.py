"""Which encoding a text file has, and its text as UTF-8, decoded strictly and block by block.

The guess is by trial: a byte order mark decides; then UTF-8, which other encodings hardly ever imitate; then GB18030
(GBK and GB2312 are parts of it), Big5 and Western European, each decoded strictly and judged by how usual the
characters are that come out. Whatever the guess, no byte is ever replaced: a line that the encoding cannot decode is
named, for the reader to set aside.

DuckDB's own decoders are not used: they are an extension to be downloaded, and let wrong bytes pass.
"""

from __future__ import annotations

import codecs
import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

__all__ = [
    "ENCODING_NAMES",
    "TRIED",
    "Block",
    "Guess",
    "guess_encoding",
    "guess_from_lines",
    "sample_lines",
    "text_blocks",
    "text_pieces",
]

ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp1252": "Windows-1252",
    "utf-7": "UTF-7",
}
"""Python's names of the encodings that are tried, and those that people know."""
TRIED = tuple(dict.fromkeys(ENCODING_NAMES.values()))

BLOCK_BYTES = 512 << 10
"""Small enough for the processor's cache, which makes looking at a block twice as fast."""
LONGEST_LINE_BYTES = 8 << 20
"""What a longer line has more is skipped: nobody reads it, and it may not end at all."""
_SEGMENTS, _SEGMENT_BYTES = 16, 32 << 10
_UTF7_RUN = re.compile(rb"\+[A-Za-z0-9+/]{2,}-?")
_EBCDIC_USUAL = frozenset(string.ascii_letters + string.digits + " ,.;:|-/'\"\x85\n\r\t")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Guess:
    """An encoding, by the name Python gives it."""

    codec: str | None
    """None: none of those tried fits."""
    bom: int = 0
    """Length of the byte order mark in bytes."""


@dataclass(frozen=True)
class Block:
    """Whole lines of a file, as UTF-8."""

    data: bytes
    first_line: int
    undecodable: frozenset[int] = frozenset()
    """Numbers of the lines with bytes that the encoding does not know; they stand in ``data`` as ``\\xe9``."""


def guess_encoding(path: Path) -> Guess:
    """Judge a file by its first bytes and by lines from all parts of it.

    O(1): reads at most half a MiB. Only what is not ASCII tells encodings apart, so that a file that keeps its Chinese
    to unsampled places is taken for UTF-8; its reader finds out and asks again with `guess_from_lines`.
    """
    with path.open("rb") as file:
        head = file.read(_SEGMENT_BYTES)
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return Guess(codec, len(bom))
    if utf16 := _utf16_without_bom(head):
        return Guess(utf16)
    if _is_utf7(head.partition(b"\n")[0]):
        return Guess("utf-7")
    return guess_from_lines(sample_lines(path))


def sample_lines(path: Path, *, around: int | None = None) -> list[bytes]:
    """Lines with more than ASCII, from the head, the tail and between; with ``around``, from that place as well."""
    size = path.stat().st_size
    starts = [size * segment // _SEGMENTS for segment in range(_SEGMENTS)] if size > _SEGMENT_BYTES else [0]
    lines = []
    if around is not None:
        starts += range(around, min(size, around + 2 * BLOCK_BYTES), _SEGMENT_BYTES)
    with path.open("rb") as file:
        for start in starts:
            file.seek(start)
            octets = file.read(_SEGMENT_BYTES)
            pieces = octets.replace(b"\r", b"\n").split(b"\n")
            whole = pieces[1 if start else 0 : None if start + len(octets) >= size else -1]
            lines += [piece for piece in whole or pieces if not piece.isascii()]
    return lines


def guess_from_lines(lines: Sequence[bytes]) -> Guess:
    """Judge lines that hold more than ASCII; without any, it is UTF-8.

    Examples
    --------
    >>> guess_from_lines(["张三,北京".encode("gbk")]).codec
    'gb18030'
    >>> guess_from_lines(["Café Müller".encode("latin-1")]).codec
    'cp1252'
    """
    if not lines or sum(_decodes(line, "utf-8") for line in lines) * 2 >= len(lines):
        return Guess("utf-8")
    if _is_ebcdic(b"".join(lines)):
        return Guess(None)
    scores = {codec: _score(lines, codec, usual) for codec, usual in _CANDIDATES.items()}
    best = max(scores, key=lambda codec: scores[codec])
    return Guess(best if scores[best] >= 0.4 else None)


def text_blocks(path: Path, guess: Guess, *, old_mac: bool = False) -> Iterator[Block]:
    """The file's text as UTF-8 in blocks of whole lines, each line ending ``\\n`` or ``\\r\\n`` as it was.

    ``old_mac``: lines end with a lone ``\\r``, which becomes ``\\n``. The last line is given an end if it has none. A
    line longer than `LONGEST_LINE_BYTES` is cut there.
    """
    codec = guess.codec or "utf-8"
    end = ("\r" if old_mac else "\n").encode(codec)
    line = 1
    held: list[bytes] = []
    """Of a line without an end so far."""
    held_bytes = 0
    with path.open("rb") as file:
        file.seek(guess.bom)
        while octets := file.read(BLOCK_BYTES):
            cut = _last_end(octets, end)
            if not cut:
                if held_bytes <= LONGEST_LINE_BYTES:
                    held.append(octets)
                    held_bytes += len(octets)
                continue
            if held_bytes > LONGEST_LINE_BYTES:
                start = _first_end(octets, end)
                octets, cut = octets[start:], cut - start
                held = [_whole_characters(b"".join(held)[:LONGEST_LINE_BYTES], codec), end]
            block = _decoded(b"".join((*held, octets[:cut])), codec, end, line, old_mac=old_mac)
            line += block.data.count(b"\n")
            held = [octets[cut:]]
            held_bytes = len(octets) - cut
            yield block
    rest = b"".join(held)
    if len(rest) > LONGEST_LINE_BYTES:
        rest = _whole_characters(rest[:LONGEST_LINE_BYTES], codec)
    if rest:
        yield _decoded(rest + end, codec, end, line, old_mac=old_mac)


def text_pieces(path: Path, guess: Guess) -> Iterator[Block]:
    """The file's text as UTF-8 in pieces that need not end with a line: for formats in which lines mean nothing.

    The first piece with bytes that the encoding does not know is the last, and empty.
    """
    decoder = codecs.getincrementaldecoder(guess.codec or "utf-8")()
    line = 1
    with path.open("rb") as file:
        file.seek(guess.bom)
        while True:
            octets = file.read(BLOCK_BYTES)
            try:
                data = decoder.decode(octets, final=not octets).encode()
            except UnicodeDecodeError:
                yield Block(b"", line, frozenset({line}))
                return
            if data:
                yield Block(data, line)
            if not octets:
                return
            line += data.count(b"\n")


def _last_end(octets: bytes, end: bytes) -> int:
    """Where the last whole line ends; two-byte line ends only count on even places."""
    cut = octets.rfind(end)
    while cut > 0 and cut % len(end):
        cut = octets.rfind(end, 0, cut + len(end) - 1)
    return cut + len(end) if cut >= 0 else 0


def _first_end(octets: bytes, end: bytes) -> int:
    """Where the first line ends."""
    cut = octets.find(end)
    while cut % len(end):
        cut = octets.find(end, cut + 1)
    return cut + len(end)


def _whole_characters(octets: bytes, codec: str) -> bytes:
    """Without the beginning of a character at the end; wrong bytes stay for others to find."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(octets).encode(codec)
    except UnicodeDecodeError:
        return octets


def _decoded(octets: bytes, codec: str, end: bytes, first_line: int, *, old_mac: bool) -> Block:
    undecodable: frozenset[int] = frozenset()
    try:
        text = octets.decode(codec)
        data = octets if codec == "utf-8" else text.encode()
    except UnicodeDecodeError:
        lines = _lines(octets, end)
        good = [_decodes(line, codec) for line in lines]
        undecodable = frozenset(first_line + at for at, fine in enumerate(good) if not fine)
        data = b"".join(line.decode(codec, "backslashreplace").encode() for line in lines)
    return Block(data.replace(b"\r", b"\n") if old_mac else data, first_line, undecodable)


def _lines(octets: bytes, end: bytes) -> list[bytes]:
    """Lines with their ends."""
    if len(end) == 1:
        return [line + end for line in octets.split(end)[:-1]]
    units = np.frombuffer(octets[: len(octets) // 2 * 2], dtype=np.uint16)
    cuts = (np.flatnonzero(units == np.frombuffer(end, dtype=np.uint16)[0]) + 1) * 2
    starts = [0, *cuts.tolist()]
    return [octets[a:b] for a, b in pairwise(starts)]


def _decodes(octets: bytes, codec: str) -> bool:
    try:
        octets.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_bom(head: bytes) -> str | None:
    """Digits and commas make every second byte zero."""
    units = np.frombuffer(head[: len(head) // 2 * 2], dtype=np.uint8).reshape(-1, 2)
    if units.size < 8:
        return None
    first, second = (units == 0).mean(axis=0)
    for codec, zeros, others in (("utf-16-be", first, second), ("utf-16-le", second, first)):
        if zeros > 0.2 and others < 0.02 and _decodes(head[: len(head) // 2 * 2], codec):
            return codec
    return None


def _is_utf7(first_line: bytes) -> bool:
    """Whether names of columns are written in UTF-7: ``+i6JTVVP3-``. Only there: among values that could be a phone
    number."""
    runs = _UTF7_RUN.findall(first_line)
    if not runs or not first_line.isascii() or not _decodes(first_line, "utf-7"):
        return False
    return all(character.isalpha() and not character.isascii() for run in runs for character in run.decode("utf-7"))


def _is_ebcdic(octets: bytes) -> bool:
    """Whether nearly every byte is a letter, a digit or a usual sign on an IBM mainframe."""
    text = octets.decode("cp037")
    usual = sum(character in _EBCDIC_USUAL for character in text)
    return len(text) >= 40 and usual >= 0.97 * len(text)


def _score(lines: Sequence[bytes], codec: str, usual: Callable[[str], float]) -> float:
    """Share of the lines that decode, times how usual their characters are."""
    texts = [line.decode(codec) for line in lines if _decodes(line, codec)]
    return len(texts) / len(lines) * usual("\n".join(texts)) if texts else 0.0


def _usual_chinese(text: str) -> float:
    """Share of the characters beyond ASCII that are everyday ones, simplified or traditional.

    GB 2312 keeps punctuation and full-width digits in rows A1-A3 and 3,755 everyday characters in B0-D7; Big5 has
    punctuation in A1-A3 and 5,401 everyday characters in A4-C6.
    """
    beyond = [character for character in text if not character.isascii()]
    everyday = sum(
        any(
            len(octets := character.encode(codec, "ignore")) == 2 and 0xA1 <= octets[0] <= last
            for codec, last in (("gb2312", 0xD7), ("big5", 0xC6))
        )
        for character in beyond
    )
    return everyday / max(len(beyond), 1)


def _usual_western(text: str) -> float:
    """Share of the characters beyond ASCII that are letters or signs with at most one such neighbour."""
    beyond = single = 0
    for left, character, right in zip(" " + text, text, text[1:] + " ", strict=False):
        if not character.isascii():
            beyond += 1
            fine = character.isalpha() or character in "£€§°ß«»’‘“”–—…·¿¡®©™²³½¼ \u00a0"
            single += fine and (left.isascii() or right.isascii())
    return single / max(beyond, 1)


_CANDIDATES: dict[str, Callable[[str], float]] = {
    "gb18030": _usual_chinese,
    "big5": _usual_chinese,
    "cp1252": _usual_western,
}
