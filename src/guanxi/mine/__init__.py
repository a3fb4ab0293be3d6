"""The main job: delivered files in, known and ranked customers out."""

from guanxi.mine.intake import Imported, Intake, import_files, profile_files
from guanxi.mine.job import Mined, dry_run, mine
from guanxi.mine.outputs import require_writable, write_outputs

__all__ = [
    "Imported",
    "Intake",
    "Mined",
    "dry_run",
    "import_files",
    "mine",
    "profile_files",
    "require_writable",
    "write_outputs",
]
