"""Rows of a Parquet file, read by DuckDB in a database of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from engine.errors import InvalidValue


def read_parquet(path: Path, *, most: int) -> list[dict[str, Any]]:
    """Every row by column, `most` and one at most; raises InvalidValue for what is no Parquet file."""
    try:
        with duckdb.connect(config={"enable_external_access": True, "autoinstall_known_extensions": False}) as fresh:
            found = fresh.execute(
                "select * from read_parquet($path) limit $most", {"path": str(path), "most": most + 1}
            )
            columns = [description[0] for description in found.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    except duckdb.Error as error:
        raise InvalidValue(f"{path} cannot be read as Parquet ({str(error).splitlines()[0]}).", field="file") from error
