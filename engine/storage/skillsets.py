"""Which skillset modules were generated, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from duckdb import DuckDBPyConnection

from engine.domain.model import Family
from engine.domain.skillset import GenerationStatus, Skillset
from engine.storage.values import time_of

_SAVE = """
    insert into skillset values (
        $model_type, $family, $path, $checksum, $generator_version, $transformers_version, $status, $reason,
        $generated_at
    )
"""

_LATEST = """
    select model_type, family, path, checksum, generator_version, transformers_version, status, reason,
           epoch_us(generated_at)
    from skillset
    qualify row_number() over (partition by model_type order by generated_at desc, rowid desc) = 1
    order by model_type
"""


def save(cursor: DuckDBPyConnection, skillset: Skillset) -> None:
    """Add one generation to the history."""
    cursor.execute(_SAVE, _values(skillset))


def save_all(cursor: DuckDBPyConnection, generated: Sequence[Skillset]) -> None:
    """Add many generations at once."""
    cursor.executemany(_SAVE, [_values(skillset) for skillset in generated])


def _values(skillset: Skillset) -> dict[str, Any]:
    return {
        "model_type": skillset.model_type,
        "family": skillset.family.value,
        "path": skillset.path,
        "checksum": skillset.checksum,
        "generator_version": skillset.generator_version,
        "transformers_version": skillset.transformers_version,
        "status": skillset.status.value,
        "reason": skillset.reason,
        "generated_at": skillset.generated_at,
    }


def latest(cursor: DuckDBPyConnection) -> list[Skillset]:
    """The newest generation of each model type, by name."""
    return [_skillset(row) for row in cursor.execute(_LATEST).fetchall()]


def _skillset(row: tuple[Any, ...]) -> Skillset:
    return Skillset(
        model_type=row[0],
        family=Family(row[1]),
        path=row[2],
        checksum=row[3],
        generator_version=row[4],
        transformers_version=row[5],
        status=GenerationStatus(row[6]),
        reason=row[7],
        generated_at=time_of(row[8]),
    )
