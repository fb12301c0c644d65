"""Checkpoints that are damaged are refused, and nothing of them stays."""

from __future__ import annotations

import inspect
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.conformance.compare import first_difference
from engine.conformance.finding import Finding, fails, not_applicable
from engine.conformance.memory import tensor_bytes
from engine.conformance.refusals import Wrong, refused
from engine.conformance.round_trip import why_not_saved
from engine.conformance.subject import Subject
from engine.domain.conformance import Verdict

_NOISE = b"These are no weights. " * 200


def try_broken_weights(subject: Subject) -> Finding:
    return _refused(subject, {"without its weights file": Path.unlink, "with noise as its weights": _make_noise})


def try_truncated_weights(subject: Subject) -> Finding:
    return _refused(subject, {"with half of its weights file": _halve, "without one of its weights": _drop_largest})


def _make_noise(weights: Path) -> None:
    weights.write_bytes(_NOISE)


def _halve(weights: Path) -> None:
    content = weights.read_bytes()
    weights.write_bytes(content[: len(content) // 2])


def _drop_largest(weights: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = {name: value.clone() for name, value in load_file(weights).items()}
    tensors.pop(max(tensors, key=lambda name: tensors[name].nbytes))
    save_file(tensors, weights, metadata={"format": "pt"})


def _refused(subject: Subject, damages: Mapping[str, Callable[[Path], None]]) -> Finding:
    """Each damage is done to a copy of a checkpoint that loads as it is, and has to be refused by the folder's name."""
    if "checkpoint" not in inspect.signature(subject.module.load).parameters:
        return not_applicable("Its load() takes no checkpoint.")
    if (reason := why_not_saved(subject)) is not None:
        return reason
    with tempfile.TemporaryDirectory(dir=subject.folder) as room:
        whole = Path(room) / "whole"
        subject.model.save_pretrained(whole)
        weights = sorted(path.relative_to(whole) for path in whole.rglob("*.safetensors"))
        if not weights:
            return not_applicable("It is not saved as safetensors.")
        _load(subject, whole)
        wrongs = []
        for number, (words, damage) in enumerate(damages.items()):
            folder = Path(room) / f"damaged-{number}"
            shutil.copytree(whole, folder)
            damage(folder / weights[0])
            wrongs.append(
                Wrong(
                    words=f"a checkpoint {words}",
                    ask=lambda folder=folder: _load(subject, folder),  # type: ignore[misc]
                    named=str(folder),
                )
            )
        before = tensor_bytes()
        found = refused(subject, wrongs)
        return _left_behind(subject, before) or found if found.verdict is Verdict.WORKS else found


def _left_behind(subject: Subject, before: int) -> Finding | None:
    """What a refused checkpoint has left: tensors that are still held, or another way in which models are built."""
    if (left := tensor_bytes() - before) > 0:
        return fails(f"Tensors of {left} bytes are still held after a damaged checkpoint was refused.")
    weights = first_difference(subject.model.state_dict(), subject.build().model.state_dict())
    if weights is not None:
        return fails(f"After a damaged checkpoint was refused, a new model's weight {weights}.")
    return None


def _load(subject: Subject, folder: Path) -> Any:
    return subject.module.load(
        size="tiny", device=subject.device, precision=subject.precision.value, checkpoint=str(folder)
    )
