"""A named, closed set of plug-ins: the table of contents of a package that has several of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from engine.errors import UnknownName


class Named(Protocol):
    @property
    def name(self) -> str: ...


Plugin = TypeVar("Plugin", bound=Named)


class Registry(Generic[Plugin]):
    """Plug-ins by name, in the order they were given."""

    def __init__(self, kind: str, plugins: Iterable[Plugin]) -> None:
        self.kind = kind
        self._plugins = {plugin.name: plugin for plugin in plugins}

    def get(self, name: str, *, field: str | None = None) -> Plugin:
        """The plug-in called `name`; raises UnknownName with the nearest ones."""
        try:
            return self._plugins[name]
        except KeyError:
            raise UnknownName(self.kind, name, self._plugins, field=field) from None

    def names(self) -> list[str]:
        return list(self._plugins)

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self._plugins.values())

    def __contains__(self, name: object) -> bool:
        return name in self._plugins
