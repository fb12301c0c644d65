"""Fewer bits for the matrix products of an ONNX graph: eight at run time, or four and two in the weights alone."""

from __future__ import annotations

from typing import Any

from engine.domain.case import Precision
from engine.errors import BackendUnavailable
from engine.workloads.quantized import LEAST_SHARE

FEW_BITS = {Precision.INT4: 4, Precision.INT2: 2}
BLOCK = 32
"""Weights that share a scale."""
_ACCURACY_LEVEL = 4
"""Activations are quantised to eight bits for the product. With the default, 0, weights are unpacked to fp32 at each
pass, which is 150 to 360 times slower."""
_INTEGER_PRODUCTS = ("MatMulInteger",)
_FEW_BIT_PRODUCTS = ("MatMulNBits",)
_FLOAT_PRODUCTS = ("MatMul", "Gemm")
_WITH_WEIGHTS = (*_FLOAT_PRODUCTS, "Conv", "ConvTranspose", "Einsum", "LSTM", "GRU")
"""Operations whose weights cost arithmetic in proportion."""


def quantised_dynamically(model: Any, inputs: dict[str, Any]) -> tuple[Any, str]:
    """int8 weights by channel, activations quantised at each pass; the model, and a note on what that means in it.

    Matrix products alone: ONNX Runtime has no kernel on the CPU for convolutions with signed weights of eight bits.
    Seven of the eight bits are used, because CPUs without VNNI add pairs of products in 16 bits, which overflow.
    """
    from transformers.exporters.configs import ExportFormat
    from transformers.exporters.quantizers.quantizer_onnxruntime import OnnxRuntimeDynamicConfig, OnnxRuntimeQuantizer

    fold_transposed_weights(model)
    settings = OnnxRuntimeDynamicConfig(
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        reduce_range=True,
        extra_options={"MatMulConstBOnly": True},
    )
    quantised = OnnxRuntimeQuantizer(settings).quantize(model, inputs, ExportFormat.ONNX)
    note = _said(quantised, _INTEGER_PRODUCTS, "int8", "weights by channel, activations at run time (quantize_dynamic)")
    return quantised, note


def quantised_to_few_bits(model: Any, bits: int) -> tuple[Any, str]:
    """Weights in `bits` bits, symmetric, a scale for each BLOCK; the model, and a note on what that means in it."""
    import onnx_ir
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    fold_transposed_weights(model)
    split_linear_layers(model)
    quantiser = MatMulNBitsQuantizer(
        onnx_ir.to_proto(model), bits=bits, block_size=BLOCK, is_symmetric=True, accuracy_level=_ACCURACY_LEVEL
    )
    quantiser.process()
    quantised = onnx_ir.from_proto(quantiser.model.model)
    how = f"weights in {bits} bits, a scale for each {BLOCK} (MatMulNBits, accuracy level {_ACCURACY_LEVEL})"
    return quantised, _said(quantised, _FEW_BIT_PRODUCTS, f"int{bits}", how)


def fold_transposed_weights(model: Any) -> None:
    """Turn weights that the graph transposes at each pass into transposed weights: quantisers see constants alone."""
    import numpy
    import onnx_ir

    for node in list(model.graph):
        if node.op_type != "Transpose" or not node.inputs[0].is_initializer():
            continue
        order = node.attributes["perm"].as_ints() if "perm" in node.attributes else None
        output = node.outputs[0]
        array = numpy.ascontiguousarray(numpy.transpose(node.inputs[0].const_value.numpy(), order))
        weight = onnx_ir.Value(
            name=f"{output.name}_folded",
            shape=output.shape,
            type=output.type,
            const_value=onnx_ir.tensor(array, name=f"{output.name}_folded"),
        )
        onnx_ir.convenience.replace_all_uses_with(output, weight)
        model.graph.remove(node, safe=True)
        model.graph.register_initializer(weight)


def split_linear_layers(model: Any) -> None:
    """Write products of two-dimensional inputs with weights, and the bias behind them, as a product and a sum.

    The exporter makes one operation of both, which the quantiser of few bits does not know.
    """
    import numpy
    import onnx_ir

    for node in list(model.graph):
        if node.op_type != "Gemm" or not node.inputs[1].is_initializer():
            continue
        told = {name: attribute.value for name, attribute in node.attributes.items()}
        if told.get("transA", 0) or told.get("alpha", 1.0) != 1.0 or told.get("beta", 1.0) != 1.0:
            continue
        array = node.inputs[1].const_value.numpy()
        name = f"{node.outputs[0].name}_weight"
        constant = onnx_ir.tensor(numpy.ascontiguousarray(array.T) if told.get("transB", 0) else array, name=name)
        shape = onnx_ir.Shape(constant.shape.numpy())
        weight = onnx_ir.Value(name=name, shape=shape, type=node.inputs[1].type, const_value=constant)
        model.graph.register_initializer(weight)
        nodes = [onnx_ir.node("MatMul", [node.inputs[0], weight])]
        if len(node.inputs) > 2 and node.inputs[2] is not None:
            nodes.append(onnx_ir.node("Add", [nodes[0].outputs[0], node.inputs[2]]))
        onnx_ir.convenience.replace_nodes_and_values(model.graph, node, [node], nodes, node.outputs, nodes[-1].outputs)


def _said(model: Any, quantised_types: tuple[str, ...], name: str, how: str) -> str:
    """The note; BackendUnavailable where most of the arithmetic would stay that of fp32 and pass for something else."""
    products = [node for node in model.graph if node.op_type in quantised_types]
    quantised = sum(_quantised_weights(node) for node in products)
    left = _float_weights(model)
    share = quantised / (quantised + left) if products else 0.0
    if share < LEAST_SHARE:
        raise BackendUnavailable(
            f"{name} would be fp32 under another name: ONNX Runtime quantises products of matrices alone, and they "
            f"hold {share:.0%} of the weights that this model computes with.",
            field="precisions",
        )
    rest = f" and {1 - share:.0%} of the weights stayed in fp32" if left else ""
    return f"{name} is {len(products)} matrix products with {how}; other operations{rest or ' stayed in fp32'}."


def _quantised_weights(node: Any) -> int:
    """How many weights a quantised product has; none where both factors are activations."""
    if node.op_type in _FEW_BIT_PRODUCTS:
        return int(node.attributes["K"].as_int() * node.attributes["N"].as_int())
    factor = node.inputs[1]
    return int(factor.const_value.size) if factor.is_initializer() else 0


def _float_weights(model: Any) -> int:
    """Weights that something else computes with in floating point; tables that are only looked up are none."""
    computed = [
        value
        for value in model.graph.initializers.values()
        if value.const_value is not None
        and value.dtype is not None
        and value.dtype.is_floating_point()
        and len(value.const_value.shape) >= 2
        and any(use.node.op_type in _WITH_WEIGHTS for use in value.uses())
    ]
    return sum(int(value.const_value.size) for value in computed)
