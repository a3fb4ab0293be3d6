"""Take the pictures of the report that the READMEs and the tutorial show, from the simulated shop.

Needs chromium on the PATH. Run it when the looks of the report have changed:

    python scripts/take_pictures.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --hide-scrollbars"
)
VIEW = {"width": 1180, "height": 1000}
MOST_BYTES = 200_000


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        scratch = Path(directory)
        company = scratch / "company"
        _guanxi("simulate", "--customers", "5000", "--seed", "1", "--out", str(company))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS.split())
        for language in ("en", "zh"):
            out = scratch / language
            files = [str(company / f"{name}.csv") for name in ("orders", "customers", "products")]
            _guanxi("mine", *files, "--out", str(out), "--lang", language)
            page = browser.new_page(viewport=VIEW)
            page.goto((out / "report.html").as_uri())
            page.wait_for_selector("html[data-ready]", state="attached")
            _take(page, f"report-{language}.png", top=0)
            if language != "en":
                continue  # The documentation is in English.
            section, figure = _box(page.locator("#segments")), _box(page.locator("#segments figure").first)
            _take(page, "segments-en.png", top=section["y"] - 24, bottom=figure["y"] + figure["height"] + 16)
        browser.close()


def _guanxi(*arguments: str) -> None:
    command = Path(sys.executable).with_name("guanxi")
    subprocess.run([command, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def _box(element: Locator) -> FloatRect:
    box = element.bounding_box()
    if box is None:
        raise SystemExit("the report does not show what is to be taken")
    return box


def _take(page: Page, name: str, *, top: float, bottom: float | None = None) -> None:
    height = (bottom or top + VIEW["height"]) - top
    path = IMAGES / name
    clip = {"x": 0, "y": top, "width": VIEW["width"], "height": height}
    page.screenshot(path=path, full_page=True, clip=clip)
    if path.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{name} has {path.stat().st_size} bytes, more than {MOST_BYTES}")


if __name__ == "__main__":
    main()
