"""The forward pass over the whole prompt that fills the cache, on its own.

It is the very pass with which generate() begins, with the same arguments (the scores of the last token alone where the
type can, the same kind of cache), repeated on an empty cache each time. Of an encoder-decoder it is the encoder's pass
and the first of the decoder.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from engine.domain.run import Protocol
from engine.workloads.inference import timed_iterations
from engine.workloads.workload import Turns

_ENCODED = "encoder_outputs"


class Prefill:
    """Listens to one generation, and then repeats its first pass."""

    def __init__(self, skillset: Any, inputs: Mapping[str, Any], synchronize: Callable[[], None]) -> None:
        self._model = skillset.model
        self._prompt = {name: value for name, value in inputs.items() if not name.startswith("decoder_")}
        self._synchronize = synchronize
        self._first: dict[str, Any] | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """A generation inside tells how its first pass is called, before that pass has changed anything."""

        def keep(model: Any, args: Any, kwargs: dict[str, Any]) -> None:
            if self._first is None and not args:
                self._first = {name: _fresh(value) for name, value in kwargs.items()}

        handle = self._model.register_forward_pre_hook(keep, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()

    def samples(self, protocol: Protocol, turns: Turns | None = None) -> tuple[list[float], str]:
        """Seconds of each pass and a sentence on them; none where the type's first pass cannot be told apart.

        In turns each may be preceded by one that is discarded.
        """
        if self._first is None:
            return [], "Prefill is not measured: this type leaves generating to a part of itself."
        import torch

        arguments, empty = self._arguments(self._first)
        most = protocol.max_iterations + 1 if turns is None else 2 * protocol.max_iterations + 1
        caches = [copy.deepcopy(empty) for _ in range(most)]

        def once() -> None:
            with torch.inference_mode():
                self._model(**arguments, **caches.pop())
            self._synchronize()

        once()
        samples, rule = timed_iterations(once, protocol, turns=turns)
        return samples, f"Prefill: {len(samples)} timed passes; stopped because {rule}."

    def _arguments(self, first: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Those of the first pass, with the prompt instead of what the encoder has made of it; empty caches apart."""
        given = {name: value for name, value in first.items() if value is not None and name != _ENCODED}
        empty = {name: value for name, value in given.items() if _is_cache(value)}
        prompt = self._prompt if first.get(_ENCODED) is not None else {}
        return prompt | {name: value for name, value in given.items() if name not in empty}, empty


def _fresh(value: Any) -> Any:
    """A cache is filled by the pass, so it is copied while it is empty."""
    return copy.deepcopy(value) if _is_cache(value) else value


def _is_cache(value: Any) -> bool:
    from transformers import Cache

    return isinstance(value, Cache)
