"""All named queries of the library, found where they lie, so that a new one meets the laws by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import guanxi
from guanxi.features.customers import STEPS
from guanxi.warehouse import Query, load_query

_ROOT = Path(guanxi.__file__).parent
NAMED: Mapping[str, Query] = {
    path.stem: load_query(".".join(("guanxi", *path.relative_to(_ROOT).parts[:-2])), path.stem)
    for path in sorted(_ROOT.rglob("queries/*.sql"))
}
IN_ORDER = [*STEPS, *(name for name in NAMED if name not in STEPS)]
"""The features first: the studies read them."""
