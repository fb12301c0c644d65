"""Fewer bits in small graphs made by hand: what is quantised, what is not, and when that is none of it."""

from __future__ import annotations

import numpy
import pytest

from engine.errors import BackendUnavailable

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnx_ir = pytest.importorskip("onnx_ir", reason="onnx_ir is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from engine.graphs.onnx_quantization import (  # noqa: E402
    fold_transposed_weights,
    quantised_to_few_bits,
    split_linear_layers,
)

WIDTH = 64
WEIGHT = numpy.random.default_rng(0).standard_normal((WIDTH, WIDTH)).astype("float32")
X = numpy.random.default_rng(1).standard_normal((3, WIDTH)).astype("float32")


def a_model(*nodes, shape=(3, WIDTH), **weights):
    """From x to y."""
    floats = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        list(nodes),
        "g",
        [onnx.helper.make_tensor_value_info("x", floats, shape)],
        [onnx.helper.make_tensor_value_info("y", floats, None)],
        [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    return onnx_ir.from_proto(proto)


def transposed_product():
    """x times the transpose of w, as the exporter writes a linear layer with large weights."""
    return a_model(
        onnx.helper.make_node("Transpose", ["w"], ["wt"], perm=[1, 0]),
        onnx.helper.make_node("MatMul", ["x", "wt"], ["y"]),
        w=WEIGHT,
    )


def answer(model):
    text = onnx_ir.to_proto(model).SerializeToString()
    return onnxruntime.InferenceSession(text, providers=["CPUExecutionProvider"]).run(None, {"x": X})[0]


def operations(model) -> list[str]:
    return [node.op_type for node in model.graph]


def test_weights_that_are_transposed_at_each_pass_become_constants_with_the_same_answer():
    model = transposed_product()
    fold_transposed_weights(model)
    assert operations(model) == ["MatMul"]
    assert answer(model) == pytest.approx(X @ WEIGHT.T, abs=1e-4)


@pytest.mark.parametrize("is_transposed", [True, False])
def test_a_linear_layer_with_its_bias_becomes_a_product_and_a_sum_with_the_same_answer(is_transposed):
    bias = numpy.arange(WIDTH, dtype="float32")
    layer = onnx.helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=int(is_transposed))
    model = a_model(layer, w=WEIGHT, b=bias)
    split_linear_layers(model)
    assert operations(model) == ["MatMul", "Add"]
    assert answer(model) == pytest.approx(X @ (WEIGHT.T if is_transposed else WEIGHT) + bias, abs=1e-4)


def test_a_linear_layer_that_is_scaled_is_left_as_it_is():
    model = a_model(onnx.helper.make_node("Gemm", ["x", "w"], ["y"], alpha=0.5), w=WEIGHT)
    split_linear_layers(model)
    assert operations(model) == ["Gemm"]


@pytest.mark.parametrize(("bits", "most"), [(4, 0.15), (2, 0.6)])
def test_weights_in_few_bits_are_near_and_the_faster_product_is_asked_for(bits, most):
    model, note = quantised_to_few_bits(transposed_product(), bits)
    (product,) = list(model.graph)
    assert product.op_type == "MatMulNBits"
    assert (product.attributes["accuracy_level"].as_int(), product.attributes["bits"].as_int()) == (4, bits)
    assert note.startswith(f"int{bits} is 1 matrix products with weights in {bits} bits")
    error = numpy.sqrt(((answer(model) - X @ WEIGHT.T) ** 2).mean() / ((X @ WEIGHT.T) ** 2).mean())
    assert 0.01 < error < most


def test_a_graph_without_a_product_of_weights_is_not_called_quantised():
    model = a_model(onnx.helper.make_node("MatMul", ["x", "x"], ["y"]), shape=(3, 3))
    with pytest.raises(BackendUnavailable, match=r"int4 would be fp32 under another name: .* hold 0% of"):
        quantised_to_few_bits(model, 4)


def test_a_graph_that_is_mostly_convolutions_is_not_called_quantised_either():
    kernels = numpy.ones((WIDTH, WIDTH, 3), dtype="float32")
    model = a_model(
        onnx.helper.make_node("MatMul", ["x", "w"], ["product"]),
        onnx.helper.make_node("Unsqueeze", ["product", "last"], ["row"]),
        onnx.helper.make_node("Conv", ["row", "k"], ["y"], pads=[1, 1]),
        w=WEIGHT,
        k=kernels,
        last=numpy.array([2]),
    )
    with pytest.raises(BackendUnavailable, match="they hold 25% of the weights that this model computes with"):
        quantised_to_few_bits(model, 4)


def test_a_table_that_is_only_looked_up_does_not_count():
    table = numpy.ones((1000, WIDTH), dtype="float32")
    model = a_model(
        onnx.helper.make_node("Gather", ["table", "places"], ["looked"]),
        onnx.helper.make_node("Add", ["x", "looked"], ["sum"]),
        onnx.helper.make_node("MatMul", ["sum", "w"], ["y"]),
        table=table,
        places=numpy.array([1, 2, 3]),
        w=WEIGHT,
    )
    assert quantised_to_few_bits(model, 4)[1].endswith("; other operations stayed in fp32.")
