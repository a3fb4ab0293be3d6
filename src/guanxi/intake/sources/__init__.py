"""Sources beside single files: databases by URL, web APIs page by page, folders of periodical files.

Whatever a source brings becomes `Staged`, exactly as a file does, so that nothing after it knows the difference. People
describe a source in a small YAML file (`load_description`), and `fetch` reads it.
"""

from guanxi.intake.sources.api import stage_api
from guanxi.intake.sources.description import (
    ApiDescription,
    Description,
    FolderDescription,
    SqlDescription,
    is_description,
    load_description,
)
from guanxi.intake.sources.fetch import Fetched, Position, fetch
from guanxi.intake.sources.folder import folder_files, watch
from guanxi.intake.sources.paging import Cursor, LinkHeader, NextUrl, Offset, PageNumber, Paging
from guanxi.intake.sources.sql import Key, list_tables, newest_key, stage_sql

__all__ = [
    "ApiDescription",
    "Cursor",
    "Description",
    "Fetched",
    "FolderDescription",
    "Key",
    "LinkHeader",
    "NextUrl",
    "Offset",
    "PageNumber",
    "Paging",
    "Position",
    "SqlDescription",
    "fetch",
    "folder_files",
    "is_description",
    "list_tables",
    "load_description",
    "newest_key",
    "stage_api",
    "stage_sql",
    "watch",
]
