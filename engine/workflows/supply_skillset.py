"""The skillset that a run is about to use: as it lies there when it is known to work, else made and run now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog.library import library_version
from engine.domain.model import ModelType
from engine.domain.skillset import GenerationStatus, Skillset
from engine.errors import SkillsetFailure
from engine.skillsets.render import read_header, render
from engine.skillsets.shared_file import identity_of, identity_of_text, shares
from engine.skillsets.write import module_path, write, write_shared
from engine.storage import skillsets
from engine.workflows.generate_skillsets import generate_skillset, verify_skillset

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def supply_skillset(
    workbench: Workbench,
    model_type: str,
    *,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> Skillset:
    """A verified skillset of the type. Raises SkillsetFailure with the reason, Cancelled, StorageError.

    A missing or outdated module is generated and run once; one that a person has edited is never overwritten, but
    run once as it is.
    """
    model = workbench.catalog.get(model_type)
    path = module_path(model, workbench.settings.skillset_dir)
    present = _text_of(path)
    edited = present is not None and not read_header(present).is_untouched
    if present is not None and (edited or present == render(model)):
        if shares(present):
            write_shared(path.parent)
        known = _verified(workbench, model_type, path, identity_of(path))
        if known is not None:
            return known
    if edited:
        if on_log is not None:
            on_log(f"{path.name} was edited by hand; it is run as it is")
        started = time.perf_counter()
        outcome = verify_skillset(workbench, model, path, started=started, cancel=cancel, on_log=on_log)
    else:
        outcome = generate_skillset(workbench, model, cancel=cancel, on_log=on_log)
    if outcome.skillset is None or outcome.status is not GenerationStatus.VERIFIED:
        raise SkillsetFailure(f"The skillset of {model_type} does not work: {outcome.reason}")
    return outcome.skillset


def written_skillset(workbench: Workbench, model: ModelType) -> Path:
    """The module's path, written if it is missing or outdated, not run: enough to count a model's facts."""
    path = module_path(model, workbench.settings.skillset_dir)
    present = _text_of(path)
    if present is not None and not read_header(present).is_untouched:
        if shares(present):
            write_shared(path.parent)
        return path
    return write(model, render(model), workbench.settings.skillset_dir)


def present_checksum(workbench: Workbench, model: ModelType) -> str:
    """Of the module that a run would use now: the one that a person has edited, else what is generated today."""
    path = module_path(model, workbench.settings.skillset_dir)
    present = _text_of(path)
    if present is None or read_header(present).is_untouched:
        present = render(model)
    return identity_of_text(present, path.parent)


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SkillsetFailure(f"{path} cannot be read ({error}); correct its permissions or remove it.") from error


def _verified(workbench: Workbench, model_type: str, path: Path, checksum: str) -> Skillset | None:
    """What is stored of this very text, if it last ran well with the installed library."""
    with workbench.database.cursor() as cursor:
        latest = {skillset.model_type: skillset for skillset in skillsets.latest(cursor)}
    found = latest.get(model_type)
    if (
        found is not None
        and found.status is GenerationStatus.VERIFIED
        and found.path == str(path)
        and found.checksum == checksum
        and found.transformers_version == library_version()
    ):
        return found
    return None
