"""What becomes of an export that fails: the case's failure, which need not be waited for twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.benchmarking.launchers import ProcessOutcome
from engine.benchmarking.supply_artifact import Supplied, supply_artifact
from engine.domain.result import Failure, FailureKind
from tests.builders import a_case


@dataclass
class FailingLauncher:
    """Every process fails in the same way."""

    kind: FailureKind = FailureKind.ERROR
    count: int = 0

    def run(self, function: str, arguments: dict[str, Any], **options: Any) -> ProcessOutcome:
        self.count += 1
        failure = Failure(kind=self.kind, reason=f"It failed, process {self.count}.", log="Traceback")
        return ProcessOutcome(failure=failure, log="its output", seconds=7.0)

    def close(self) -> None:
        """Nothing runs."""


def supplied(launcher: FailingLauncher, folder: Path, failed: dict[str, Failure] | None, **changes: Any) -> Supplied:
    case = a_case("bert", backend="onnxruntime", **changes)
    return supply_artifact(launcher, case, str(folder / "hf_bert.py"), folder / "graphs", failed=failed)


def test_the_next_process_says_the_same_without_exporting_again(tmp_path):
    launcher, failed = FailingLauncher(), {}
    first, second = (supplied(launcher, tmp_path, failed) for _ in range(2))
    assert launcher.count == 1
    assert first.failure == second.failure
    assert first.failure.reason == "Export to onnxruntime failed: It failed, process 1."
    assert (first.seconds, second.seconds) == (7.0, 0.0)


def test_another_graph_is_tried(tmp_path):
    launcher, failed = FailingLauncher(), {}
    supplied(launcher, tmp_path, failed)
    supplied(launcher, tmp_path, failed, batch_size=64)
    assert launcher.count == 2


@pytest.mark.parametrize(
    ("kind", "failed"), [(FailureKind.CANCELLED, {}), (FailureKind.ERROR, None)], ids=["cancelled", "nobody remembers"]
)
def test_what_says_nothing_of_the_graph_or_is_not_remembered_is_tried_again(tmp_path, kind, failed):
    launcher = FailingLauncher(kind)
    for _ in range(2):
        assert supplied(launcher, tmp_path, failed).failure.kind is kind
    assert launcher.count == 2
