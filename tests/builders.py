"""Small builders of domain values: name only what the test is about, the rest is plausible and constant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from engine.domain.api_key import ApiKey, Role
from engine.domain.audit import AuditEntry
from engine.domain.case import Case, Precision, Workload
from engine.domain.hardware import BackendStatus, Environment, MachineState
from engine.domain.measurement import Estimate, IntervalMethod, Measurement, Metric
from engine.domain.model import Family, ModelFacts, ModelType, Shape, Size, Status, Tier
from engine.domain.prediction import HeldOut, Prediction
from engine.domain.report import StoredReport
from engine.domain.result import Failure, FailureKind, Provenance, Result, ResultStatus
from engine.domain.run import (
    CaseProgress,
    Plan,
    PlannedCase,
    Protocol,
    Run,
    RunProgress,
    RunRequest,
    RunStatus,
    SkippedCase,
)
from engine.domain.skillset import GenerationOutcome, GenerationStatus, Skillset
from engine.domain.summary import CaseSummary

A_TIME = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
"""The moment at which everything here happened."""
AN_ENVIRONMENT_ID = "env-0001"
A_RUN_ID = "run-0001"

_FAMILY_OF = {
    "bert": (Family.TEXT_ENCODER, "fill-mask"),
    "distilbert": (Family.TEXT_ENCODER, "fill-mask"),
    "roberta": (Family.TEXT_ENCODER, "fill-mask"),
    "gpt2": (Family.TEXT_DECODER, "text-generation"),
    "llama": (Family.TEXT_DECODER, "text-generation"),
    "mixtral": (Family.TEXT_DECODER, "text-generation"),
    "mamba": (Family.TEXT_DECODER, "text-generation"),
    "t5": (Family.TEXT_TO_TEXT, "text2text-generation"),
    "bart": (Family.TEXT_TO_TEXT, "text2text-generation"),
    "vit": (Family.VISION, "image-classification"),
    "clip": (Family.VISION_TEXT, "zero-shot-image-classification"),
    "whisper": (Family.AUDIO, "automatic-speech-recognition"),
    "wav2vec2": (Family.AUDIO, "automatic-speech-recognition"),
}


def a_model(name: str = "bert", **changes: Any) -> ModelType:
    family, task = _FAMILY_OF.get(name, (Family.OTHER, "feature-extraction"))
    camel = "".join(part.capitalize() for part in name.split("_"))
    values: dict[str, Any] = {
        "name": name,
        "display_name": name.upper(),
        "family": family,
        "task": task,
        "tier": Tier.CRITICAL,
        "module": name,
        "config_class": f"{camel}Config",
        "model_class": f"{camel}Model",
        "tasks": (task,),
        "modalities": ("text",),
        "status": Status.RUNNABLE,
        "sequence_unit": "tokens",
        "tiny_shape": Shape(sequence_length=16),
        "default_shape": Shape(sequence_length=128),
    }
    if changes.get("status", Status.RUNNABLE) is not Status.RUNNABLE:
        values["status_reason"] = f"{name} has no recipe."
    return ModelType(**(values | changes))


def a_case(model_type: str = "bert", **changes: Any) -> Case:
    family, task = _FAMILY_OF.get(model_type, (Family.OTHER, "feature-extraction"))
    is_visual = family in (Family.VISION, Family.VISION_TEXT)
    values: dict[str, Any] = {
        "model_type": model_type,
        "family": family,
        "task": task,
        "size": Size.DEFAULT,
        "backend": "cpu",
        "precision": Precision.FP32,
        "batch_size": 1,
        "workload": Workload.INFERENCE,
        "sequence_length": None if family is Family.VISION else 128,
        "image_size": 224 if is_visual else None,
    }
    return Case(**(values | changes))


def a_failure(
    kind: FailureKind = FailureKind.ERROR, reason: str = "ValueError: bad shape", log: str = "Traceback"
) -> Failure:
    return Failure(kind=kind, reason=reason, log=log)


def some_facts(**changes: Any) -> ModelFacts:
    values: dict[str, Any] = {
        "parameters": 109_482_240,
        "parameter_bytes": 437_928_960,
        "flops": 22_350_000_000,
        "input_bytes": 2_048,
    }
    return ModelFacts(**(values | changes))


def a_machine_state(**changes: Any) -> MachineState:
    values: dict[str, Any] = {
        "load_1min": 0.4,
        "cpu_busy_others": 0.01,
        "cpu_steal": 0.0,
        "frequency_hertz": 2.6e9,
        "available_memory_bytes": 12 * 2**30,
    }
    return MachineState(**(values | changes))


def inference_measurements(
    latency: float = 0.042, *, batch_size: int = 1, iterations: int = 12, peak_memory: float = 5.1e8
) -> tuple[Measurement, ...]:
    """Latency samples spread evenly over +-2 % around `latency`, and the throughput and peak that go with them."""
    step = 0.04 * latency / max(iterations - 1, 1)
    samples = tuple(latency + (index - (iterations - 1) / 2) * step for index in range(iterations))
    return (
        Measurement(metric=Metric.LATENCY, samples=samples),
        Measurement(metric=Metric.THROUGHPUT, samples=(batch_size * iterations / sum(samples),)),
        Measurement(metric=Metric.PEAK_MEMORY, samples=(peak_memory,)),
    )


def startup_measurements(
    module_import: float = 0.21, instantiation: float = 0.94, initialization: float = 0.11
) -> tuple[Measurement, ...]:
    return (
        Measurement(metric=Metric.MODULE_IMPORT_TIME, samples=(module_import,)),
        Measurement(metric=Metric.CLASS_INSTANTIATION_TIME, samples=(instantiation,)),
        Measurement(metric=Metric.MODEL_INITIALIZATION_TIME, samples=(initialization,)),
    )


def a_result(case: Case | None = None, *, latency: float = 0.042, **changes: Any) -> Result:
    """A completed result of `case`; give status= and failure= for another outcome."""
    case = case or a_case()
    status = changes.get("status", ResultStatus.COMPLETED)
    completed = status is ResultStatus.COMPLETED
    if not completed:
        measurements: tuple[Measurement, ...] = ()
    elif case.workload is Workload.STARTUP:
        measurements = startup_measurements()
    else:
        measurements = inference_measurements(latency, batch_size=case.batch_size)
    values: dict[str, Any] = {
        "result_id": f"result-{case.case_id}-{changes.get('repetition', 0)}",
        "run_id": A_RUN_ID,
        "case": case,
        "repetition": 0,
        "status": status,
        "provenance": Provenance.MEASURED,
        "environment_id": AN_ENVIRONMENT_ID,
        "requested_backend": case.backend,
        "actual_device": "cpu" if completed else None,
        "started_at": A_TIME,
        "duration_seconds": 1.9,
        "failure": None if completed else a_failure(),
        "measurements": measurements,
        "facts": some_facts() if completed else None,
        "machine": a_machine_state(),
        "skillset_checksum": "0" * 64,
    }
    return Result(**(values | changes))


def a_failed_result(
    case: Case | None = None,
    kind: FailureKind = FailureKind.ERROR,
    reason: str = "ValueError: bad shape",
    **changes: Any,
) -> Result:
    values: dict[str, Any] = {"status": ResultStatus.FAILED, "failure": a_failure(kind, reason)}
    return a_result(case, **(values | changes))


def an_estimate(value: float = 0.042, spread: float | None = 0.03, **changes: Any) -> Estimate:
    """`value` with an interval of +-`spread` (relative); spread=None gives no interval."""
    values: dict[str, Any] = {
        "value": value,
        "low": None if spread is None else value * (1 - spread),
        "high": None if spread is None else value * (1 + spread),
        "confidence": None if spread is None else 0.95,
        "method": IntervalMethod.NONE if spread is None else IntervalMethod.T_LOG_PROCESSES,
        "processes": 1 if spread is None else 3,
        "samples": 36,
    }
    return Estimate(**(values | changes))


def a_summary(
    case: Case | None = None,
    *,
    latencies: Sequence[float] = (0.041, 0.042, 0.043),
    peak_memory: float = 5.1e8,
    **changes: Any,
) -> CaseSummary:
    """What three processes of an inference case say together; latencies=() gives a case that only failed."""
    case = case or a_case()
    process_values: Mapping[Metric, tuple[float, ...]] = {}
    estimates: Mapping[Metric, Estimate] = {}
    if latencies:
        process_values = {
            Metric.LATENCY: tuple(latencies),
            Metric.THROUGHPUT: tuple(case.batch_size / latency for latency in latencies),
            Metric.PEAK_MEMORY: tuple(peak_memory for _ in latencies),
        }
        estimates = {
            metric: an_estimate(median(values), 0.03 if len(values) > 1 else None, processes=len(values))
            for metric, values in process_values.items()
        }
    values: dict[str, Any] = {
        "case": case,
        "environment_id": AN_ENVIRONMENT_ID,
        "provenance": Provenance.MEASURED,
        "estimates": estimates,
        "process_values": process_values,
        "completed": len(latencies),
        "failed": 0 if latencies else 1,
        "last_failure": None if latencies else a_failure(),
        "measured_at": A_TIME,
        "last_run_id": A_RUN_ID,
        "facts": some_facts() if latencies else None,
        "actual_device": "cpu" if latencies else None,
        "machine_label": an_environment().label,
    }
    return CaseSummary(**(values | changes))


def an_environment(**changes: Any) -> Environment:
    values: dict[str, Any] = {
        "environment_id": AN_ENVIRONMENT_ID,
        "hostname": "bench-host",
        "os": "Linux 6.1",
        "cpu": "Example CPU 2.6 GHz",
        "architecture": "x86_64",
        "physical_cores": 4,
        "logical_cores": 8,
        "memory_bytes": 16 * 2**30,
        "python": "3.11.7",
        "libraries": {"torch": "2.13.0", "transformers": "5.23.0"},
    }
    return Environment(**(values | changes))


def a_backend_status(backend: str = "cpu", *, available: bool = True, **changes: Any) -> BackendStatus:
    values: dict[str, Any] = {
        "backend": backend,
        "available": available,
        "reason": None if available else f"No {backend} device was found.",
        "devices": (backend,) if available else (),
        "versions": {"torch": "2.13.0"} if available else {},
        "precisions": ("fp32", "bf16") if available else (),
    }
    return BackendStatus(**(values | changes))


def a_protocol(**changes: Any) -> Protocol:
    """Quick: one process, three iterations."""
    values: dict[str, Any] = {
        "processes": 1,
        "warmup": 1,
        "min_iterations": 3,
        "max_iterations": 3,
        "max_seconds": 1.0,
        "timeout_seconds": 60.0,
    }
    return Protocol(**(values | changes))


def a_request(*models: str, **changes: Any) -> RunRequest:
    values: dict[str, Any] = {"models": models or ("bert",), "batch_sizes": (1,), "protocol": a_protocol()}
    return RunRequest(**(values | changes))


def a_plan(*cases: Case, skipped: Sequence[SkippedCase] = (), repetitions: int = 1) -> Plan:
    planned = tuple(
        PlannedCase(case=case, repetition=repetition, estimated_seconds=(1.0, 3.0))
        for case in (cases or (a_case(),))
        for repetition in range(repetitions)
    )
    return Plan(planned=planned, skipped=tuple(skipped), estimated_seconds=(1.0 * len(planned), 3.0 * len(planned)))


def a_skipped_case(
    case: Case | None = None, kind: FailureKind = FailureKind.DOES_NOT_FIT, reason: str = "Needs 31 GB, 12 GB are free."
) -> SkippedCase:
    return SkippedCase(case=case or a_case(), failure=Failure(kind=kind, reason=reason))


def a_run(status: RunStatus = RunStatus.COMPLETED, **changes: Any) -> Run:
    started = status not in (RunStatus.INITIALIZING, RunStatus.QUEUED)
    values: dict[str, Any] = {
        "run_id": A_RUN_ID,
        "number": 1,
        "status": status,
        "request": a_request(),
        "environment_id": AN_ENVIRONMENT_ID,
        "created_at": A_TIME,
        "started_at": A_TIME + timedelta(seconds=2) if started else None,
        "finished_at": A_TIME + timedelta(minutes=3) if status.is_final else None,
        "active_seconds": 178.0 if status.is_final else None,
        "total": 4,
        "completed": 4 if status is RunStatus.COMPLETED else 0,
    }
    return Run(**(values | changes))


def a_case_progress(index: int = 0, state: str = "queued", case: Case | None = None, **changes: Any) -> CaseProgress:
    case = case or a_case()
    completed = state == ResultStatus.COMPLETED
    values: dict[str, Any] = {
        "index": index,
        "label": case.label,
        "case": case,
        "repetition": 0,
        "state": state,
        "elapsed_seconds": None if state == "queued" else 1.9,
        "latency_seconds": 0.042 if completed else None,
        "throughput": 23.8 if completed else None,
    }
    return CaseProgress(**(values | changes))


def a_progress(run: Run | None = None, **changes: Any) -> RunProgress:
    """A run under way: one case done, one running, two queued."""
    values: dict[str, Any] = {
        "run": run or a_run(RunStatus.RUNNING, completed=1),
        "current_step": "bert cpu fp32 batch 1, process 2 of 4",
        "elapsed_seconds": 8.0,
        "remaining_seconds": (12.0, 20.0),
        "cases": (
            a_case_progress(0, "completed"),
            a_case_progress(1, "running"),
            a_case_progress(2),
            a_case_progress(3),
        ),
        "log": ("run 1 started", "bert cpu fp32 batch 1: 42 ms"),
        "sequence": 5,
    }
    return RunProgress(**(values | changes))


def a_skillset(model_type: str = "bert", **changes: Any) -> Skillset:
    values: dict[str, Any] = {
        "model_type": model_type,
        "family": _FAMILY_OF.get(model_type, (Family.OTHER, ""))[0],
        "path": f"skillsets/hf_{model_type}.py",
        "checksum": "0" * 64,
        "generator_version": "0.1.0",
        "transformers_version": "5.23.0",
        "status": GenerationStatus.VERIFIED,
        "reason": None,
        "generated_at": A_TIME,
    }
    return Skillset(**(values | changes))


def a_generation_outcome(model_type: str = "bert", **changes: Any) -> GenerationOutcome:
    skillset = a_skillset(model_type)
    values: dict[str, Any] = {
        "model_type": model_type,
        "family": skillset.family,
        "path": skillset.path,
        "status": skillset.status,
        "reason": None,
        "seconds": 1.2,
        "skillset": skillset,
    }
    return GenerationOutcome(**(values | changes))


def a_prediction(case: Case | None = None, metric: Metric = Metric.LATENCY, **changes: Any) -> Prediction:
    case = case or a_case(batch_size=4)
    values: dict[str, Any] = {
        "case": case,
        "metric": metric,
        "value": 0.16,
        "low": 0.11,
        "high": 0.23,
        "confidence": 0.9,
        "nearest": ((a_summary(), 0.3), (a_summary(a_case(batch_size=8)), 0.4)),
        "training_cases": 24,
        "is_extrapolation": False,
        "explanation": "Between batch sizes 1 and 8 of the same model type.",
        "held_out": HeldOut.CASES,
        "coverage": 0.88,
        "error": 0.21,
        "baseline_error": 0.35,
        "trained_at": A_TIME,
    }
    return Prediction(**(values | changes))


def a_stored_report(**changes: Any) -> StoredReport:
    values: dict[str, Any] = {
        "report_id": "report-0001",
        "run_id": A_RUN_ID,
        "title": "Run 1",
        "summary": "4 of 4 results completed.",
        "format": "html",
        "filename": "modeldyno-run-1.html",
        "size_bytes": 123_456,
        "created_at": A_TIME,
    }
    return StoredReport(**(values | changes))


def an_api_key(key_id: str = "abcdefghij12", **differing: Any) -> ApiKey:
    plain: dict[str, Any] = {"name": "nightly-ci", "role": Role.OPERATOR, "created_at": A_TIME}
    return ApiKey(key_id=key_id, **(plain | differing))


def an_audit_entry(path: str = "/api/benchmark/run", **differing: Any) -> AuditEntry:
    plain: dict[str, Any] = {
        "asked_at": A_TIME,
        "method": "POST",
        "status": 202,
        "key_id": "abcdefghij12",
        "actor": "nightly-ci",
        "address": "127.0.0.1",
    }
    return AuditEntry(path=path, **(plain | differing))
