"""Work of a known amount, in a process of its own: so many products of the same two matrices."""

from __future__ import annotations

import time
from typing import Any

SIDE = 128
"""Rows and columns: 4 MFLOP a product."""
WARMUP = 5
SAMPLES = 25


def multiply(arguments: dict[str, Any]) -> dict[str, Any]:
    """Seconds that `products` products took, again and again on one thread; the first few are discarded."""
    import torch

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(SIDE, SIDE, generator=generator) for _ in range(2))
    into = torch.empty(SIDE, SIDE)
    seconds = []
    for _ in range(WARMUP + SAMPLES):
        started = time.perf_counter()
        for _ in range(arguments["products"]):
            torch.mm(left, right, out=into)
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds[WARMUP:]}
