"""Record types of `sources`."""

from __future__ import annotations

from guanxi_crm.core.records import Field, RecordType, register

__all__ = ["IMPORT"]

IMPORT = register(
    RecordType(
        "import", "crm_sources",
        (Field("files", "list"), Field("mapping"), Field("rejects", "list", personal=True, writable=False)),
        actions=("view", "create", "undo"),
    )
)  # fmt: skip
