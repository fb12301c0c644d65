"""Model types, their families and tiers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """Model types that share a template."""

    TEXT_ENCODER = "text_encoder"
    TEXT_DECODER = "text_decoder"
    TEXT_TO_TEXT = "text_to_text"
    VISION = "vision"
    VISION_TEXT = "vision_text"
    AUDIO = "audio"
    DIFFUSION = "diffusion"
    VIDEO = "video"
    TIME_SERIES = "time_series"
    OTHER = "other"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


class Tier(StrEnum):
    """How much a model type is used; tiers are cumulative: `high` includes `critical`."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def included(self) -> tuple[Tier, ...]:
        """This tier and all above it."""
        ordered = tuple(Tier)
        return ordered[: ordered.index(self) + 1]


class Size(StrEnum):
    """Which configuration of a model type is built."""

    TINY = "tiny"
    """A shrunk configuration: proves that the type runs; says nothing of real speed."""
    DEFAULT = "default"
    """The library's default configuration; for many types the published base checkpoint's size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelType:
    """One architecture registered in the library."""

    name: str
    display_name: str
    family: Family
    task: str
    """The pipeline task of `model_class`, such as fill-mask; `feature-extraction` without a head."""
    tier: Tier
    module: str
    """Modelling package inside the library: `transformers.models.<module>`."""
    config_class: str
    model_class: str
    """The class that a skillset builds."""
    tasks: tuple[str, ...] = ()
    """Every task an Auto class offers for this type."""
    modalities: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    """Such as encoder_decoder, mixture_of_experts, state_space, generates."""
    verified: bool = False
    """Whether this release ships a recipe for it; others are listed and refused with a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is true of one built case whatever the machine: the predictor's features."""

    parameters: int
    parameter_bytes: int
    flops: int | None
    """Floating-point operations of one forward pass at the case's batch size, as counted by
    torch.utils.flop_counter (matrix products, convolutions, attention); None where it cannot count."""
    input_bytes: int
