"""The JSON of optimum-benchmark and pytest-benchmark, in the shapes that their releases write."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from engine.catalog.registry import Catalog
from engine.domain.case import Precision, Workload
from engine.domain.measurement import Metric
from engine.errors import InvalidValue
from engine.importing.interpret import interpret
from engine.importing.named_models import NamedModels
from engine.importing.optimum_benchmark import is_optimum_benchmark, table_of_optimum
from engine.importing.pytest_benchmark import is_pytest_benchmark, table_of_pytest

OPTIMUM: dict[str, Any] = {
    "config": {
        "name": "cuda_bert",
        "backend": {
            "name": "pytorch",
            "version": "2.5.1",
            "task": "fill-mask",
            "model_type": "bert",
            "model": "google-bert/bert-base-uncased",
            "device": "cuda",
            "torch_dtype": "float16",
            "no_weights": True,
            "intra_op_num_threads": None,
        },
        "scenario": {"name": "inference", "input_shapes": {"batch_size": 4, "sequence_length": 128}},
        "environment": {"cpu": " AMD EPYC", "cpu_count": 8, "gpu": ["Tesla T4"], "transformers_version": "4.47.0"},
    },
    "report": {
        "load_model": {"latency": {"unit": "s", "values": [3.2]}},
        "forward": {
            "memory": {"unit": "MB", "max_ram": 900.0, "max_allocated": 500.0},
            "latency": {"unit": "s", "values": [0.011, 0.012, 0.013], "count": 3},
            "throughput": {"unit": "samples/s", "value": 333.3},
        },
    },
}
GENERATION: dict[str, Any] = {
    "prefill": {"latency": {"unit": "s", "values": [0.02]}, "throughput": {"unit": "tokens/s", "value": 800.0}},
    "decode": {"latency": {"unit": "s", "values": [0.6]}, "throughput": {"unit": "tokens/s", "value": 210.0}},
    "per_token": {"latency": {"unit": "s", "values": [0.019, 0.02]}},
}
PYTEST: dict[str, Any] = {
    "machine_info": {
        "node": "ci-7",
        "system": "Linux",
        "release": "6.1",
        "cpu": {"brand_raw": "Example CPU", "count": 4},
    },
    "benchmarks": [
        {
            "name": "test_forward[8]",
            "fullname": "tests/test_speed.py::test_forward[8]",
            "params": {"batch_size": 8},
            "extra_info": {"model": "bert", "backend": "cpu", "precision": "fp32"},
            "stats": {"min": 0.01, "median": 0.012, "rounds": 3, "data": [0.011, 0.012, 0.013]},
        }
    ],
    "datetime": "2026-01-31T12:00:00+00:00",
    "version": "5.1.0",
}


def test_a_forward_pass_of_optimum_benchmark_keeps_every_value(catalog: Catalog):
    assert is_optimum_benchmark(OPTIMUM) and not is_optimum_benchmark(PYTEST)
    (row,) = interpret(table_of_optimum(OPTIMUM, None), NamedModels(catalog, {}))
    assert (row.case.model_type, row.case.model) == ("bert", "google-bert/bert-base-uncased")
    assert (row.case.backend, row.case.precision, row.case.batch_size) == ("cuda", Precision.FP16, 4)
    assert (row.machine.device, row.machine.cores, row.case.sequence_length) == ("Tesla T4", 8, 128)
    found = {measurement.metric: measurement.samples for measurement in row.measurements}
    assert found == {Metric.LATENCY: (0.011, 0.012, 0.013), Metric.THROUGHPUT: (333.3,), Metric.PEAK_MEMORY: (5e8,)}


def optimum(*, memory: dict[str, Any] | None = None, **backend: Any) -> dict[str, Any]:
    document = deepcopy(OPTIMUM)
    document["config"]["backend"] |= backend
    if memory is not None:
        document["report"]["forward"]["memory"] = memory
    return document


def test_only_the_peak_that_is_ours_is_taken_and_the_others_are_told(catalog: Catalog):
    table = table_of_optimum(OPTIMUM, None)
    assert [remark.partition(":")[0] for remark in table.remarks] == ["Peak memory is its max_allocated", "Not taken"]
    whole = table_of_optimum(optimum(memory={"unit": "MB", "max_ram": 900.0, "max_global_vram": 1500.0}), None)
    (row,) = interpret(whole, NamedModels(catalog, {}))
    assert {measurement.metric for measurement in row.measurements} == {Metric.LATENCY, Metric.THROUGHPUT}
    (remark,) = whole.remarks
    assert remark.startswith("Not taken: max_global_vram, max_ram, of the whole process")
    with pytest.raises(InvalidValue, match="'GB' instead of MB"):
        table_of_optimum(optimum(memory={"unit": "GB", "max_allocated": 5.0}), None)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("quantization_scheme", "bnb"),
        ("load_in_8bit", True),
        ("autocast_enabled", True),
        ("auto_quantization", "avx512_vnni"),
        ("torch_dtype", "auto"),
        ("model_kwargs", {"load_in_4bit": True}),
    ],
)
def test_a_precision_that_the_file_does_not_say_has_to_be_said(catalog: Catalog, option: str, value: Any):
    document = optimum(**{option: value})
    name = "load_in_4bit" if option == "model_kwargs" else option
    with pytest.raises(InvalidValue, match=rf"Its {name} is .*--set precision=int8"):
        table_of_optimum(document, None)
    table = table_of_optimum(document, None, said={"precision": "int8"})
    (row,) = interpret(table, NamedModels(catalog, {}), constants={"precision": "int8"})
    assert row.case.precision is Precision.INT8
    assert table.remarks[0].endswith("that this is int8 was said at the import.")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("peft_type", "lora"),
        ("deepspeed_inference", True),
        ("device_map", "auto"),
        ("allow_tf32", True),
        ("cache_implementation", "static"),
        ("auto_optimization", "O2"),
    ],
)
def test_an_option_without_counterpart_refuses_the_file_by_its_name(option: str, value: Any):
    with pytest.raises(InvalidValue, match=f"Its {option} is .*measure again without {option}"):
        table_of_optimum(optimum(**{option: value}), None, said={"precision": "int8"})


def test_options_that_are_ours_too_and_those_that_say_nothing_come_in(catalog: Catalog):
    plain: dict[str, Any] = {"quantization_scheme": None, "quantization_config": {}, "cache_implementation": "dynamic"}
    compiling: dict[str, Any] = {"backend": "inductor", "mode": "max-autotune", "fullgraph": False}
    document = optimum(
        torch_compile=True, torch_compile_config=compiling, model_kwargs={"attn_implementation": "eager"}, **plain
    )
    table = table_of_optimum(document, None)
    (row,) = interpret(table, NamedModels(catalog, {}))
    assert (row.case.compiled, row.case.attention, row.case.precision) == (True, "eager", Precision.FP16)
    assert table.remarks[0] == "torch.compile had settings of its own: mode=max-autotune."
    with pytest.raises(InvalidValue, match="torch_compile_target is 'regional'"):
        table_of_optimum(optimum(torch_compile=True, torch_compile_target="regional"), None)


def test_generation_of_optimum_benchmark_is_a_workload_of_its_own(catalog: Catalog):
    document = deepcopy(OPTIMUM)
    document["report"] = GENERATION
    document["config"]["scenario"]["generate_kwargs"] = {"max_new_tokens": 32}
    (row,) = interpret(table_of_optimum(document, None), NamedModels(catalog, {}))
    assert (row.case.workload, row.case.new_tokens) == (Workload.GENERATION, 32)
    assert {m.metric for m in row.measurements} == {
        Metric.PREFILL_TIME,
        Metric.INTER_TOKEN_LATENCY,
        Metric.DECODE_THROUGHPUT,
    }


@pytest.mark.parametrize(
    ("option", "value"), [("num_beams", 4), ("num_return_sequences", 2), ("do_sample", True), ("use_cache", False)]
)
def test_generation_that_is_not_greedy_is_refused_by_its_option(option: str, value: object):
    document = deepcopy(OPTIMUM)
    document["report"] = GENERATION
    document["config"]["scenario"]["generate_kwargs"] = {"max_new_tokens": 32, option: value}
    with pytest.raises(InvalidValue, match=f"Its {option} is {value!r}, and generation here is greedy"):
        table_of_optimum(document, None)
    if option == "use_cache":
        document["config"]["scenario"]["generate_kwargs"] = {"max_new_tokens": 32}
        document["config"]["backend"]["use_cache"] = value
        with pytest.raises(InvalidValue, match="Its use_cache is False"):
            table_of_optimum(document, None)


def test_options_of_generation_do_not_matter_to_a_forward_pass_alone():
    document = deepcopy(OPTIMUM)
    document["config"]["scenario"]["generate_kwargs"] = {"num_beams": 4}
    assert len(table_of_optimum(document, None).rows) == 1


def test_a_report_needs_the_configuration_beside_it(catalog: Catalog):
    with pytest.raises(InvalidValue, match="put benchmark_config"):
        table_of_optimum(OPTIMUM["report"], None)
    assert len(table_of_optimum(OPTIMUM["report"], OPTIMUM["config"]).rows) == 1


def test_a_unit_that_is_not_the_usual_one_is_not_guessed():
    document = deepcopy(OPTIMUM)
    document["report"]["forward"]["latency"]["unit"] = "ms"
    with pytest.raises(InvalidValue, match="'ms' instead of s"):
        table_of_optimum(document, None)


def test_a_test_of_pytest_benchmark_says_itself_what_it_measures(catalog: Catalog):
    assert is_pytest_benchmark(PYTEST) and not is_pytest_benchmark(OPTIMUM)
    (row,) = interpret(table_of_pytest(PYTEST), NamedModels(catalog, {}))
    assert (row.case.model_type, row.case.batch_size, row.case.backend) == ("bert", 8, "cpu")
    assert (row.machine.hostname, row.machine.cpu, row.machine.cores) == ("ci-7", "Example CPU", 4)
    assert row.measurements[0].samples == (0.011, 0.012, 0.013)
    assert row.measured_at is not None and row.measured_at.year == 2026


def test_a_test_that_does_not_say_it_is_refused_by_its_place(catalog: Catalog):
    document = deepcopy(PYTEST)
    document["benchmarks"][0]["extra_info"] = {}
    with pytest.raises(InvalidValue, match=r"benchmarks\[1\] test_forward\[8\]: there is no model"):
        interpret(table_of_pytest(document), NamedModels(catalog, {}))


def test_without_saved_rounds_the_median_is_taken(catalog: Catalog):
    document = deepcopy(PYTEST)
    del document["benchmarks"][0]["stats"]["data"]
    (row,) = interpret(table_of_pytest(document), NamedModels(catalog, {}))
    assert row.measurements[0].samples == (0.012,)
