"""Sources beside single files: databases by URL, web APIs page by page, folders of periodical files.

Whatever a source brings becomes `Staged`, exactly as a file does, so that nothing after it knows the difference.
"""

from guanxi.intake.sources.api import stage_api
from guanxi.intake.sources.folder import folder_files, watch
from guanxi.intake.sources.paging import Cursor, LinkHeader, NextUrl, Offset, PageNumber, Paging
from guanxi.intake.sources.sql import list_tables, stage_sql

__all__ = [
    "Cursor",
    "LinkHeader",
    "NextUrl",
    "Offset",
    "PageNumber",
    "Paging",
    "folder_files",
    "list_tables",
    "stage_api",
    "stage_sql",
    "watch",
]
