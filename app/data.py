"""What callbacks and endpoints read through: the one workbench of this server."""

from __future__ import annotations

from typing import cast

from flask import current_app

from engine.workflows.workbench import Workbench

EXTENSION = "modeldyno"
"""Key of the workbench in Flask's `extensions`."""


def workbench() -> Workbench:
    """The workbench that this server was made with; needs an application context."""
    return cast(Workbench, current_app.extensions[EXTENSION])
