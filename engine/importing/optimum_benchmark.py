"""optimum-benchmark's JSON: benchmark.json, or benchmark_report.json with benchmark_config.json beside it.

https://github.com/huggingface/optimum-benchmark: `report` has, per phase of a scenario, a latency with all its values,
a throughput and peaks of memory, each with its unit; `config` says what was measured, and on what machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.errors import InvalidValue
from engine.importing.optimum_options import options_of, refuse_other_generation
from engine.importing.table import RawTable, table_of_records

CONFIG_FILE = "benchmark_config.json"
_PHASES = ("load_model", "load", "first_forward", "forward", "prefill", "per_token", "decode", "call", "train")
_BACKENDS = {"pytorch": None, "onnxruntime": "onnxruntime", "openvino": "openvino", "ipex": "ipex"}
"""Its backend -> ours; None where the device says it."""
_ALLOCATED = "max_allocated"
"""The one of its peaks that is ours: what torch's allocator held of tensors on the device."""
_OTHER_PEAKS = ("max_reserved", "max_process_vram", "max_global_vram", "max_ram")
_PEAK_TAKEN = (
    "Peak memory is its max_allocated: the most that torch's allocator held of tensors on the device, weights included."
)


def is_optimum_benchmark(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    report = document.get("report", document)
    phases = [report.get(name) for name in _PHASES] if isinstance(report, dict) else []
    return any(isinstance(phase, dict) and isinstance(phase.get("latency"), dict) for phase in phases)


def needs_config(document: Mapping[str, Any]) -> bool:
    return "config" not in document


def table_of_optimum(
    document: Mapping[str, Any], config: Mapping[str, Any] | None, *, said: Mapping[str, str] | None = None
) -> RawTable:
    """One row for the forward pass, one for generation.

    `said` are fields that whoever imports names. Raises InvalidValue where a report has neither row, and for options
    that have no counterpart here.
    """
    told, report = document.get("config", config), document.get("report", document)
    if not isinstance(told, dict):
        raise InvalidValue(
            f"It says how long things took and not of what: put {CONFIG_FILE} of the same benchmark beside it, "
            "or import its benchmark.json, which holds both.",
            field="file",
        )
    about, remarks = _about(told, said or {})
    rows = [(phase, {**about, **figures}) for phase, figures in _figures(report)]
    if not rows:
        raise InvalidValue(
            "It has no latency of forward, prefill or per_token; training and loading are not taken.", field="file"
        )
    if any(phase != "forward" for phase, _ in rows):
        generation = _part(_part(told, "scenario"), "generate_kwargs")
        refuse_other_generation(generation, _part(told, "backend"))
    remarks += _on_memory(_part(report, phase) for phase, _ in rows)
    table = table_of_records([row for _, row in rows], [f"report.{phase}" for phase, _ in rows])
    return replace(table, remarks=tuple(remarks))


def _about(config: Mapping[str, Any], said: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """What every row has, and what no field of them says."""
    backend, scenario, machine = (_part(config, name) for name in ("backend", "scenario", "environment"))
    shapes = _part(scenario, "input_shapes")
    device = backend.get("device")
    gpus = machine.get("gpu")
    on_gpu = device in ("cuda", "gpu")
    accelerator = (gpus[0] if isinstance(gpus, list) and gpus else gpus) if on_gpu else None
    is_rocm = on_gpu and any(word in str(accelerator).casefold() for word in ("amd", "instinct", "radeon"))
    name = backend.get("name")
    if name not in _BACKENDS:
        raise InvalidValue(f"Its backend {name!r} has no counterpart here.", field="file")
    options, remarks = options_of(backend, said)
    generation = _part(scenario, "generate_kwargs")
    found = {
        "model": backend.get("model"),
        "model_type": backend.get("model_type"),
        "task": backend.get("task"),
        "checkpoint": None if backend.get("no_weights", True) else backend.get("model"),
        "backend": _BACKENDS[name] or ("rocm" if is_rocm else "cuda" if on_gpu else device),
        "device": accelerator,
        "cpu": str(machine.get("cpu") or "").strip() or None,
        "cores": machine.get("cpu_count"),
        "os": machine.get("platform"),
        **options,
        "batch_size": shapes.get("batch_size"),
        "sequence_length": shapes.get("sequence_length"),
        "threads": backend.get("intra_op_num_threads"),
        "new_tokens": scenario.get("new_tokens") or generation.get("max_new_tokens"),
        "transformers_version": machine.get("transformers_version"),
        "torch_version": backend.get("version") if name == "pytorch" else None,
        "note": f"benchmark {config.get('name')}" if config.get("name") else None,
    }
    return {field: value for field, value in found.items() if value is not None}, remarks


def _figures(report: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    forward = _part(report, "forward")
    if (seconds := _values(forward, "latency")) is not None:
        found: dict[str, Any] = {"workload": "inference", "latency_s": seconds}
        if (rate := _rate(forward, "samples/s")) is not None:
            found["throughput_items_per_s"] = rate
        yield "forward", found | _peak(forward)
    prefill, tokens, decode = (_part(report, name) for name in ("prefill", "per_token", "decode"))
    generation: dict[str, Any] = {}
    if (seconds := _values(prefill, "latency")) is not None:
        generation["prefill_time_s"] = seconds
    if (seconds := _values(tokens, "latency")) is not None:
        generation["inter_token_latency_s"] = seconds
    if (rate := _rate(decode, "tokens/s")) is not None:
        generation["decode_throughput_tokens_per_s"] = rate
    if generation:
        yield "decode" if decode else "prefill", {"workload": "generation", **generation, **_peak(decode or prefill)}


def _values(phase: Mapping[str, Any], name: str) -> list[float] | None:
    found = _part(phase, name)
    if not found:
        return None
    if found.get("unit") != "s":
        raise InvalidValue(
            f"A {name} has the unit {found.get('unit')!r} instead of s; it is not guessed.", field="file"
        )
    values = found.get("values")
    if not isinstance(values, list) or not values:
        raise InvalidValue(f"A {name} has no values; the mean alone is not taken.", field="file")
    return values


def _rate(phase: Mapping[str, Any], unit: str) -> Any:
    found = _part(phase, "throughput")
    return found.get("value") if found.get("unit") == unit else None


def _peak(phase: Mapping[str, Any]) -> dict[str, Any]:
    memory = _part(phase, "memory")
    if not memory.get(_ALLOCATED):
        return {}
    if memory.get("unit") != "MB":
        raise InvalidValue(
            f"A memory has the unit {memory.get('unit')!r} instead of MB; it is not guessed.", field="file"
        )
    return {"peak_memory_mb": memory[_ALLOCATED]}


def _on_memory(phases: Iterable[Mapping[str, Any]]) -> list[str]:
    """Which of its peaks are taken, and why the others are not."""
    there = {name for phase in phases for name, value in _part(phase, "memory").items() if value}
    taken = [_PEAK_TAKEN] if _ALLOCATED in there else []
    left = [name for name in _OTHER_PEAKS if name in there]
    if not left:
        return taken
    return [
        *taken,
        f"Not taken: {', '.join(left)}, of the whole process, board or memory pool; peak memory here is what comes on "
        "top of what there was before the model.",
    ]


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}
