"""A generated module, imported and asked for what a case needs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.domain.case import Case
from engine.domain.result import FailureKind


class WrongOutput(Exception):
    """The forward pass returned something that no measurement should stand on."""

    failure_kind = FailureKind.WRONG_OUTPUT


def import_module(path: Path) -> ModuleType:
    """The module at `path`, executed now."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def inputs_of(skillset: Any, case: Case) -> dict[str, Any]:
    """Inputs of the case's batch and shape."""
    shape = {"sequence_length": case.sequence_length, "image_size": case.image_size}
    asked = {name: value for name, value in shape.items() if value is not None}
    inputs: dict[str, Any] = skillset.example_inputs(batch_size=case.batch_size, **asked)
    return inputs


def check_outputs(outputs: dict[str, Any], batch_size: int) -> None:
    """Raises WrongOutput unless there are outputs, one row per item, all finite."""
    import torch

    if not outputs:
        raise WrongOutput("The forward pass returned no tensors.")
    for name, value in outputs.items():
        if value.ndim == 0 or value.shape[0] != batch_size:
            shape = tuple(value.shape)
            raise WrongOutput(f"Output {name} of shape {shape} has not one row for each of {batch_size} items.")
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise WrongOutput(f"Output {name} holds values that are not finite.")
