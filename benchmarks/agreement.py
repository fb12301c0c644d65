"""How far answers in bf16 and int8 are from eager fp32, over a random sample of model types: what tolerances rest on.

For each type by how much of its scale an answer differs (root mean square), and whether it counts as right.
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
from engine.workloads.agreement import TOLERANCES, disagreement
from engine.workloads.answer import answer_of
from engine.workloads.excuse import SEED as TORCH_SEED
from engine.workloads.skillset_module import import_skillset, inputs_of, load_skillset
from engine.workloads.torch_session import open_torch

TYPES = 60
SEED = 4
_PRECISIONS = (Precision.BF16, Precision.INT8)


def run() -> list[Figure]:
    """The differences, for each precision; what did not run or agree is told on standard error."""
    found: dict[Precision, list[dict[str, Any]]] = {precision: [] for precision in _PRECISIONS}
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
                    outcome = launcher.run(f"{__name__}:difference_of", arguments, timeout_seconds=120.0)
                    if outcome.value is None:
                        print(f"{name} {precision}: {outcome.failure and outcome.failure.reason}", file=sys.stderr)
                        continue
                    found[precision].append(outcome.value)
                    if outcome.value["fault"] is not None:
                        print(f"{name} {precision}: {outcome.value['fault']}", file=sys.stderr)
        finally:
            launcher.close()
    return [figure for precision, told in found.items() for figure in _figures(precision, told)]


def difference_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Runs in a case process: the largest typical difference of an output, and what the product would say."""
    import torch

    case: Case = case_from_json(arguments["case"])
    module = import_skillset(Path(arguments["skillset_path"]))
    session = open_torch(module, case, "cpu")
    answer = answer_of(session.skillset, session.inputs, case)
    plain = replace(case, precision=Precision.FP32)
    reference = load_skillset(module, plain, "cpu")
    torch.manual_seed(TORCH_SEED)
    expected = reference.infer(inputs_of(reference, plain))["outputs"]
    fault, difference = disagreement(answer.outputs, expected, TOLERANCES[case.precision])
    return {"difference": difference, "fault": fault}


def _figures(precision: Precision, told: Sequence[dict[str, Any]]) -> list[Figure]:
    if not told:
        return []
    differences = tuple(one["difference"] for one in told)
    share = sum(one["fault"] is None for one in told) / len(told)
    allowed = TOLERANCES[precision].typical
    return [
        Figure(name=f"{precision}: difference from eager fp32, {len(told)} types", values=differences, unit="of scale"),
        Figure(name=f"{precision}: types within the tolerance of {allowed:g}", values=(100 * share,), unit="%"),
    ]
