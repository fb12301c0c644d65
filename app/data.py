"""What callbacks and endpoints read through: the one workbench of this server."""

from __future__ import annotations

from typing import cast

from flask import current_app, g, has_request_context, request

from app.selection import in_one_environment
from engine.domain.calibration import MachineNoise
from engine.domain.result import ResultFilter
from engine.domain.summary import CaseSummary
from engine.workflows.calibrate import counting_calibration
from engine.workflows.case_summaries import case_summaries
from engine.workflows.workbench import Workbench

EXTENSION = "modeldyno"
"""Key of the workbench in Flask's `extensions`."""


def workbench() -> Workbench:
    """The workbench that this server was made with; needs an application context."""
    return cast(Workbench, current_app.extensions[EXTENSION])


def client() -> str:
    """Whose request this is, as far as one may get in the way of others; "" for what the server itself asks."""
    if not has_request_context():
        return ""
    return getattr(g.get("identity"), "key_id", None) or request.remote_addr or ""


def shown_summaries(machine: str | None = None) -> list[CaseSummary]:
    """Every case of the one environment whose figures the pages show: `machine`, else the one that this runs in."""
    return in_one_environment(all_summaries(), machine or workbench().environment.environment_id)


def all_summaries() -> list[CaseSummary]:
    """Of whatever machine and library versions, newest first."""
    return case_summaries(workbench(), ResultFilter())


def machine_noise(environment_id: str) -> MachineNoise | None:
    """How much processes differ in the environment that figures come from, as it was calibrated; None if it was not.

    What this machine was found to be worth says nothing of figures that another one measured.
    """
    found = counting_calibration(workbench(), environment_id)
    return found.noise if found is not None else None
