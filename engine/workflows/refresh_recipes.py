"""Recipes found anew: every registered type searched in a process of its own, and what is found kept in one file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.catalog import frozen, library, registry
from engine.catalog.classify import offered_classes
from engine.domain.model import ModelType
from engine.domain.result import FailureKind
from engine.errors import InvalidValue, LauncherFailure, SkillsetFailure
from engine.recipes.corrections import load_corrections
from engine.workflows.device_turns import Cancelled

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

FREEZE = "engine.recipes.freezing.freeze:freeze"
SEARCH_SECONDS = 60.0
MEMORY_BYTES = 9 * 1024**3
"""Of address space: defaults of large models are tried with few layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one search came to."""

    model_type: str
    row: Mapping[str, Any]
    seconds: float
    peak_rss_bytes: int | None


def refresh_recipes(
    workbench: Workbench,
    models: Sequence[ModelType],
    *,
    seconds: float = SEARCH_SECONDS,
    jobs: int = 2,
    cancel: threading.Event | None = None,
    on_found: Callable[[Found], None] | None = None,
) -> list[Found]:
    """A row for each of `models`, in that order, `jobs` searches at a time.

    Raises Cancelled, LauncherFailure, and InvalidValue for a type that is not of transformers: the others are described
    by people.
    """
    for model in models:
        if model.source != "transformers":
            raise InvalidValue(
                f"{model.name} is of {model.source}; only types of transformers are searched for.", field="models"
            )
    stop = cancel or threading.Event()
    tables = library.read_name_tables(library.library_folder())
    registered = {model.name: model for model in registry.registered()}
    parents = _parents(workbench, tables)
    corrections = load_corrections()

    def one(model: ModelType) -> Found:
        arguments = {
            "model_type": model.name,
            "module": model.module,
            "offered": offered_classes(registered[model.name], tables),
            "seconds": seconds,
            "override": corrections.get(model.name, {}),
        }
        outcome = workbench.launcher.run(
            FREEZE, arguments, timeout_seconds=2 * seconds, memory_limit_bytes=MEMORY_BYTES, cancel=stop
        )
        if outcome.failure is not None and outcome.failure.kind is FailureKind.CANCELLED:
            raise Cancelled
        row = dict(outcome.value or {"status": "failed", "notes": [outcome.failure.reason if outcome.failure else ""]})
        if model.name in parents:
            row["parents"] = parents[model.name]
        found = Found(
            model_type=model.name,
            row={"model_type": model.name, **row, "with": found_with()["transformers"]},
            seconds=outcome.seconds,
            peak_rss_bytes=outcome.peak_rss_bytes,
        )
        if on_found is not None:
            on_found(found)
        return found

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        try:
            return list(pool.map(one, models))
        except BaseException:
            stop.set()
            raise


def keep_recipes(found: Sequence[Found], path: Path) -> None:
    """Write the rows over those of the same types in the file at `path`, the others untouched.

    A search that the same library's recipe has passed before, and that fails now, failed for want of time or memory:
    it replaces nothing. Raises SkillsetFailure when the file cannot be written.
    """
    rows = {name: _with_version(row, path) for name, row in frozen.rows_in(path).items()}
    for item in found:
        old = rows.get(item.model_type)
        ran = old is not None and old["status"] == "runs" and old["with"] == item.row["with"]
        if not (ran and item.row["status"] == "failed"):
            rows[item.model_type] = item.row
    text = frozen.recipes_text(found_with(), rows.values())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise SkillsetFailure(f"{path} cannot be written ({error.strerror}); choose another --output.") from error


def _with_version(row: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """The row with the version it was found with: the file's head tells that of the newest rows alone."""
    return row if "with" in row else {**row, "with": frozen.found_with(path).get("transformers")}


def found_with() -> dict[str, str]:
    """The libraries that recipes found now are true for."""
    return {name: version(name).partition("+")[0] for name in ("transformers", "torch")}


def _parents(workbench: Workbench, tables: library.NameTables) -> Mapping[str, list[str]]:
    modules = {name: tables.module_of(name) for name in tables.config_classes}
    outcome = workbench.launcher.run(
        "engine.recipes.freezing.parents:parents", {"modules": modules}, timeout_seconds=300.0
    )
    if outcome.value is None:
        raise LauncherFailure(f"The parts of models could not be told: {outcome.failure and outcome.failure.reason}")
    parents: Mapping[str, list[str]] = outcome.value["parents"]
    return parents
