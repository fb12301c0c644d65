"""A fixed number of new tokens after a prompt: time to the first one, between them, tokens per second, and prefill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.result import FailureKind
from engine.domain.run import NEW_TOKENS, Protocol
from engine.errors import EngineError, InvalidValue
from engine.formatting import counted
from engine.workloads.allocator import keep_freed_memory
from engine.workloads.inference import timed_iterations, warm_up
from engine.workloads.outputs import WrongOutput
from engine.workloads.prefill import Prefill
from engine.workloads.skillset_module import checksum_of, import_skillset
from engine.workloads.token_times import Generated, TokenTimes
from engine.workloads.workload import Device, Observation

_MEMORY_PASSES = 2


class CannotGenerate(EngineError):
    """The type, or what the backend has loaded of it, makes no tokens one after another."""

    title = "Cannot generate"
    failure_kind = FailureKind.NOT_AVAILABLE


class Generation:
    """Greedy, and never ended early: a skillset's generate() asks for as many tokens at least as at most.

    The stopping rules look at whole generations, warm-up included. Prefill is a measurement of its own after them,
    and so is memory, over whole generations.
    """

    name = Workload.GENERATION

    def run(self, skillset_path: Path, case: Case, protocol: Protocol, device: Device) -> Observation:
        module = import_skillset(skillset_path)
        threads = device.ready()
        meter = device.memory_meter()
        session = device.open(module, case)
        keep_freed_memory()
        skillset, wanted = session.skillset, case.new_tokens or NEW_TOKENS
        if skillset is None or not hasattr(skillset, "generate"):
            raise CannotGenerate(
                f"{case.model} has no generate() that makes as many tokens as it is asked for on {case.backend}; "
                "measure its forward passes with the workload inference."
            )
        _refuse_too_long(skillset, session.inputs, wanted, case)
        times = TokenTimes(skillset, device.synchronize)
        prefill = Prefill(skillset, session.inputs, device.synchronize)

        seen: list[Generated] = []

        def once() -> Generated:
            generated = times.generate(session.inputs, wanted)
            _check(generated, wanted)
            return generated

        def timed(action: Callable[[], object]) -> float:
            started = perf_counter()
            generated = action()
            seconds = perf_counter() - started
            assert isinstance(generated, Generated)
            seen.append(generated)
            return seconds

        started = perf_counter()
        with prefill.listening():
            once()
        warmup = warm_up(once, protocol, perf_counter() - started)
        _, rule = timed_iterations(once, protocol, timed, turns=device.turns)
        generations = len(seen)
        found = figures(seen, case.batch_size, wanted)
        found[Metric.PREFILL_TIME], prefill_note = prefill.samples(protocol, device.turns)
        meter.start_pass()
        for _ in range(_MEMORY_PASSES):
            once()
        peak = meter.peak_bytes()
        if peak is not None:
            found[Metric.PEAK_MEMORY] = [float(peak)]
        how = (
            f"{counted(threads, 'thread')}, {warmup} warm-up and {generations} timed generations of {wanted} tokens; "
            f"stopped because {rule}."
        )
        rows = max(generated.rows for generated in seen)
        side_by_side = [f"{rows} sequences are made for {counted(case.batch_size, 'prompt')}."]
        return Observation(
            samples={metric: samples for metric, samples in found.items() if samples},
            actual_device=session.actual_device,
            notes=[
                how,
                *(side_by_side if rows != case.batch_size else []),
                prefill_note,
                *session.notes,
                *meter.notes,
            ],
            skillset=skillset,
            inputs=session.inputs,
            checksum=checksum_of(module),
            board=device.board(),
        )


def figures(seen: Sequence[Generated], batch_size: int, new_tokens: int) -> dict[Metric, list[float]]:
    """Time to the first token has a sample for each generation, and time between tokens one for each gap of all of
    them; rates are tokens over time of all, so one each."""
    decoding = [generated.decode_seconds for generated in seen]
    tokens = batch_size * len(seen)
    return {
        Metric.TIME_TO_FIRST_TOKEN: [generated.first_token_seconds for generated in seen],
        Metric.INTER_TOKEN_LATENCY: [gap for generated in seen for gap in _gaps(generated)],
        Metric.DECODE_THROUGHPUT: [tokens * (new_tokens - 1) / sum(decoding)],
        Metric.GENERATION_THROUGHPUT: [tokens * new_tokens / sum(generated.seconds for generated in seen)],
    }


def _gaps(generated: Generated) -> list[float]:
    """Seconds from each new token to the next."""
    return [later - earlier for earlier, later in pairwise(generated.token_at)]


def _check(generated: Generated, wanted: int) -> None:
    """Raise WrongOutput unless there were as many tokens as asked for, one at a time."""
    made = len(generated.token_at)
    if made == 0:
        raise CannotGenerate(
            "Its generate() does not tell when a token is there, so nothing between them can be timed; "
            "measure its forward passes with the workload inference."
        )
    if made != wanted:
        raise WrongOutput(f"generate() made {made} tokens when asked for exactly {wanted}.")
    steps = {later - earlier for earlier, later in zip(generated.lengths, generated.lengths[1:], strict=False)}
    if steps - {1}:
        raise WrongOutput(f"generate() made {max(steps)} tokens at a step; nothing is between tokens then.")


def _refuse_too_long(skillset: Any, inputs: Any, wanted: int, case: Case) -> None:
    """Raise InvalidValue where prompt and answer together leave the positions of a decoder."""
    config = skillset.model.config
    prompt = inputs.get("input_ids")
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    most = getattr(text, "max_position_embeddings", None)
    if getattr(config, "is_encoder_decoder", False) or prompt is None or not isinstance(most, int) or most <= 0:
        return
    length = int(prompt.shape[1])
    if length + wanted > most:
        raise InvalidValue(
            f"{length} tokens of prompt and {wanted} new ones are more than the {most} positions of {case.model}; "
            f"ask for {max(most - length, 0)} new tokens or fewer, or for a shorter sequence.",
            field="new_tokens",
        )
