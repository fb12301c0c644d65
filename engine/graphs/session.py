"""A loaded graph that answers an artifact's inputs, and how its answer is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
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


class GraphSession:
    """A workload's session without a torch model. Its inputs are read when first asked for, so that loading the graph
    can be timed alone."""

    skillset: None = None

    def __init__(self, graph: LoadedGraph, artifact: Artifact) -> None:
        """Raises SkillsetFailure where the graph reads what the model's inputs do not have."""
        lacking = [name for name in graph.input_names if _path(name) not in artifact.input_names]
        if lacking:
            raise SkillsetFailure(f"The graph reads {', '.join(lacking)}, which the model's inputs do not have.")
        self.graph = graph
        self._artifact = artifact

    @cached_property
    def _given(self) -> Mapping[str, Any]:
        return self._artifact.inputs()

    @cached_property
    def inputs(self) -> Mapping[str, Any]:
        """Those that the graph reads, as arrays."""
        return {name: self._given[_path(name)] for name in self.graph.input_names}

    @property
    def notes(self) -> list[str]:
        read = {_path(name) for name in self.graph.input_names}
        unread = [name for name, value in self._given.items() if name not in read and value.ndim]
        if not unread:
            return [*self._artifact.notes]
        return [
            *self._artifact.notes,
            f"The graph does not read {', '.join(unread)}: nothing of it reaches an output.",
        ]

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
        self._session = GraphSession(_OPEN[case.backend](self.artifact, self._threads), self.artifact)
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
