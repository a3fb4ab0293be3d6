"""Which encoding a file has, and strict decoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from guanxi.intake.encoding import Guess, guess_encoding, guess_from_lines, text_blocks

SIMPLIFIED = ["张三,北京市朝阳区,红色连衣裙,￥1,299.00", "李四,上海,订单已取消", "客户编号,订单日期,数量,单价"]
TRADITIONAL = ["客戶編號,訂單日期,數量", "張三,臺北市中正區,紅色洋裝", "陳小姐,取消訂單,退貨"]
WESTERN = ["Café Müller,£5.00", "Señor Peña, São Paulo", "GARÇON ÉCOLE", "naïve Übergröße"]


@pytest.mark.parametrize(
    ("codec", "texts", "expected"),
    [
        ("utf-8", SIMPLIFIED, "utf-8"),
        ("utf-8", WESTERN, "utf-8"),
        ("gbk", SIMPLIFIED, "gb18030"),
        ("gbk", TRADITIONAL, "gb18030"),
        ("gb18030", ["𠮷野家,㐂寿司,张三", "䶮先生,北京"], "gb18030"),
        ("big5", TRADITIONAL, "big5"),
        ("latin-1", WESTERN, "cp1252"),
        ("cp1252", ["5 € for “quoted” – twice"], "cp1252"),
    ],
)
def test_one_line_is_enough_to_tell_the_encoding(codec: str, texts: list[str], expected: str) -> None:
    for text in texts:
        assert guess_from_lines([text.encode(codec)]).codec == expected


def test_ascii_is_utf8() -> None:
    assert guess_from_lines([]) == Guess("utf-8")


def test_a_few_wrong_lines_do_not_change_the_guess() -> None:
    lines = [text.encode() for text in SIMPLIFIED * 3] + [SIMPLIFIED[0].encode("gbk")]
    assert guess_from_lines(lines).codec == "utf-8"


@pytest.mark.parametrize("text", ["Клиент,Заказ,Москва".encode("cp1251"), bytes(range(0x80, 0x100))])
def test_what_fits_no_encoding_is_not_guessed(text: bytes) -> None:
    assert guess_from_lines([text]).codec is None


@pytest.mark.parametrize(
    ("mark", "codec"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")]
)
def test_a_byte_order_mark_decides(mark: bytes, codec: str, tmp_path: Path) -> None:
    path = tmp_path / "marked.csv"
    path.write_bytes(mark + "客户,1\n张三,2\n".encode(codec))
    guess = guess_encoding(path)
    assert guess == Guess(codec, len(mark))
    assert [block.data.decode() for block in text_blocks(path, guess)] == ["客户,1\n张三,2\n"]


def test_lines_are_never_cut_between_blocks(tmp_path: Path) -> None:
    lines = [f"{at:07},张三 ਊ,\n" for at in range(60_000)]  # U+0A0A holds the byte of a line end twice
    for codec in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        path = tmp_path / f"{codec}.csv"
        path.write_bytes("".join(lines).encode(codec))
        blocks = list(text_blocks(path, Guess(codec)))
        assert len(blocks) > 1
        assert "".join(block.data.decode() for block in blocks) == "".join(lines)
        assert [block.first_line for block in blocks[:2]] == [1, 1 + blocks[0].data.count(b"\n")]
        assert not any(block.undecodable for block in blocks)


@pytest.mark.parametrize(
    ("codec", "wrong"), [("utf-8", b"\xff"), ("gb18030", b"\xff"), ("big5", b"\xff"), ("utf-16-le", b"\x00\xd8")]
)
def test_wrong_bytes_are_named_by_line_and_shown(codec: str, wrong: bytes, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_bytes("a,客\n".encode(codec) + wrong + "b\n".encode(codec) + "c".encode(codec))
    [*blocks] = text_blocks(path, Guess(codec))
    text = "".join(block.data.decode() for block in blocks)
    assert frozenset().union(*(block.undecodable for block in blocks)) == {2}
    assert text.split("\n")[0] == "a,客"
    assert "\\x" in text.split("\n")[1]
    assert text.split("\n")[2:] == ["c", ""]


def test_old_mac_line_ends_become_ordinary_ones(tmp_path: Path) -> None:
    path = tmp_path / "mac.csv"
    path.write_bytes(b"a\rb\rc")
    assert [block.data for block in text_blocks(path, Guess("utf-8"), old_mac=True)] == [b"a\nb\n", b"c\n"]
