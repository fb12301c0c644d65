"""Rows of a Parquet file, read by DuckDB in a database of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb

from engine.errors import InvalidValue


def read_parquet(content: bytes, *, name: str, most: int) -> list[dict[str, Any]]:
    """Every row by column, `most` and one at most; raises InvalidValue, with `name`, for what is no Parquet file.

    DuckDB takes a path for a pattern and its folders for columns, so it reads the bytes from a place of their own.
    """
    try:
        with (
            tempfile.TemporaryDirectory(prefix="modeldyno-parquet-") as folder,
            duckdb.connect(config={"enable_external_access": True, "autoinstall_known_extensions": False}) as fresh,
        ):
            place = Path(folder) / "file.parquet"
            place.write_bytes(content)
            found = fresh.execute(
                "select * from read_parquet($path, hive_partitioning = false) limit $most",
                {"path": str(place), "most": most + 1},
            )
            columns = [description[0] for description in found.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    except duckdb.Error as error:
        raise InvalidValue(f"{name} cannot be read as Parquet ({str(error).splitlines()[0]}).", field="file") from error
