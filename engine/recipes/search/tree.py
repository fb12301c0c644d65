"""A configuration as a tree of configurations, and what kinds of values its fields hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any


def nodes(config: Any, path: str = "config") -> Iterator[tuple[str, Any]]:
    """The configuration and all its sub-configurations with the expression that leads to each."""
    yield path, config
    for name in sub_names(config):
        yield from nodes(getattr(config, name), f"{path}.{name}")


def sub_names(config: Any) -> list[str]:
    """Attributes of `config` that hold configurations themselves."""
    from transformers import PreTrainedConfig

    names = [name for name in getattr(type(config), "sub_configs_defaults", {}) if hasattr(config, name)]
    names += [name for name, value in vars(config).items() if isinstance(value, PreTrainedConfig) and name not in names]
    return [name for name in names if isinstance(getattr(config, name), PreTrainedConfig)]


def has_fixed_class(config: Any, name: str) -> bool:
    """Whether the sub-configuration `name` is always of one class, so that nothing else has to name its type."""
    from transformers import PreTrainedConfig

    spec = getattr(type(config), "sub_configs_defaults", {}).get(name)
    kind = getattr(spec, "config_class", None)
    return isinstance(kind, type) and issubclass(kind, PreTrainedConfig)


def field_names(config: Any) -> list[str]:
    """Declared fields, those that every configuration has left out."""
    from transformers import PreTrainedConfig

    common = {item.name for item in fields(PreTrainedConfig)}
    return [item.name for item in fields(config) if item.name not in common and not item.name.startswith("_")]


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_list_of_ints(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and bool(value)
        and all(isinstance(item, int) and not isinstance(item, bool) for item in value)
    )


def is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and is_plain(inner) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def value_of(node: Any, name: str) -> Any:
    """An attribute of a configuration; None where it has none, or a different one for each layer."""
    try:
        return getattr(node, name, None)
    except RuntimeError:
        return None
