"""How far answers in bf16 and int8 are from eager fp32, over a random sample of model types: what tolerances rest on.

For each type the smallest tolerance of a ladder at which its answer would still count as right.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from engine.benchmarking.codec import case_from_json, case_to_json
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import load_catalog
from engine.domain.case import Case, Precision
from engine.domain.model import Size
from engine.errors import EngineError
from engine.skillsets.render import render
from engine.skillsets.write import write
from engine.workflows.case_facts import default_case
from engine.workloads.agreement import disagreement, tolerance_of
from engine.workloads.answer import answer_of
from engine.workloads.skillset_module import import_skillset, inputs_of, load_skillset
from engine.workloads.torch_session import open_torch

TYPES = 60
SEED = 4
LADDER = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.95, 10.0)
_PRECISIONS = (Precision.BF16, Precision.INT8)


def run() -> list[Figure]:
    """The tolerances that were needed, for each precision; what did not run is told on standard error."""
    needed: dict[Precision, list[float]] = {precision: [] for precision in _PRECISIONS}
    launcher = ForkServerLauncher(allowed_prefixes=("engine.", "benchmarks."))
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        catalog = load_catalog(Path(folder) / "cache")
        runnable = sorted(model.name for model in catalog.types.values() if model.runnable)
        try:
            for name in random.Random(SEED).sample(runnable, min(TYPES, len(runnable))):
                model = catalog.get(name)
                try:
                    path = write(model, render(model), Path(folder))
                except EngineError as error:
                    print(f"{name}: {error.message}", file=sys.stderr)
                    continue
                for precision in _PRECISIONS:
                    case = replace(default_case(model), size=Size.TINY, precision=precision, threads=1)
                    case = replace(case, sequence_length=None, image_size=None)
                    arguments = {"case": case_to_json(case), "skillset_path": str(path)}
                    outcome = launcher.run(f"{__name__}:needed_tolerance", arguments, timeout_seconds=120.0)
                    if outcome.value is None:
                        print(f"{name} {precision}: {outcome.failure and outcome.failure.reason}", file=sys.stderr)
                        continue
                    needed[precision].append(outcome.value["tolerance"])
                    if outcome.value["tolerance"] > tolerance_of(precision):
                        print(f"{name} {precision}: {outcome.value['fault']}", file=sys.stderr)
        finally:
            launcher.close()
    return [figure for precision, values in needed.items() for figure in _figures(precision, values)]


def needed_tolerance(arguments: dict[str, Any]) -> dict[str, Any]:
    """Runs in a case process: the first step of the ladder that the answer passes, and what the product would say."""
    import torch

    case: Case = case_from_json(arguments["case"])
    module = import_skillset(Path(arguments["skillset_path"]))
    session = open_torch(module, case, "cpu")
    answer = answer_of(session.skillset, session.inputs, case)
    plain = replace(case, precision=Precision.FP32)
    reference = load_skillset(module, plain, "cpu")
    torch.manual_seed(0)
    expected = reference.infer(inputs_of(reference, plain))["outputs"]
    passed = [step for step in LADDER if disagreement(answer.outputs, expected, step) is None]
    return {
        "tolerance": min(passed, default=LADDER[-1]),
        "fault": disagreement(answer.outputs, expected, tolerance_of(case.precision)),
    }


def _figures(precision: Precision, values: Sequence[float]) -> list[Figure]:
    if not values:
        return []
    allowed = tolerance_of(precision)
    share = sum(value <= allowed for value in values) / len(values)
    return [
        Figure(name=f"{precision}: tolerance needed, of {len(values)} types", values=tuple(values), unit="of scale"),
        Figure(name=f"{precision}: types within the tolerance of {allowed:g}", values=(100 * share,), unit="%"),
    ]
