"""torch on the GPU of an Apple machine, through Metal. Metal does not survive a fork: cases get fresh interpreters."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from engine.backends.absence import missing, refuse_unless_available
from engine.backends.presence import installed_version
from engine.backends.torch_device import UnknownPeak, fix_threads
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus

_QUESTION = """
import json, torch
here = torch.backends.mps.is_available()
total = float(torch.ones(2, device="mps").sum().item()) if here else None
memory = torch.mps.recommended_max_memory() if here else None
print(json.dumps({"built": torch.backends.mps.is_built(), "here": here, "total": total, "memory": memory}))
"""
_TIMEOUT_SECONDS = 120.0

Ask = Callable[[], "dict[str, object] | str"]
"""What Metal answers: a dict of `built`, `here`, `total`, `memory`; or the last words of a process that failed."""


class MpsBackend:
    name = "mps"
    device = "mps"

    def detect(self) -> BackendStatus:
        if sys.platform != "darwin":
            return missing(self.name, f"Metal exists on Apple machines only; this is {sys.platform}.")
        version = installed_version("torch")
        if version is None:
            return missing(self.name, "torch is not installed; the extra `measure` brings it.")
        return mps_status(version, ask_metal)

    def prepare(self, threads: int | None) -> int:
        refuse_unless_available(self.detect())
        import torch

        return fix_threads(torch, threads)

    def synchronize(self) -> None:
        import torch

        torch.mps.synchronize()

    def memory_meter(self) -> UnknownPeak:
        return UnknownPeak("Peak memory is not measured: Metal tells what is allocated now and keeps no peak.")


def ask_metal() -> dict[str, object] | str:
    """In a fresh interpreter, because a fork of this one must not touch Metal."""
    try:
        asked = subprocess.run(
            [sys.executable, "-c", _QUESTION], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_TIMEOUT_SECONDS:g} s"
    if asked.returncode != 0:
        return (asked.stderr.strip().splitlines() or [f"exit status {asked.returncode}"])[-1].rstrip(".")
    answer: dict[str, object] = json.loads(asked.stdout)
    return answer


def mps_status(version: str, ask: Ask) -> BackendStatus:
    """What torch of this version says of Metal, by `ask`."""
    versions = {"torch": version}
    told = ask()
    if isinstance(told, str):
        return missing("mps", f"Asking Metal for it failed: {told}.", versions)
    if not told["here"]:
        built = "torch finds no Metal device." if told["built"] else f"torch {version} was built without Metal."
        return missing("mps", built, versions)
    if told["total"] != 2.0:
        return missing("mps", f"Metal computes wrongly: 1 + 1 came out as {told['total']}.", versions)
    memory = told["memory"]
    facts = {"mps": f"{memory / 2**30:.1f} GiB recommended at most"} if isinstance(memory, int) else {}
    return BackendStatus(
        backend="mps",
        available=True,
        reason=None,
        devices=("mps",),
        versions=versions,
        precisions=(Precision.FP32.value, Precision.FP16.value),
        refused={Precision.BF16.value: "the generated modules load fp32 and fp16 on Metal"},
        facts=facts,
    )
