"""Models that stand in for the default's where it is too large to be tried with numbers: they take the same inputs.

None has other widths or images than the default. Each is tried where those before it did not run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.recipes.freezing.shared_weights import build_sharing
from engine.recipes.freezing.tapped_layers import with_tapped_layers
from engine.recipes.search.build import TooLarge, build, parameter_count
from engine.recipes.search.classes import part_of
from engine.recipes.search.search import merged
from engine.recipes.search.shrink import VOCABULARY, widths_kept

MOST_PARAMETERS = 500_000_000
"""Of a stand-in whose weights have memory of their own."""
MOST_SHARED = 800_000_000
"""Numbers of the largest parameter, where all lie in the same memory."""
MOST_WHOLE = 1_000_000_000
"""Parameters up to which the default is tried with all its layers; beyond, one pass takes too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A model that can be given the default's inputs."""

    how: str
    """What became of the default, in words that a recipe keeps."""
    config: Any
    model: Any


def stand_ins(
    model_class: Any, config_class: Any, default: Mapping[str, Any], part: str | None, *, needs_words: bool = False
) -> Mapping[str, Callable[[], StandIn]]:
    """Makers of stand-ins by a name, the cheapest first; `default` are the arguments of the corrected default.

    With `needs_words` none has a smaller vocabulary, where tokens would get new numbers. A maker raises TooLarge, and
    whatever a foreign model raises.
    """

    def cut(words: int) -> Any:
        arguments = merged(default, widths_kept(config_class, default, words=words))
        arguments = with_tapped_layers(config_class(**default), arguments)
        return part_of(config_class(**arguments), part)

    def few() -> StandIn:
        config = cut(VOCABULARY)
        try:
            return StandIn(how="few layers", config=config, model=build(model_class, config, MOST_PARAMETERS))
        except TooLarge:
            return sharing("few layers", config)

    def few_and_all_words() -> StandIn:
        return sharing("few layers, all words", cut(sys.maxsize))

    def whole() -> StandIn:
        config = part_of(config_class(**default), part)
        count = parameter_count(model_class, config)
        if count > MOST_WHOLE:
            raise TooLarge(f"{count:,} parameters; with all layers at most {MOST_WHOLE:,} are tried")
        return sharing("all layers", config)

    def sharing(how: str, config: Any) -> StandIn:
        model = build_sharing(model_class, config, MOST_SHARED)
        return StandIn(how=f"{how}, weights sharing memory", config=config, model=model)

    makers = {} if needs_words else {"few layers": few}
    return {**makers, "all words": few_and_all_words, "all layers": whole}
