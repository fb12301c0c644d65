"""The library's classes of a model type, as objects."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def config_class_of(model_type: str) -> Any:
    """The configuration class; whatever importing it raises passes through."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    return CONFIG_MAPPING[model_type]


def model_classes_of(config_class: Any, module: str, offered: Sequence[str]) -> list[Any]:
    """Classes that can be built from `config_class`: the offered ones in order, then what else its module defines.

    A class declared for another configuration comes after those that name this one.
    """
    import transformers

    found: list[Any] = []
    problems: list[Exception] = []
    for name in offered:
        try:
            candidate = getattr(transformers, name)
            candidate.config_class  # noqa: B018  a placeholder for a class whose library is missing raises here
        except AttributeError:
            candidate = _from_modules(module, name)
        except ImportError as error:
            problems.append(error)
            continue
        if candidate is not None:
            found.append(candidate)
    found += [candidate for candidate in _defined_in(module, config_class) if candidate not in found]
    if not found and problems:
        raise problems[0]
    return sorted(found, key=lambda candidate: getattr(candidate, "config_class", None) is not config_class)


def part_of(config: Any, part: str | None) -> Any:
    """What a model class is built from: `config`, or its sub-configuration named by `part`."""
    return config if part is None else getattr(config, part)


def _modules(module: str) -> list[Any]:
    package = importlib.import_module(f"transformers.models.{module}")
    names = [path.stem for path in sorted(Path(package.__path__[0]).glob("modeling_*.py"))]
    return [importlib.import_module(f"transformers.models.{module}.{name}") for name in names]


def _from_modules(module: str, name: str) -> Any:
    return next((getattr(found, name) for found in _modules(module) if hasattr(found, name)), None)


def _defined_in(module: str, config_class: Any) -> list[Any]:
    from transformers import PreTrainedModel

    found = []
    try:
        modules = _modules(module)
    except ImportError:
        return []
    for source in modules:
        for _, candidate in inspect.getmembers(source, inspect.isclass):
            if (
                issubclass(candidate, PreTrainedModel)
                and candidate.__module__ == source.__name__
                and getattr(candidate, "config_class", None) is config_class
                and "forward" in vars(candidate)
            ):
                found.append(candidate)
    return found
