"""What the tests of workloads run in child processes."""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.domain.case import Workload
from engine.domain.measurement import Metric
from engine.workloads import WORKLOADS
from engine.workloads.activations import activation_watch
from engine.workloads.inference import Inference
from engine.workloads.memory import MemoryMeter
from engine.workloads.outputs import WrongOutput, check_outputs
from engine.workloads.startup import Startup
from engine.workloads.torch_session import open_torch
from engine.workloads.workload import Device
from tests.builders import a_case, a_protocol
from tests.engine.workloads.a_slow_skillset_facts import SLOW_SKILLSET

KNOWN_BYTES = 12_345


def hold_and_let_go(arguments: dict[str, Any]) -> dict[str, Any]:
    """Peaks of: holding `built` bytes and, for a moment, `temporary` more; then of a pass that does nothing."""
    meter = MemoryMeter()
    built = _touched(arguments["built"])
    meter.start_pass()
    _touched(arguments["temporary"])
    busy = meter.peak_bytes()
    meter.start_pass()
    idle = meter.peak_bytes()
    built.close()
    meter.start_pass()
    return {"busy": busy, "idle": idle, "afterwards": meter.peak_bytes(), "notes": meter.notes}


def read_a_file(arguments: dict[str, Any]) -> dict[str, Any]:
    """The peak of a pass that maps a file and reads all of it, as importing a library does."""
    meter = MemoryMeter()
    meter.start_pass()
    with Path(arguments["path"]).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        pages = sum(mapped[position] for position in range(0, len(mapped), mmap.PAGESIZE))
        return {"peak": meter.peak_bytes(), "pages": pages}


def judge_outputs(arguments: dict[str, Any]) -> dict[str, Any]:
    """What is said of outputs of two items: reason by name, None for good ones."""
    import torch

    outputs = {
        "good": torch.zeros(2, 3),
        "half": torch.zeros(2, 3, dtype=torch.bfloat16),
        "whole_numbers": torch.zeros(2, dtype=torch.int64),
        "nan": torch.tensor([[0.0], [float("nan")]]),
        "infinite": torch.tensor([[float("-inf")], [float("inf")]]),
        "empty": torch.zeros(2, 0),
        "one_row": torch.zeros(1, 3),
        "no_rows": torch.tensor(1.0),
        "masked": torch.tensor([[0.0], [float("-inf")]]),
    }
    beside = {"a_loss": _said({"good": outputs["good"], "loss": outputs["no_rows"], "none": outputs["empty"]})}
    return {"nothing": _said({}), **{name: _said({name: value}) for name, value in outputs.items()}, **beside}


def follow_activations(arguments: dict[str, Any]) -> dict[str, Any]:
    """Peaks of known tensors without numbers, of 1024 times 4 bytes each."""
    import torch

    weight = torch.zeros(1024, device="meta")

    def peak(work: Callable[[], object]) -> int:
        watch = activation_watch([weight])
        with torch.inference_mode(), watch:
            work()
        return watch.peak_bytes

    def chain() -> None:
        value = weight + 1
        for _ in range(5):
            value = value * 2  # the old one lives until the new one is there

    def held() -> list[Any]:
        return [weight + index for index in range(5)]

    return {"chain": peak(chain), "held": peak(held), "views": peak(lambda: weight.view(2, 512).t()), "none": peak(int)}


def attend_on_meta(arguments: dict[str, Any]) -> dict[str, Any]:
    """Peak and operations of attention of 256 tokens, 4 heads of 16 numbers, without numbers and with them."""
    import torch

    from engine.workloads.operations import count_operations

    class Attention:
        def infer(self, inputs: Any) -> None:
            with torch.inference_mode():
                torch.nn.functional.scaled_dot_product_attention(**inputs)

    def facts(device: str, **changes: Any) -> dict[str, Any]:
        query = torch.zeros(1, 4, 256, 16, device=device)
        watch = activation_watch([query])
        with watch:
            operations = count_operations(Attention(), {"query": query, "key": query, "value": query, **changes})
        return {"peak": watch.peak_bytes, "operations": operations}

    return {"meta": facts("meta"), "cpu": facts("cpu"), "causal": facts("meta", is_causal=True)}


def ask_on_meta(arguments: dict[str, Any]) -> dict[str, Any]:
    """What is counted of a product of 8 x 8 numbers that are not there, after asking whether any of them is padding."""
    import torch

    from engine.workloads.operations import count_operations

    class Asks:
        def infer(self, inputs: Any) -> None:
            value = inputs["value"]
            with torch.inference_mode():
                torch.mm(value, value * 2 if (value == 0).any() else value)

    value = torch.ones(8, 8, device="meta")
    watch = activation_watch([value])
    with watch:
        operations = count_operations(Asks(), {"value": value})
    return {"operations": operations, "peak": watch.peak_bytes}


def convolve_on_meta(arguments: dict[str, Any]) -> dict[str, Any]:
    """The peak of a convolution of 3 x 16 x 16 numbers to 4 x 16 x 16 with 4 x 3 x 3 x 3 weights."""
    import torch

    value, weight = torch.zeros(1, 3, 16, 16, device="meta"), torch.zeros(4, 3, 3, 3, device="meta")
    watch = activation_watch([value, weight])
    with torch.inference_mode(), watch:
        torch.ops.aten.convolution(value, weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1)
    return {"peak": watch.peak_bytes}


