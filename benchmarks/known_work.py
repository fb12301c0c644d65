"""Work of a known amount, in a process of its own: so many products of the same two matrices."""

from __future__ import annotations

from typing import Any

from engine.domain.run import Protocol

SIDE = 128
"""Rows and columns: 4 MFLOP a product."""
PROTOCOL = Protocol(max_seconds=0.3)
"""As a case is measured, except for the time: hundreds of processes are started."""


def multiply(arguments: dict[str, Any]) -> dict[str, Any]:
    """Seconds that `products` products took, again and again on `threads` threads, warm-up left out."""
    import torch

    from engine.benchmarking.own_turns import taking_turns
    from engine.workloads.inference import timed_iterations, warm_up
    from engine.workloads.machine import own_cpu_seconds

    torch.set_num_threads(arguments["threads"])
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(SIDE, SIDE, generator=generator) for _ in range(2))
    into = torch.empty(SIDE, SIDE)

    def once() -> None:
        for _ in range(arguments["products"]):
            torch.mm(left, right, out=into)

    with taking_turns(arguments["ticket"], own_cpu_seconds) as turns:
        once()
        warm_up(once, PROTOCOL, first_seconds=0.0)
        seconds, _ = timed_iterations(once, PROTOCOL, turns=turns)
    return {"seconds": seconds}
