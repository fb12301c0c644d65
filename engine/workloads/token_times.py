"""When each new token of a generation is there.

A stopping criterion, which generate() asks after every token that it has chosen and appended, takes the time and never
stops anything. With all around it that takes some ten microseconds of processor time a token, below one percent of
what the tiniest model takes for one; a streamer would copy every token to the processor's memory as well.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

_CRITERIA = "stopping_criteria"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """The clock, in seconds, over one call of generate()."""

    begun: float
    ended: float
    token_at: tuple[float, ...]
    lengths: tuple[int, ...]
    """Tokens so far, prompt included where the type returns it, at each moment of `token_at`."""
    rows: int
    """Sequences that were made side by side."""

    @property
    def seconds(self) -> float:
        return self.ended - self.begun

    @property
    def first_token_seconds(self) -> float:
        return self.token_at[0] - self.begun

    @property
    def decode_seconds(self) -> float:
        """From the first token to the last."""
        return self.token_at[-1] - self.token_at[0]


class TokenTimes:
    """Times the generations of a loaded skillset."""

    def __init__(self, skillset: Any, synchronize: Callable[[], None]) -> None:
        self._skillset = skillset
        self._synchronize = synchronize

    def generate(self, inputs: Mapping[str, Any], new_tokens: int) -> Generated:
        """One call of the skillset's generate(); whatever it raises passes through."""
        from transformers import StoppingCriteria, StoppingCriteriaList

        at: list[float] = []
        lengths: list[int] = []
        synchronize = self._synchronize
        going_on: dict[int, Any] = {}

        class Clock(StoppingCriteria):  # type: ignore[misc,unused-ignore]  # typed or not by the library's version
            def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
                synchronize()
                at.append(perf_counter())
                lengths.append(input_ids.shape[-1])
                rows = input_ids.shape[0]
                if rows not in going_on:
                    going_on[rows] = input_ids.new_zeros(rows).bool()
                return going_on[rows]

        with _asked(self._skillset.model, StoppingCriteriaList([Clock()])):
            begun = perf_counter()
            self._skillset.generate(inputs, max_new_tokens=new_tokens)
            synchronize()
            ended = perf_counter()
        return Generated(
            begun=begun, ended=ended, token_at=tuple(at), lengths=tuple(lengths), rows=max(going_on, default=0)
        )


@contextmanager
def _asked(model: Any, criteria: Any) -> Iterator[None]:
    """Gives `criteria` to every generate() of the model and its parts that takes some and was given none.

    Some types hand generation on to a part of theirs: whichever of them makes the tokens is asked, and only once,
    since an outer one that takes criteria passes them on.
    """
    parts = [part for part in model.modules() if hasattr(part, "generate") and _takes_criteria(part.generate)]

    def asking(generate: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **kwargs: Any) -> Any:
            return generate(*args, **({_CRITERIA: criteria} | kwargs))

        return ask

    for part in parts:
        part.generate = asking(part.generate)
    try:
        yield
    finally:
        for part in parts:
            del part.generate


def _takes_criteria(generate: Callable[..., Any]) -> bool:
    return _CRITERIA in inspect.signature(generate).parameters
