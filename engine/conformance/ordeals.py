"""What a process is put through that does not come to its end; called inside a child process."""

from __future__ import annotations

import mmap
import os
import signal
import sys
from pathlib import Path
from typing import Any

from engine.conformance.passes import forward
from engine.conformance.subject import BATCH_SIZE, Subject
from engine.domain.case import Precision
from engine.domain.skillset_suite import Trial
from engine.workloads.outputs import WrongOutput, fault_of_shapes
from engine.workloads.skillset_module import import_skillset

MEMORY_LIMIT_BYTES = 3 * 2**30
"""What the process that runs out of memory may allocate: enough to build any tiny model, and soon filled."""
_BLOCK_BYTES = 16 * 2**20
"""At least so much, and less than twice as much, is left for passes."""
_LARGEST_BATCH = 2**22


def ordeal_arguments(path: Path, folder: Path, *, device: str, trial: Trial | None) -> dict[str, Any]:
    """What `undergo` is called with; without a trial the process runs one pass and ends well."""
    return {
        "path": str(path),
        "folder": str(folder),
        "device": device,
        "trial": None if trial is None else trial.value,
    }


def undergo(arguments: dict[str, Any]) -> dict[str, Any]:
    """Build the model, run a pass, and go through `arguments["trial"]`.

    Returns the number of outputs where it comes to that, and under `missed` why the trial did not come about.
    """
    import torch

    torch.set_num_threads(1)
    subject = Subject(
        path=Path(arguments["path"]),
        folder=Path(arguments["folder"]),
        precision=Precision.FP32,
        device=arguments["device"],
    )
    subject.module = import_skillset(subject.path)
    subject.skillset = subject.build()
    subject.inputs = subject.example_inputs(subject.skillset)
    outputs = forward(subject.skillset, subject.inputs)
    missed = None
    if arguments["trial"] is not None:
        match Trial(arguments["trial"]):
            case Trial.OUT_OF_MEMORY:
                missed = _run_out_of_memory(subject)
            case Trial.KILLED:
                missed = _die_amid_a_pass(subject)
            case Trial.TIME_LIMIT:
                _run_for_ever(subject)
    return {"outputs": len(outputs), "missed": missed}


def _run_out_of_memory(subject: Subject) -> str | None:
    """Take all memory but a little, then run larger and larger batches until that does not do.

    Raises WrongOutput for an answer that the model gave without the memory for it.
    """
    if sys.platform != "linux":
        return "Only Linux limits what a process allocates."
    blocks: list[mmap.mmap] = []
    try:
        while len(blocks) * _BLOCK_BYTES < MEMORY_LIMIT_BYTES:
            blocks.append(mmap.mmap(-1, _BLOCK_BYTES, flags=mmap.MAP_PRIVATE))  # counts, and costs nothing untouched
    except OSError:
        blocks.pop().close()
    else:
        return "The limit of what the process may allocate was not kept."
    batch_size = BATCH_SIZE
    while batch_size <= _LARGEST_BATCH:
        answer = subject.skillset.infer(subject.example_inputs(subject.skillset, batch_size))
        if (fault := fault_of_shapes(answer["outputs"], batch_size)) is not None:
            raise WrongOutput(fault)
        batch_size *= 2
    del blocks
    return f"A batch of {batch_size // 2} was answered in {2 * _BLOCK_BYTES // 2**20} MiB."


def _die_amid_a_pass(subject: Subject) -> str | None:
    """Be killed in the second part of the model that a pass comes to; the first has done its work by then."""
    entered: set[Any] = set()

    def die(part: Any, inputs: Any) -> None:
        entered.add(part)
        if len(entered) > 1:
            os.kill(os.getpid(), signal.SIGKILL)

    leaves = [part for part in subject.model.modules() if not any(part.children())]
    for part in leaves:
        part.register_forward_pre_hook(die)
    subject.skillset.infer(subject.inputs)
    return "A pass goes through no two parts of the model in which it could be killed."


def _run_for_ever(subject: Subject) -> None:
    while True:
        subject.skillset.infer(subject.inputs)
