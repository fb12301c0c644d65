"""Files of measurements made elsewhere, and the runs that hold them."""

from __future__ import annotations

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from engine.domain.imported import ImportedFile
from engine.storage.values import time_of

_SAVE = """
    insert into imported_file values (
        $import_id, $source, $file_name, $file_sha256, $format, $results, $imported_by, $imported_at
    )
"""

_FIND = """
    select import_id, source, file_name, file_sha256, format, results, imported_by, epoch_us(imported_at)
    from imported_file
"""


def save(cursor: DuckDBPyConnection, found: ImportedFile, run_ids: Sequence[str]) -> None:
    """Remember the file, and that these runs hold what was in it."""
    cursor.execute(
        _SAVE,
        {
            "import_id": found.import_id,
            "source": found.source,
            "file_name": found.file_name,
            "file_sha256": found.file_sha256,
            "format": found.format,
            "results": found.results,
            "imported_by": found.imported_by,
            "imported_at": found.imported_at,
        },
    )
    cursor.execute(
        "update run set import_id = $import_id where list_contains($run_ids, run_id)",
        {"import_id": found.import_id, "run_ids": list(run_ids)},
    )


def with_content(cursor: DuckDBPyConnection, file_sha256: str) -> tuple[ImportedFile, list[int]] | None:
    """The file of this very content that was imported before, and the numbers of its runs; None if none was."""
    row = cursor.execute(f"{_FIND} where file_sha256 = $sha256", {"sha256": file_sha256}).fetchone()
    if row is None:
        return None
    found = ImportedFile(
        import_id=row[0],
        source=row[1],
        file_name=row[2],
        file_sha256=row[3],
        format=row[4],
        results=row[5],
        imported_by=row[6],
        imported_at=time_of(row[7]),
    )
    numbers = cursor.execute(
        "select number from run where import_id = $import_id order by number", {"import_id": found.import_id}
    ).fetchall()
    return found, [number for (number,) in numbers]
