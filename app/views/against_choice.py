"""The second configuration of a run in pairs: one difference, chosen from what can run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc
from dash.development.base_component import Component

from app import ids
from engine.backends.cores import usable_logical_cores
from engine.domain.against import Against
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus

ATTENTION = ("eager", "sdpa")
"""What every attention-based type of the library has."""


def against_menu(chosen: str, kept: Mapping[str, Any]) -> Component:
    """Empty measures one configuration alone; options are filled in once the backends are known."""
    return dcc.Dropdown(
        id=ids.FORM_AGAINST,
        options=[{"value": chosen, "label": chosen}] if chosen else [],
        value=chosen or None,
        clearable=True,
        searchable=True,
        placeholder="nothing: one configuration alone",
        className="form-menu",
        **kept,
    )


def against_options(
    statuses: Sequence[BackendStatus], backends: Sequence[str], precisions: Sequence[str]
) -> list[dict[str, Any]]:
    """Each as `parse_against` reads it; a precision or backend that is the first configuration's is not offered."""
    here = [status for status in statuses if status.available]
    able = {precision for status in here if status.backend in backends for precision in status.precisions}
    offered = [
        *(
            (Against(precision=precision), f"precision {precision}")
            for precision in Precision
            if precision.value in able and precision.value not in precisions
        ),
        *(
            (Against(backend=status.backend), f"on {status.backend}")
            for status in here
            if status.backend not in backends
        ),
        *(
            (Against(threads=count), f"{count} thread{'' if count == 1 else 's'}")
            for count in _thread_counts(usable_logical_cores())
        ),
        (Against(compiled=True), "compiled (torch.compile)"),
        *((Against(attention=name), f"attention {name}") for name in ATTENTION),
    ]
    return [{"value": against.text, "label": label, "search": f"{label} {against.text}"} for against, label in offered]


def _thread_counts(cores: int) -> list[int]:
    """Powers of two below the number of cores, and that number."""
    return sorted({2**power for power in range(cores.bit_length()) if 2**power < cores} | {cores})
