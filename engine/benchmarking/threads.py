"""How many threads one operation uses: fixed before anything is measured."""

from __future__ import annotations

import os
import sys

import psutil


def fix_threads(asked: int | None) -> int:
    """Set torch's threads to `asked`, or one per physical core, as soon as torch is there; returns the number.

    A cold process has not imported torch yet, and importing it is part of what it measures: the number then reaches
    torch through its environment.
    """
    number = asked or psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else number
    if asked is None:
        number = min(number, usable)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(number)
    else:
        os.environ["OMP_NUM_THREADS"] = str(number)
        os.environ["MKL_NUM_THREADS"] = str(number)
    return number
