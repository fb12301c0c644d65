"""Model types, their families and tiers."""

from __future__ import annotations

from collections.abc import Collection
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
    """The sizes that every model type has; a published checkpoint's name is a size as well (see Case.size)."""

    TINY = "tiny"
    """A shrunk configuration: proves that the type runs; says nothing of real speed."""
    DEFAULT = "default"
    """The library's default configuration; for many types the published base checkpoint's size."""


def is_checkpoint(size: str) -> bool:
    """Whether `size` is the name of a published checkpoint."""
    return size not in tuple(Size)


def real_size(sizes: Collection[str]) -> str:
    """Which of the sizes in use to show while nobody chose one: the default, else a checkpoint's, else tiny."""
    if not sizes or Size.DEFAULT in sizes:
        return Size.DEFAULT
    return next(filter(is_checkpoint, sorted(sizes)), Size.TINY)


class Status(StrEnum):
    """What can be done with a model type, as far as this release knows."""

    RUNNABLE = "runnable"
    """There is a recipe: it can be generated, run and measured."""
    PART = "part"
    """It only runs inside another type."""
    NEEDS_PACKAGE = "needs_package"
    """The library asks for a package that is not one of ModelDyno's own."""
    NO_MODEL_CLASS = "no_model_class"
    """The library registers a configuration and no model for it."""
    FAILS = "fails"
    """The library has a model that no configuration and inputs were found for."""
    UNKNOWN = "unknown"
    """Not in the recipes: registered by another version of the library than they were found with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one size of a type reads when nobody asks otherwise."""

    sequence_length: int | None = None
    """In the type's sequence unit; None where it has no such dimension or fixes it itself."""
    image_size: int | None = None
    """Pixels along a side; None for types without square images."""


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
    """Modelling package inside the library: `transformers.models.<module>`; for diffusers the module of the class."""
    config_class: str
    model_class: str
    """The class that a skillset builds."""
    source: str = "transformers"
    """The library that has it: transformers or diffusers; custom for a type of the user's own."""
    tasks: tuple[str, ...] = ()
    """Every task an Auto class offers for this type."""
    modalities: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    """Such as encoder_decoder, mixture_of_experts, state_space, generates."""
    in_first_run: bool = False
    """Whether it is measured when there is nothing to show yet."""
    status: Status = Status.UNKNOWN
    status_reason: str | None = None
    """One sentence with the remedy where there is one; None for a type that runs."""
    parents: tuple[str, ...] = ()
    """Types that this one is a part of."""
    packages: tuple[str, ...] = ()
    """What to give pip before it runs."""
    left_out: tuple[str, ...] = ()
    """Modalities that the model has and the recipe leaves out: a run of it is no full run."""
    sequence_unit: str | None = None
    """tokens or samples; see engine/catalog/shapes.py."""
    tiny_shape: Shape = Shape()
    default_shape: Shape = Shape()
    tiny_parameters: int | None = None
    default_shown: bool = True
    """Whether the inputs of the default size were shown to fit it; where not, they are the likeliest guess."""
    default_problem: str | None = None
    """Why the default size cannot be built here, with the remedy; None where it can."""
    default_parameters: int | None = None
    """Counted on the meta device; None where the library's default cannot be built."""

    @property
    def runnable(self) -> bool:
        return self.status is Status.RUNNABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is true of one built case whatever the machine: the predictor's features."""

    parameters: int
    parameter_bytes: int
    flops: int | None
    """Floating-point operations of one forward pass at the case's batch size, as counted by
    torch.utils.flop_counter (matrix products, convolutions, attention); None where it cannot count."""
    input_bytes: int
    activation_bytes: int | None = None
    """Most that a forward pass keeps alive of its own tensors at once, at the case's batch size and precision,
    what kernels use inside themselves left out; None where it could not be followed."""
