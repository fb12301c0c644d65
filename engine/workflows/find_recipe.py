"""A recipe looked for when it is needed: for types and library versions that the shipped recipes do not know."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from engine.catalog import frozen
from engine.catalog.library import library_version
from engine.domain.model import ModelType, Status
from engine.workflows.refresh_recipes import keep_recipes, refresh_recipes

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

logger = logging.getLogger(__name__)


def with_recipe(workbench: Workbench, model: ModelType, *, cancel: threading.Event | None = None) -> ModelType:
    """`model` as it is where a recipe is known, else after a search for one, which takes up to a minute or two.

    Raises Cancelled, LauncherFailure, and SkillsetFailure when what was found cannot be kept.
    """
    return search_here(workbench, model, cancel=cancel) if model.status is Status.UNKNOWN else model


def may_be_outdated(model: ModelType) -> bool:
    """Whether the recipe was found with another version of the library than the installed one, and not yet here."""
    row = frozen.frozen_rows().get(model.name)
    return model.source == "transformers" and row is not None and frozen.version_of(row) != library_version()


def search_here(workbench: Workbench, model: ModelType, *, cancel: threading.Event | None = None) -> ModelType:
    """Search with the installed library and keep what is found beside the measurements of this machine."""
    logger.info("Looking for a recipe of %s with transformers %s", model.name, library_version())
    found = refresh_recipes(workbench, [model], jobs=1, cancel=cancel)
    # What failed may have failed for want of time: it replaces nothing that ran, and is tried again the next time.
    keep_recipes([item for item in found if item.row["status"] != "failed"], frozen.found_here_path())
    workbench.reload_catalog()
    return workbench.catalog.get(model.name)
