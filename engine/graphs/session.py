"""A loaded graph that answers an artifact's inputs, and how its answer is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from engine.domain.case import Case
from engine.errors import BackendUnavailable, SkillsetFailure
from engine.graphs.artifact import Artifact
from engine.graphs.onnxruntime_graph import open_onnxruntime
from engine.graphs.openvino_graph import open_openvino
from engine.graphs.qnn_graph import open_qnn
from engine.workloads.agreement import TOLERANCES, agreement_note, disagreement, misfit
from engine.workloads.outputs import WrongOutput


class LoadedGraph(Protocol):
    """What a runtime makes of a graph's file."""

    @property
    def actual_device(self) -> str:
        """Where it runs, read back from the runtime after loading."""
        ...

    @property
    def input_names(self) -> Sequence[str]:
        """What the graph reads; an export leaves out what does not reach an output."""
        ...

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Outputs as arrays by name; they may be the runtime's own memory, which the next run overwrites."""
        ...


_OPEN: Mapping[str, Callable[[Artifact, int], LoadedGraph]] = {
    "onnxruntime": lambda artifact, threads: open_onnxruntime(artifact.graph_path, threads),
    "openvino": lambda artifact, threads: open_openvino(artifact.graph_path, threads),
    "qnn": lambda artifact, threads: open_qnn(artifact.graph_path, threads),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSession:
    """A workload's session without a torch model."""

    graph: LoadedGraph
    inputs: Mapping[str, Any]
    """Those that the graph reads, as arrays."""
    notes: Sequence[str]
    skillset: None = None

    @property
    def actual_device(self) -> str:
        return self.graph.actual_device

    def infer(self) -> Mapping[str, Any]:
        return self.graph.run(self.inputs)


class GraphSource:
    """An artifact on its way to a session; one per case process."""

    def __init__(self, artifact: Artifact, case: Case, prepare: Callable[[int | None], int]) -> None:
        self.artifact = artifact
        self._case = case
        self._prepare = prepare
        self._threads = 1
        self._session: GraphSession | None = None

    def prepare(self) -> int:
        """Import the runtime and settle the number of threads."""
        self._threads = self._prepare(self._case.threads)
        return self._threads

    def open(self, module: ModuleType | None, case: Case) -> GraphSession:
        """Load the graph; nothing of the skillset is needed. Raises what the runtime raises, and BackendUnavailable
        where the graph would run elsewhere than asked."""
        graph = _OPEN[case.backend](self.artifact, self._threads)
        given = self.artifact.inputs()
        lacking = [name for name in graph.input_names if _path(name) not in given]
        if lacking:
            raise SkillsetFailure(f"The graph reads {', '.join(lacking)}, which the model's inputs do not have.")
        inputs = {name: given[_path(name)] for name in graph.input_names}
        read = {_path(name) for name in inputs}
        unread = [name for name, value in given.items() if name not in read and value.ndim]
        notes = [*self.artifact.notes]
        if unread:
            notes.append(f"The graph does not read {', '.join(unread)}: nothing of it reaches an output.")
        self._session = GraphSession(graph=graph, inputs=inputs, notes=notes)
        return self._session

    def verify(self) -> list[str]:
        """Compare the session's answer with that of eager fp32; a note on how close it is. Raises WrongOutput.

        Once everything is measured, because the reference takes memory.
        """
        if self._session is None:
            raise BackendUnavailable(f"{self._case.label} opened no graph.", field="backends")
        precision, excuse = self._case.precision, self.artifact.excuse
        outputs, reference = _by_output_name(self._session.infer()), self.artifact.reference()
        fault, difference = disagreement(outputs, reference, TOLERANCES[precision])
        if fault is None:
            return [agreement_note(difference, precision)]
        if excuse is None or misfit(outputs, reference) is not None:
            raise WrongOutput(fault)
        return [excuse]


def _path(input_name: str) -> str:
    """The exporter marks names that are both an input's and an output's."""
    return input_name.removeprefix("input.")


def _by_output_name(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("output."): value for name, value in outputs.items()}
