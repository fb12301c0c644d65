"""The input shape that a case has when nobody asks for another."""

from __future__ import annotations

from enum import StrEnum

from engine.domain.model import Family, ModelType, Size


class SequenceUnit(StrEnum):
    """What a sequence length counts; a length in one unit means nothing in another."""

    TOKENS = "tokens"
    SAMPLES = "samples"


_FIXED_WINDOW = ("whisper",)
"""Types that take a spectrogram of one fixed length."""

_TEXT_FAMILIES = (Family.TEXT_ENCODER, Family.TEXT_DECODER, Family.TEXT_TO_TEXT)


def sequence_unit(model: ModelType) -> SequenceUnit | None:
    """What `sequence_length` counts for this type; None where it has no such dimension or fixes it itself."""
    if model.family in _TEXT_FAMILIES or model.family is Family.VISION_TEXT:
        return SequenceUnit.TOKENS
    if model.family is Family.AUDIO and model.name not in _FIXED_WINDOW:
        return SequenceUnit.SAMPLES
    return None


def shape_of(model: ModelType, size: Size) -> tuple[int | None, int | None]:
    """Default sequence length and image size; None for a dimension that the type lacks or fixes itself."""
    tiny = size is Size.TINY
    sequence_length: int | None = None
    match sequence_unit(model):
        case SequenceUnit.TOKENS if model.family is Family.VISION_TEXT:
            sequence_length = 16 if tiny else 77
        case SequenceUnit.TOKENS:
            sequence_length = 16 if tiny else 128
        case SequenceUnit.SAMPLES:
            sequence_length = 4_000 if tiny else 16_000
    has_image = model.family in (Family.VISION, Family.VISION_TEXT)
    return sequence_length, (32 if tiny else 224) if has_image else None
