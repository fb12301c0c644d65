"""Whether the memory that a case is expected to take is what it takes.

Model types of every family at their default size, each estimated on the meta device before anything of it is built,
then measured by the product's own meter in a process of its own.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path

from benchmarks.figure import Figure, at_least
from engine.backends.environment import detect_environment
from engine.benchmarking import codec
from engine.benchmarking.execute import execute
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.memory_fit import estimate_memory
from engine.catalog.registry import Catalog, load_catalog
from engine.domain.case import Case, Precision
from engine.domain.measurement import Metric
from engine.domain.model import Family, ModelFacts, ModelType, Size
from engine.domain.run import Protocol
from engine.errors import EngineError, LauncherFailure
from engine.skillsets.render import render
from engine.skillsets.write import write
from engine.workflows.case_facts import default_case

TYPES = 50
MOST_PARAMETERS = 250_000_000
"""At default size: such models fit into 4 GiB and take seconds."""
TOLERANCE = 0.2
SHARE = 90.0
_PROTOCOL = Protocol(processes=1, warmup=1, min_iterations=1, max_iterations=1, timeout_seconds=120.0)
_WAYS = {
    "fp32, batch 1": {},
    "fp32, batch 4": {"batch_size": 4},
    "bf16, batch 1": {"precision": Precision.BF16},
}


def run() -> list[Figure]:
    """For each way to run: estimate over measured peak of every type, and the share within the tolerance."""
    launcher = ForkServerLauncher()
    ratios: dict[str, list[float]] = {way: [] for way in _WAYS}
    off_bytes: list[float] = []
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        catalog = load_catalog(Path(folder) / "cache")
        try:
            for model in chosen(catalog):
                path = write(model, render(model), Path(folder))
                of_default, of_tiny = default_case(model), default_case(model, Size.TINY)
                found = _measured(launcher, [replace(of_default, **changes) for changes in _WAYS.values()], path)
                for way, (estimated, peak) in zip(_WAYS, found, strict=False):
                    ratios[way].append(estimated / peak)
                off_bytes += [(estimated - peak) / 2**20 for estimated, peak in _measured(launcher, [of_tiny], path)]
                if min(len(found) for found in ratios.values()) == TYPES:
                    break
        finally:
            launcher.close()
    if not all(ratios.values()) or not off_bytes:
        raise LauncherFailure("Not one type could be measured in every way; the lines above say why.")
    figures = list(chain.from_iterable(_figures(way, found) for way, found in ratios.items()))
    return [*figures, Figure(name="tiny size, fp32, batch 1: estimate less peak", values=tuple(off_bytes), unit="MiB")]


def chosen(catalog: Catalog) -> Iterator[ModelType]:
    """Types that run at a default size that is small enough, families in turns, by name within each."""
    families: dict[Family, list[ModelType]] = {}
    for model in sorted(catalog.types.values(), key=lambda model: model.name):
        if model.runnable and model.default_problem is None and 0 < (model.default_parameters or 0) <= MOST_PARAMETERS:
            families.setdefault(model.family, []).append(model)
    return (model for turn in zip_longest(*families.values()) for model in turn if model is not None)


def _figures(way: str, ratios: Sequence[float]) -> Iterable[Figure]:
    name = f"default size, {way}"
    within = 100 * sum(abs(ratio - 1) <= TOLERANCE for ratio in ratios) / len(ratios)
    yield Figure(name=f"{name}: estimate over measured peak", values=tuple(ratios), unit="x")
    yield at_least(f"{name}: types within {TOLERANCE:.0%}", [within], "%", SHARE)


def _measured(launcher: ForkServerLauncher, cases: Sequence[Case], path: Path) -> list[tuple[int, float]]:
    """Estimated and measured bytes of cases of one model at one size; ends, and says so, at one that has no peak."""
    found: list[tuple[int, float]] = []
    try:
        facts = _facts(launcher, cases[0], path)
        for case in cases:
            estimated, peak = estimate_memory(facts, case).peak_bytes, _peak(launcher, case, path)
            found.append((estimated, peak))
            activations = None if facts.activation_bytes is None else round(facts.activation_bytes / 2**20, 2)
            print(
                f"{case.label} [{case.family}]: {estimated / 2**20:.1f} MiB, measured {peak / 2**20:.1f} MiB, "
                f"{estimated / peak:.3f}; weights {facts.parameter_bytes / 2**20:.1f} MiB, activations {activations}",
                file=sys.stderr,
                flush=True,
            )
    except EngineError as problem:
        print(f"{cases[0].label}: {problem.message}", file=sys.stderr, flush=True)
    return found


def _peak(launcher: ForkServerLauncher, case: Case, path: Path) -> float:
    environment_id = detect_environment().environment_id
    result = execute(
        launcher, case, 1, run_id="bench", skillset_path=str(path), protocol=_PROTOCOL, environment_id=environment_id
    )
    measured = result.measurement(Metric.PEAK_MEMORY)
    if measured is None:
        raise LauncherFailure(result.failure.reason if result.failure else "The case returned no peak.")
    return measured.samples[0]


def _facts(launcher: ForkServerLauncher, case: Case, path: Path) -> ModelFacts:
    """As the planner counts them: in fp32, one example, on the meta device."""
    of_one = replace(case, batch_size=1, precision=Precision.FP32)
    outcome = launcher.run(
        "engine.benchmarking.model_facts:count_facts",
        {"skillset_path": str(path), "case": codec.case_to_json(of_one)},
        timeout_seconds=120.0,
    )
    if outcome.value is None:
        raise LauncherFailure(outcome.failure.reason if outcome.failure else "Its parameters could not be counted.")
    return codec.facts_from_json(outcome.value["facts"])
