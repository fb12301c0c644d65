"""What is measured when there is nothing to show yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.domain.case import Precision, Workload
from engine.domain.run import Protocol, RunRequest, SizeChoice

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def first_run_request(workbench: Workbench) -> RunRequest:
    """The types chosen for it on the processor, batch sizes 1 and 8: a few minutes on two cores.

    Five short processes a case instead of three long ones: five carry a comparison, and the first round has a figure
    for every model type early. Three iterations at least, because large models take seconds for each.
    """
    return RunRequest(
        models=tuple(sorted(model.name for model in workbench.catalog.first_run)),
        backends=("cpu",),
        precisions=(Precision.FP32,),
        batch_sizes=(1, 8),
        workloads=(Workload.INFERENCE,),
        size=SizeChoice.AUTO,
        progressive=True,
        protocol=Protocol(processes=5, min_iterations=3, max_seconds=1.0),
        title="First look at this machine",
    )
