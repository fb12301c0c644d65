"""From rows of text to results: every column and cell is understood, or the whole file is refused by line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.domain.case import Case, Precision, Workload
from engine.domain.imported import ForeignMachine, ImportedRow
from engine.domain.measurement import Measurement, Metric
from engine.domain.model import Family
from engine.domain.run import MAX_BATCH_SIZE
from engine.domain.workload_metrics import METRICS
from engine.errors import InvalidValue, nearest_names
from engine.importing.cells import choice_of, flag_of, samples_of, text_of, time_of, whole_of
from engine.importing.named_models import NamedModels
from engine.importing.table import RawRow, RawTable
from engine.importing.units import factor_of, in_own_unit, metric_column, units_of

_SMALLEST = 1e-300
"""What lies nearer to nought has lost its digits."""
IGNORED = "ignore"
"""What a column is mapped to that is to be left out."""
FIELDS: Mapping[str, str] = {
    "model": "model type, published checkpoint, or any name whose type is told",
    "model_type": "the library's model type, where model is another name",
    "family": "family of a model that the catalogue does not know",
    "task": "pipeline task; the type's own where it is left out",
    "size": "tiny, default or a name; taken from model where it is left out",
    "checkpoint": "hub id of trained weights",
    "backend": "cpu, cuda, onnxruntime ...; guessed from device where that is clear",
    "device": "the accelerator's name, such as Tesla T4",
    "machine": "host name",
    "cpu": "the processor's name",
    "os": "operating system",
    "cores": "logical cores",
    "precision": "fp32, bf16, fp16, int8, int4, int2",
    "batch_size": "items a batch",
    "sequence_length": "tokens, samples or frames",
    "image_size": "pixels along a side",
    "threads": "threads inside an operation",
    "new_tokens": "generation: tokens made for each example",
    "workers": "concurrency: workers at once",
    "compiled": "true or false",
    "attention": "attention implementation",
    "workload": "inference (where left out), startup, generation, concurrency",
    "measured_at": "ISO 8601 time; UTC without a zone",
    "note": "a remark kept with the result",
    "metric": "long form: the metric's name",
    "value": "long form: its figure",
    "unit": "unit of value, or of metric columns whose name has none",
}
LIBRARIES = ("torch", "transformers", "diffusers", "numpy", "onnxruntime", "openvino")
"""`torch_version` and the like are columns too."""
_PROBLEMS_TOLD = 10
_BACKEND_WORDS = {
    "cuda": ("nvidia", "tesla", "geforce", "quadro", "rtx", "gtx"),
    "rocm": ("amd instinct", "instinct", "radeon"),
    "mps": ("apple m",),
}


def interpret(
    table: RawTable,
    models: NamedModels,
    *,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
) -> list[ImportedRow]:
    """Every row as a result; `mapping` renames columns, `constants` are cells that every row has.

    Raises InvalidValue that names the first faults by their line; nothing of a file with a fault is taken.
    """
    fields = _fields_of(table, mapping or {}, constants or {})
    found: list[ImportedRow] = []
    problems: list[str] = []
    for row in table.rows:
        named = {fields[name]: value for name, value in row.values.items() if fields.get(name, IGNORED) != IGNORED}
        present = {name: value for name, value in named.items() if value is not None and value != ""}
        try:
            found.append(_result(row, {**(constants or {}), **present}, models))
        except (ValueError, InvalidValue) as problem:
            problems.append(f"{row.place}: {str(problem).rstrip('.')}.")
    if problems:
        more = f" And {len(problems) - _PROBLEMS_TOLD:,} more." if len(problems) > _PROBLEMS_TOLD else ""
        raise InvalidValue(f"{' '.join(problems[:_PROBLEMS_TOLD])}{more}", field="file")
    return found


def _fields_of(table: RawTable, mapping: Mapping[str, str], constants: Mapping[str, str]) -> dict[str, str]:
    """Column -> field; raises InvalidValue for columns that nobody knows and mappings of columns that are not there."""
    for name in mapping:
        if name not in table.columns:
            there = ", ".join(table.columns)
            raise InvalidValue(f"--map {name}: there is no such column; there are {there}.", field="map")
    for name in constants:
        if not _is_known(name):
            raise InvalidValue(f"--set {name}: no such field; there are {', '.join(FIELDS)}.", field="set")
    fields = {name: mapping.get(name, name.strip().casefold()) for name in table.columns}
    for name, field in fields.items():
        if field == IGNORED or _is_known(field):
            continue
        near = nearest_names(field, [*FIELDS, *(metric.label for metric in Metric)])
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise InvalidValue(
            f"line 1: unknown column {name!r}.{hint} --map {name}=FIELD names the field that it is, "
            f"--map {name}={IGNORED} leaves it out.",
            field="file",
        )
    used = [field for field in fields.values() if field != IGNORED]
    if twice := next((field for field in used if used.count(field) > 1), None):
        raise InvalidValue(f"line 1: two columns are {twice}; leave one out with --map COLUMN={IGNORED}.", field="map")
    return fields


def _is_known(field: str) -> bool:
    is_version = field.endswith("_version") and field.removesuffix("_version") in LIBRARIES
    return field in FIELDS or is_version or metric_column(field) is not None


def _result(row: RawRow, cells: Mapping[str, Any], models: NamedModels) -> ImportedRow:
    """Raises ValueError with what is wrong with one row."""
    name = _needed(text_of("model", cells.get("model")), "model")
    model = models.find(
        name,
        model_type=text_of("model_type", cells.get("model_type")),
        family=choice_of(Family, "family", cells.get("family")),
        task=text_of("task", cells.get("task")),
        size=text_of("size", cells.get("size")),
    )
    device = text_of("device", cells.get("device"))
    workload = choice_of(Workload, "workload", cells.get("workload")) or Workload.INFERENCE
    batch_size = _needed(whole_of("batch_size", cells.get("batch_size")), "batch_size")
    if batch_size > MAX_BATCH_SIZE:
        raise ValueError(f"batch_size {batch_size} is more than {MAX_BATCH_SIZE}")
    case = Case(
        model_type=model.model_type,
        family=model.family,
        task=model.task,
        size=model.size,
        backend=text_of("backend", cells.get("backend")) or _backend_of(device),
        precision=_needed(choice_of(Precision, "precision", cells.get("precision")), "precision"),
        batch_size=batch_size,
        workload=workload,
        sequence_length=whole_of("sequence_length", cells.get("sequence_length")),
        image_size=whole_of("image_size", cells.get("image_size")),
        threads=whole_of("threads", cells.get("threads")),
        new_tokens=whole_of("new_tokens", cells.get("new_tokens")),
        workers=whole_of("workers", cells.get("workers")),
        compiled=flag_of("compiled", cells.get("compiled")),
        attention=text_of("attention", cells.get("attention")),
        checkpoint=text_of("checkpoint", cells.get("checkpoint")),
    )
    return ImportedRow(
        place=row.place,
        case=case,
        machine=_machine(device, cells),
        measurements=_measurements(cells, workload),
        measured_at=time_of("measured_at", cells.get("measured_at")),
        note=text_of("note", cells.get("note")),
    )


def _machine(device: str | None, cells: Mapping[str, Any]) -> ForeignMachine:
    versions = {name: text_of(f"{name}_version", cells.get(f"{name}_version")) for name in LIBRARIES}
    return ForeignMachine(
        device=device,
        hostname=text_of("machine", cells.get("machine")),
        cpu=text_of("cpu", cells.get("cpu")),
        os=text_of("os", cells.get("os")),
        cores=whole_of("cores", cells.get("cores")),
        libraries={name: version for name, version in versions.items() if version is not None},
    )


def _measurements(cells: Mapping[str, Any], workload: Workload) -> tuple[Measurement, ...]:
    """Of the long form (metric, value, unit) and of columns named after metrics; at least one."""
    unit = text_of("unit", cells.get("unit"))
    is_long = cells.get("metric") is not None
    found: dict[Metric, Measurement] = {}
    for label, name, value in _figures(cells):
        metric, own_unit = metric_column(name) or (Metric.named(name), None)
        samples = samples_of(label, value)
        if samples is None:
            continue
        used = own_unit or unit
        if used is None:
            raise ValueError(f"{name} has no unit; name the column {metric.label}_{units_of(metric)[0]} or fill unit")
        factor = factor_of(metric, used)
        if factor is None:
            raise ValueError(f"{used!r} is no unit of {metric.label}; use {', '.join(units_of(metric))}")
        if unit is not None and not is_long and factor_of(metric, unit) != factor:
            raise ValueError(f"unit says {unit!r} and the column {label} another; keep one of them")
        if metric not in METRICS[workload]:
            raise ValueError(f"{metric.label} is no metric of {workload}; set the workload that it belongs to")
        if metric in found:
            raise ValueError(f"{metric.label} stands there twice")
        kept = tuple(in_own_unit(sample, factor) for sample in samples)
        if faulty := [sample for sample, own in zip(samples, kept, strict=True) if not _SMALLEST < own < math.inf]:
            raise ValueError(f"{label} {faulty[0]:g} {used} is too large or too small to be a measurement")
        found[metric] = Measurement(metric=metric, samples=kept)
    if not found:
        raise ValueError("there is no figure; give a column such as latency_ms, or metric, value and unit")
    return tuple(found.values())


def _figures(cells: Mapping[str, Any]) -> Sequence[tuple[str, str, Any]]:
    """The column that a figure stands in, the name of its metric with or without a unit, and the figure."""
    named = [(name, name, value) for name, value in cells.items() if metric_column(name) is not None]
    metric, value = text_of("metric", cells.get("metric")), cells.get("value")
    if metric is not None and value is None:
        raise ValueError(f"{metric} has no value")
    if metric is None and value is not None:
        raise ValueError("value has no metric; fill the column metric")
    return named if metric is None else [*named, ("value", metric.casefold(), value)]


def _backend_of(device: str | None) -> str:
    plain = (device or "").casefold().replace("_", " ")
    for backend, words in _BACKEND_WORDS.items():
        if any(word in plain for word in words):
            return backend
    raise ValueError(
        "there is no backend; give a column backend, or --set backend=cpu"
        + (f" (device {device!r} does not tell it)" if device else "")
    )


def _needed(value: Any, name: str) -> Any:
    if value is None:
        raise ValueError(f"there is no {name}; give a column {name}, or --set {name}=VALUE for the whole file")
    return value
