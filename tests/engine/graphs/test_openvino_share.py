"""Which share of a graph's weights OpenVINO keeps in eight bits: of those that are computed with."""

from __future__ import annotations

import numpy
import pytest

openvino = pytest.importorskip("openvino", reason="openvino is not installed")
nncf = pytest.importorskip("nncf", reason="nncf is not installed")

from engine.graphs.openvino_export import _compressed  # noqa: E402

WIDTH = 64
NEARLY_ALL = pytest.approx(1.0, abs=0.03)
"""Scales of channels stay in floating point."""
RANDOM = numpy.random.default_rng(0)


def looked_up():
    """Rows of a table, and where they were asked for."""
    ops = openvino.opset13
    places = ops.parameter([1, 4], openvino.Type.i64)
    table = ops.constant(RANDOM.standard_normal((1000, WIDTH)).astype("float32"))
    return places, table, ops.gather(table, places, ops.constant(0))


def in_eight_bits(outputs, inputs):
    return nncf.compress_weights(openvino.Model(outputs, inputs), mode=nncf.CompressWeightsMode.INT8_SYM)


def test_a_table_that_is_only_looked_up_counts_in_neither():
    places, _, rows = looked_up()
    weights = openvino.opset13.constant(RANDOM.standard_normal((WIDTH, WIDTH)).astype("float32"))
    product = openvino.opset13.matmul(rows, weights, False, True)
    assert _compressed(in_eight_bits([product], [places])) == (1, NEARLY_ALL)


def test_a_table_that_is_multiplied_with_as_well_counts():
    places, table, rows = looked_up()
    product = openvino.opset13.matmul(rows, table, False, True)
    assert _compressed(in_eight_bits([product], [places])) == (1, NEARLY_ALL)


def test_a_graph_that_only_looks_up_has_nothing_in_eight_bits():
    places, _, rows = looked_up()
    assert _compressed(openvino.Model([rows], [places])) == (0, 0.0)


def test_weights_that_stayed_in_floating_point_count_against_it():
    places, _, rows = looked_up()
    weights = openvino.opset13.constant(RANDOM.standard_normal((WIDTH, WIDTH)).astype("float32"))
    product = openvino.opset13.matmul(rows, weights, False, True)
    assert _compressed(openvino.Model([product], [places])) == (0, 0.0)
    count, share = _compressed(in_eight_bits([product], [places]))
    added = openvino.opset13.add(
        product, openvino.opset13.constant(RANDOM.standard_normal((4, WIDTH)).astype("float32"))
    )
    mixed = in_eight_bits([openvino.opset13.matmul(added, weights, False, True)], [places])
    assert (count, share) == (1, NEARLY_ALL)
    assert _compressed(mixed)[1] < share
