"""What a reader must know of the run and of the machine to judge its numbers: label and value, in reading order."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.calibration import Calibration
from engine.domain.run import RunRequest
from engine.domain.summary import CaseSummary
from engine.formatting import (
    MISSING,
    counted,
    format_bytes,
    format_conditions,
    format_count,
    format_disturbances,
    format_percent,
    format_time_iso,
    join_words,
)
from engine.reports.answers import took
from engine.reports.calibration_words import resolution_rows, verdict_sentence
from engine.reports.content import ReportContent

Facts = list[tuple[str, str]]

_SIDE_BY_SIDE = (
    "cases side by side where two had cores and memory, each bound to physical cores of its own: caches and memory "
    "bandwidth were shared, so those figures may be slower than of a case alone, and are marked"
)
_PINNING = (
    "asked for: as many cores as threads, where that leaves a choice, and not for workers; "
    "the notes of each result say what it was bound to"
)
_IN_TURNS = (
    "the two of a pair that took turns were bound to the same cores where both had a number of threads that leaves a "
    "choice; the notes of each result say to which"
)


def run_facts(content: ReportContent) -> Facts:
    run, request = content.run, content.run.request
    asked = ", ".join(request.models) or f"every verified type of the {request.tier} tier"
    if request.checkpoint is not None:
        asked += f" with the weights of {request.checkpoint}"
    return [
        *([("Title", request.title)] if request.title else []),
        ("Run", f"{run.number} (id {run.run_id}), {run.status}"),
        ("Asked for", asked),
        ("Backends", ", ".join(request.backends)),
        ("Precisions", ", ".join(request.precisions)),
        ("Batch sizes", ", ".join(format_count(size) for size in request.batch_sizes)),
        ("Workloads", ", ".join(request.workloads)),
        ("Started", format_time_iso(run.started_at)),
        ("Ended", format_time_iso(run.finished_at)),
        ("Took", took(content)),
        *([("Stopped because", run.error)] if run.error else []),
    ]


def environment_facts(content: ReportContent) -> Facts:
    machine = content.environment
    cores = f"{machine.physical_cores or MISSING} physical, {machine.logical_cores or MISSING} logical"
    versions = ", ".join(f"{name} {version}" for name, version in sorted(machine.libraries.items()))
    return [
        ("Machine", machine.hostname),
        ("Processor", f"{machine.cpu} ({machine.architecture})"),
        ("Cores", cores),
        ("Memory", MISSING if machine.memory_bytes is None else format_bytes(machine.memory_bytes)),
        ("Accelerators", ", ".join(machine.accelerators) or "none found"),
        ("System", machine.os),
        ("Python", machine.python),
        ("Libraries", versions or MISSING),
        ("Environment", machine.environment_id),
    ]


def protocol_facts(content: ReportContent) -> Facts:
    """How one result was measured."""
    if content.environment.source is not None:
        return [
            ("Imported", f"these figures were measured by others and brought in from {content.environment.source}"),
            ("Protocol", "what the source says; ModelDyno measured none of it and checked units and signs alone"),
        ]
    request = content.run.request
    protocol = request.protocol
    start = (
        "a fresh interpreter each, nothing preloaded"
        if request.cold
        else "a fresh process each, forked from one that has imported torch and transformers and computed nothing"
    )
    quiet = _quiet(content.summaries)
    return [
        ("Processes", f"{protocol.processes} per case: {start}"),
        *(
            [
                (
                    "Pairs",
                    f"each case with its partner ({request.against.text}), in turns where they can, the other first "
                    "every second time",
                )
            ]
            if request.against is not None
            else []
        ),
        ("Warm-up", f"{counted(protocol.warmup, 'iteration')} at least, discarded"),
        (
            "Iterations",
            f"{format_count(protocol.min_iterations)} to {format_count(protocol.max_iterations)} a process, until the "
            f"interval of the median is within ±{protocol.target_relative_halfwidth * 100:g} % or "
            f"{protocol.max_seconds:g} s are spent",
        ),
        ("Time limit", f"{protocol.timeout_seconds:g} s a process"),
        ("Threads", "all physical cores" if request.threads is None else format_count(request.threads)),
        ("Pinning", _pinning(request)),
        (
            "Allocator",
            "glibc's, where it is used, keeps for the next pass what one has freed; settings of the shell stand",
        ),
        ("Weights", _weights(content)),
        ("Quiet", quiet),
        ("Meters", _meters(content.calibration)),
        ("Conditions", format_conditions([state for summary in content.summaries for state in summary.machines])),
    ]


def _pinning(request: RunRequest) -> str:
    protocol = request.protocol
    if protocol.side_by_side:
        return _SIDE_BY_SIDE
    if protocol.pinned:
        return _PINNING
    return "none, the scheduler chooses" if request.against is None else _IN_TURNS


def _weights(content: ReportContent) -> str:
    name = content.run.request.checkpoint
    if name is None:
        return "random, from a fixed seed; of the values only the choice of experts can depend"
    digests = sorted({digest for summary in content.summaries if (digest := summary.case.checkpoint_digest)})
    told = ", ".join(digest[:12] for digest in digests)
    return f"those of {name}" + (f", sha256 digest {told}" if told else "")


def _meters(calibration: Calibration | None) -> str:
    """What they were found to be worth, and which change this machine resolves."""
    if calibration is None:
        return "not calibrated on this machine (`modeldyno doctor`)"
    text = f"{verdict_sentence(calibration)} Calibrated {format_time_iso(calibration.calibrated_at)}."
    if calibration.noise is None:
        return text
    resolved = [(count, change) for count, change, _ in resolution_rows(calibration.noise) if change is not None]
    told = join_words([f"{count} processes a side resolve ±{format_percent(change)}" for count, change in resolved])
    return f"{text} Of a known matrix product, in a comparison told alone, {told}."


def _quiet(summaries: Sequence[CaseSummary]) -> str:
    noisy = sum(summary.is_noisy is True for summary in summaries)
    unknown = sum(summary.is_noisy is None for summary in summaries)
    if not summaries:
        return MISSING
    if unknown == len(summaries):
        return f"not known: {_why_unknown(summaries)}"
    cases = counted(len(summaries), "case")
    why = format_disturbances([state for summary in summaries for state in summary.machines])
    parts = (
        [
            f"{format_count(noisy)} of {cases} measured while something disturbed them"
            f"{f' ({why})' if why else ''}; their rows say so"
        ]
        if noisy
        else ["other programs took less than 5 % of the CPU throughout"]
    )
    if unknown:
        parts.append(f"not known of {format_count(unknown)} of {cases}: {_why_unknown(summaries)}")
    return "; ".join(parts)


def _why_unknown(summaries: Sequence[CaseSummary]) -> str:
    if any(state.is_gpu_untold for summary in summaries for state in summary.machines):
        return "nobody tells what else used the GPU"
    return "the measurements were too short to tell"
