"""What an export leaves on disk: the graph, the inputs, torch's answer to them, and what is known of the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.domain.model import ModelFacts
from engine.errors import SkillsetFailure

MANIFEST = "manifest.json"
_INPUTS = "inputs.npz"
_REFERENCE = "reference.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One exported graph in its folder; the arrays are read when asked for."""

    folder: Path
    graph: str
    """File name of the graph."""
    facts: ModelFacts
    checksum: str | None
    """Of the skillset that built the model."""
    notes: tuple[str, ...]
    """What is worth showing beside figures of this graph."""
    excuse: str | None
    """Why an answer that is not torch's need not be wrong, as a note; None where it is."""
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    @property
    def graph_path(self) -> Path:
        return self.folder / self.graph

    def inputs(self) -> dict[str, Any]:
        """The example inputs as arrays by name."""
        return _arrays(self.folder / _INPUTS, self.input_names)

    def reference(self) -> dict[str, Any]:
        """What torch answers to them in fp32, eagerly, as arrays by name."""
        return _arrays(self.folder / _REFERENCE, self.output_names)


def write_artifact(
    folder: Path,
    *,
    graph: str,
    facts: ModelFacts,
    checksum: str | None,
    notes: tuple[str, ...],
    excuse: str | None,
    inputs: Mapping[str, Any],
    reference: Mapping[str, Any],
) -> None:
    """Complete `folder`, where the graph lies already; the manifest comes last, so a folder with one is whole."""
    _save(folder / _INPUTS, inputs)
    _save(folder / _REFERENCE, reference)
    manifest = {
        "graph": graph,
        "facts": asdict(facts),
        "checksum": checksum,
        "notes": list(notes),
        "excuse": excuse,
        "input_names": list(inputs),
        "output_names": list(reference),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def read_artifact(folder: Path) -> Artifact:
    """Raises SkillsetFailure for a folder that holds no readable export, with the remedy."""
    try:
        kept = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Artifact(
            folder=folder,
            graph=kept["graph"],
            facts=ModelFacts(**kept["facts"]),
            checksum=kept["checksum"],
            notes=tuple(kept["notes"]),
            excuse=kept["excuse"],
            input_names=tuple(kept["input_names"]),
            output_names=tuple(kept["output_names"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SkillsetFailure(f"The exported graph in {folder} cannot be read ({error}); remove the folder.") from error


def _save(path: Path, arrays: Mapping[str, Any]) -> None:
    """By position: the names of outputs have dots and brackets that file names inside the archive may not."""
    import numpy

    numpy.savez(path, **{f"array_{index}": array for index, array in enumerate(arrays.values())})


def _arrays(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    import numpy

    with numpy.load(path, allow_pickle=False) as kept:
        return {name: kept[f"array_{index}"] for index, name in enumerate(names)}
