"""A graph's session: what is read when, told by an artifact whose arrays come late."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import pytest

from engine.errors import SkillsetFailure
from engine.graphs.artifact import Artifact, read_artifact, write_artifact
from engine.graphs.session import GraphSession
from tests.builders import some_facts


class ReadsOnly:
    """Answers with what it was given."""

    actual_device = "CPU"

    def __init__(self, *names: str) -> None:
        self.input_names = names

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return dict(inputs)


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    arrays = {"ids": numpy.ones((2, 3)), "mask": numpy.zeros((2, 3)), "scale": numpy.float64(1)}
    told = {"graph": "model.onnx", "facts": some_facts(), "checksum": None, "notes": ("Exported.",), "excuse": None}
    write_artifact(tmp_path, inputs=arrays, reference={}, **told)
    return read_artifact(tmp_path)


def test_a_graph_is_opened_without_reading_its_inputs(artifact: Artifact):
    inputs = artifact.folder / "inputs.npz"
    inputs.rename(artifact.folder / "later.npz")
    session = GraphSession(ReadsOnly("ids"), artifact)
    (artifact.folder / "later.npz").rename(inputs)
    assert list(session.inputs) == ["ids"] and session.infer()["ids"].shape == (2, 3)
    assert session.infer()["ids"] is session.inputs["ids"]
    assert session.notes == ["Exported.", "The graph does not read mask: nothing of it reaches an output."]


def test_what_the_graph_reads_and_the_inputs_lack_is_named_at_once(artifact: Artifact):
    with pytest.raises(SkillsetFailure, match="The graph reads pixels, which the model's inputs do not have"):
        GraphSession(ReadsOnly("pixels"), artifact)