def count_operations_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Operations of small models whose count is known by hand, and of one that looks at values."""
    import torch

    from engine.workloads.operations import Uncountable, count_operations

    linear = torch.nn.Linear(8, 16)
    convolution = torch.nn.Conv1d(3, 5, kernel_size=4)
    attention = torch.nn.functional.scaled_dot_product_attention
    query = torch.zeros(2, 4, 10, 8)
    models = {
        "linear": (linear, {"input": torch.zeros(3, 7, 8)}),
        "convolution": (convolution, {"input": torch.zeros(2, 3, 13)}),
        "attention": (attention, {"query": query, "key": query, "value": query}),
        "addition": (torch.add, {"input": query, "other": query}),
    }
    counted = {name: count_operations(_Callable(model), inputs) for name, (model, inputs) in models.items()}

    def needs_values(input: torch.Tensor) -> torch.Tensor:
        return input[: int(input.sum().item())]

    try:
        count_operations(_Callable(needs_values), {"input": torch.zeros(2, device="meta")})
    except Uncountable as reason:
        counted["reason"] = str(reason)
    return counted


def exercise_the_slow_skillset(arguments: dict[str, Any]) -> dict[str, Any]:
    """First sample of each metric by name, of one workload on the slow skillset, and what the whole of it took."""
    workload = {"inference": Inference(), "startup": Startup()}[arguments["workload"]]
    case = a_case(workload=workload.name, sequence_length=None)
    device = Device(
        name="cpu",
        prepare=lambda: 1,
        synchronize=lambda: None,
        open=lambda module, wanted: open_torch(module, wanted, "cpu"),
    )
    begun = time.perf_counter()
    observation = workload.run(SLOW_SKILLSET, case, a_protocol(), device)
    took = time.perf_counter() - begun
    return {metric.label: samples[0] for metric, samples in observation.samples.items()} | {"whole": took}


def generate_with_beams_configured(arguments: dict[str, Any]) -> dict[str, Any]:
    """Sequences side by side for two prompts, and whether their tokens are those without beams."""
    from engine.workloads.skillset_module import import_skillset
    from engine.workloads.token_times import TokenTimes

    skillset = import_skillset(Path(arguments["path"])).load(size="tiny")
    inputs = skillset.example_inputs(batch_size=2, sequence_length=8)
    plain = skillset.generate(inputs, max_new_tokens=6)["outputs"]["tokens"]
    skillset.model.generation_config.num_beams = 4
    rows = TokenTimes(skillset, lambda: None).generate(inputs, 6).rows
    return {"rows": rows, "same": skillset.generate(inputs, max_new_tokens=6)["outputs"]["tokens"].equal(plain)}


def exercise_on_a_device_that_is_opened(arguments: dict[str, Any]) -> dict[str, Any]:
    """Samples by metric and notes of one workload on a device whose opening, launching and own clock are known."""
    workload = Workload(arguments["workload"])
    case = a_case("other", sequence_length=None, workload=workload, new_tokens=2, workers=2, threads=1)
    opened: list[str] = []

    def launched(action: Callable[[], object]) -> float:
        time.sleep(arguments["launch_seconds"])
        action()
        return arguments["device_seconds"]

    def opening() -> None:
        time.sleep(arguments["context_seconds"])
        opened.append("GPU-a")

    device = Device(
        name="cuda:0",
        prepare=lambda: 1,
        open_context=opening,
        synchronize=lambda: None,
        open=lambda module, wanted: open_torch(module, wanted, "cpu"),
        clock=launched,
        board=lambda: opened[0],
    )
    seen = WORKLOADS.get(workload).run(SLOW_SKILLSET, case, a_protocol(max_seconds=1.0), device)
    samples = {metric.label: values for metric, values in seen.samples.items()}
    return {"samples": samples, "notes": seen.notes, "board": seen.board}


class _Callable:
    def __init__(self, model: Any) -> None:
        self._model = model

    def infer(self, inputs: dict[str, Any]) -> None:
        import torch

        with torch.inference_mode():
            self._model(**inputs)


def _said(outputs: dict[str, Any]) -> str | None:
    try:
        check_outputs(outputs, batch_size=2)
    except WrongOutput as fault:
        return fault.message
    return None


def _touched(size: int) -> mmap.mmap:
    """`size` bytes of private memory, every page written; given back to the system when the value goes."""
    held = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for position in range(0, size, mmap.PAGESIZE):
        held[position] = 1
    return held


class KnownMeter:
    """Of memory that lies elsewhere than in this process."""

    notes = ()

    def start_pass(self) -> None:
        """There is nothing to forget."""

    def peak_bytes(self) -> int | None:
        return KNOWN_BYTES


def weigh_by_a_known_meter(arguments: dict[str, Any]) -> dict[str, Any]:
    """The peak memory of a workload on a device that brings its own meter along."""
    workload = Workload(arguments["workload"])
    case = a_case("other", sequence_length=None, batch_size=2, workload=workload, new_tokens=2, workers=2, threads=1)
    device = Device(
        name="cpu",
        prepare=lambda: 1,
        synchronize=lambda: None,
        open=lambda module, wanted: open_torch(module, wanted, "cpu"),
        memory_meter=KnownMeter,
    )
    seen = WORKLOADS.get(workload).run(Path(arguments["path"]), case, a_protocol(max_seconds=1.0), device)
    return {"peak_memory": seen.samples[Metric.PEAK_MEMORY]}
