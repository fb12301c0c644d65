"""The input shape that a case has when nobody asks for another."""

from __future__ import annotations

from enum import StrEnum

from engine.catalog.checkpoints import size_names
from engine.domain.model import ModelType, Size, is_checkpoint


class SequenceUnit(StrEnum):
    """What a sequence length counts; a length in one unit means nothing in another."""

    TOKENS = "tokens"
    SAMPLES = "samples"


def sequence_unit(model: ModelType) -> SequenceUnit | None:
    """What `sequence_length` counts for this type; None where it has no such dimension or fixes it itself."""
    return None if model.sequence_unit is None else SequenceUnit(model.sequence_unit)


def shape_of(model: ModelType, size: str) -> tuple[int | None, int | None]:
    """Default sequence length and image size; None for a dimension that the type lacks or fixes itself.

    A published checkpoint reads what the default size reads, but for images of its own size.
    """
    shape = model.tiny_shape if size == Size.TINY else model.default_shape
    image_size = shape.image_size
    if image_size is not None and is_checkpoint(size):
        image_size = _own_image_size(size) or image_size
    return shape.sequence_length, image_size


def _own_image_size(size: str) -> int | None:
    """What the checkpoint's configuration says, if it says anything; it may say so of the part that sees."""
    checkpoint = size_names().get(size)
    config = checkpoint.config if checkpoint is not None else {}
    for part in (config, *(value for value in config.values() if isinstance(value, dict))):
        if isinstance(found := part.get("image_size"), int):
            return found
    return None
