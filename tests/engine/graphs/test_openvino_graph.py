"""Outputs of an OpenVINO graph by the names that the export gave them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.graphs.openvino_graph import open_openvino, output_names


def test_a_name_is_better_than_a_number_and_none_is_given_twice() -> None:
    assert output_names([{"779", "pred_boxes"}, {"logits"}]) == ["pred_boxes", "logits"]
    shared = {"480", "encoder_last_hidden_state", "last_hidden_state"}
    assert output_names([shared, shared]) == ["encoder_last_hidden_state", "last_hidden_state"]
    assert output_names([{"12"}]) == ["12"]


def test_the_graph_answers_by_them(tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino")
    given = openvino.opset13.parameter([2], np.float32, name="given")
    given.output(0).set_names({"given"})
    doubled = openvino.opset13.add(given, given)
    doubled.output(0).set_names({"12", "boxes"})
    openvino.save_model(openvino.Model([doubled], [given], "doubles"), tmp_path / "doubles.xml")
    graph = open_openvino(tmp_path / "doubles.xml", 1)
    assert {name: list(value) for name, value in graph.run({"given": np.ones(2, np.float32)}).items()} == {
        "boxes": [2.0, 2.0]
    }
