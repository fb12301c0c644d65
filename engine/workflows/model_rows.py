"""Model types and checkpoints as plain rows: what `catalog --json` prints and the REST endpoints answer."""

from __future__ import annotations

from engine.catalog.checkpoints import size_names, sizes_of
from engine.catalog.chosen import unavailable
from engine.catalog.registry import Catalog
from engine.contract.catalog import CheckpointRow, ModelRow, SizeRow
from engine.domain.model import ModelType, Size


def model_row(model: ModelType) -> ModelRow:
    """One type with every size it can be measured at."""
    return {
        "name": model.name,
        "display_name": model.display_name,
        "family": model.family,
        "task": model.task,
        "priority": model.tier,
        "status": model.status,
        "reason": model.status_reason,
        "parents": list(model.parents),
        "packages": list(model.packages),
        "parameters": model.default_parameters,
        "modalities": list(model.modalities),
        "traits": list(model.traits),
        "sizes": [
            {"name": Size.TINY.value, "parameters": model.tiny_parameters, "parameters_are": "counted"},
            {
                "name": Size.DEFAULT.value,
                "parameters": model.default_parameters,
                "parameters_are": "counted",
                "inputs_are": "shown to fit" if model.default_shown else "the likeliest guess",
                "problem": model.default_problem,
            },
            *_published(model.name),
        ],
    }


def _published(model_type: str) -> list[SizeRow]:
    return [
        {"name": name, "parameters": checkpoint.parameters, "parameters_are": "published"}
        for name, checkpoint in sizes_of(model_type).items()
    ]


def checkpoint_rows(catalog: Catalog) -> list[CheckpointRow]:
    """Every shipped checkpoint by model type, small to large; `reason` says why one cannot be measured, else None."""
    ordered = sorted(size_names().items(), key=lambda pair: (pair[1].model_type, pair[1].parameters))
    return [
        {
            "name": name,
            "hub_id": checkpoint.name,
            "model_type": checkpoint.model_type,
            "library": checkpoint.library,
            "parameters": checkpoint.parameters,
            "parameters_are": "published",
            "source": checkpoint.source,
            "note": checkpoint.note,
            "reason": unavailable(checkpoint, catalog.types, catalog.unusable),
        }
        for name, checkpoint in ordered
    ]
