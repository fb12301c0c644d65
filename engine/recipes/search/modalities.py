"""Which of the modalities that a model declares a plan leaves out."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping

from engine.recipes.search.candidates import modality_of
from engine.recipes.search.inputs import Input, Plan
from engine.recipes.search.subject import Subject

_SEEN = {"image", "video"}
_VISUAL = re.compile(r"pixel|image|video|visual|vision|frames|patches")

_CARRIERS: Mapping[str, re.Pattern[str]] = {
    "text": re.compile(r"input_ids|inputs_embeds|(?<!con)text|(^|_)tokens?(_ids)?$|^inputs$"),
    "image": _VISUAL,
    "video": _VISUAL,
    "audio": re.compile(
        r"audio|speech|sound|voice|wave|(^|_)mel(_|$)|spectro|acoustic|codes|input_features|input_values"
    ),
}
"""Names of parameters that may carry a modality: wide, so that one is called absent only where nothing is like it."""


def missing_modalities(subject: Subject, plan: Plan) -> set[str]:
    """Modalities that the model declares, could be given, and `plan` leaves out.

    An image stands for a video and the other way round. A model that reads one kind only gets it by whatever its
    parameter is called. What no parameter of the forward pass could carry is not missing: some classes declare the
    text of a processor, or inherit the modalities of a model that they were copied from.
    """
    given = {modality for item in plan.inputs for modality in _carried(item)}
    if given & _SEEN:
        given |= _SEEN
    declared = subject.modalities
    if len(declared - _SEEN) + bool(declared & _SEEN) < 2:
        return set()
    return {modality for modality in declared - given if can_carry(subject, modality)}


def can_carry(subject: Subject, modality: str) -> bool:
    """Whether a parameter of the forward pass is named like something that holds `modality`."""
    pattern = _CARRIERS.get(modality)
    return pattern is None or any(pattern.search(name) for name in _parameters(subject))


_TEXT = re.compile(r"input_ids|inputs_embeds|(?<!con)text|^inputs$|^task_inputs$")


def _carried(item: Input) -> set[str]:
    found = {modality_of(item.name)}
    if not _TEXT.search(item.name):
        found.discard("text")
    if item.name == "input_ids" and len(item.shape) == 3:  # a word and the codes of a codec at each position
        found.add("audio")
    return found


def _parameters(subject: Subject) -> Iterator[str]:
    """Parameters of the forward pass, and of those that it hands further keywords on to: its own model's."""
    yield from subject.parameters
    signature = inspect.signature(subject.model_class.forward)
    if not any(item.kind is item.VAR_KEYWORD for item in signature.parameters.values()):
        return
    for other in vars(sys.modules[subject.model_class.__module__]).values():
        if (
            inspect.isclass(other)
            and getattr(other, "config_class", None) is type(subject.config)
            and other.__module__ == subject.model_class.__module__
            and "forward" in vars(other)
        ):
            yield from inspect.signature(vars(other)["forward"]).parameters
