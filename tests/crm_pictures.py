"""Pictures for the documentation: what a browser shows, in 256 colours, which halves the file and shows no less."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

COLOURS, SURFACES = 256, 64
_PIXELS = """async (encoded) => {
    const picture = new Image();
    picture.src = "data:image/png;base64," + encoded;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const bytes = context.getImageData(0, 0, picture.width, picture.height).data;
    let text = "";
    for (let from = 0; from < bytes.length; from += 32768) text += String.fromCharCode(...bytes.subarray(from, from + 32768));
    return [picture.width, picture.height, btoa(text)];
}"""


def take_picture(page: Page, path: Path) -> None:
    """Keep what the window shows as a PNG with a palette."""
    shown = page.screenshot(animations="disabled")
    blank = page.context.browser.new_page()
    width, height, encoded = blank.evaluate(_PIXELS, base64.b64encode(shown).decode())
    blank.close()
    pixels = np.frombuffer(base64.b64decode(encoded), dtype=np.uint8).reshape(height * width, 4)[:, :3]
    palette, indexes = _with_palette(pixels)
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = indexes.reshape(height, width)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (b"IHDR", head), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_part(name, content) for name, content in parts))


def _with_palette(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The commonest colours, then those that can be told apart, and for every pixel the nearest of them."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    colours, places, counts = np.unique(packed, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    channels = np.stack([colours >> 16 & 255, colours >> 8 & 255, colours & 255], axis=1).astype(np.int32)
    _, first, alike = np.unique(channels[order] >> 3, axis=0, return_index=True, return_inverse=True)
    # Surfaces keep their very colour, however near to another's; the other places are for the edges of letters.
    apart = np.argsort(-np.bincount(alike.ravel(), weights=counts[order]), kind="stable")
    palette = channels[np.concatenate([order[:SURFACES], order[first[apart]]])[:COLOURS]]
    nearest = np.array([np.argmin(((palette - each) ** 2).sum(axis=1)) for each in channels], dtype=np.uint8)
    return palette.astype(np.uint8), nearest[places]


def _part(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file (ISO/IEC 15948, section 5.3)."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
