"""What a model type was asked to prove, and how each proof ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.case import Precision


class Check(StrEnum):
    """One thing that a skillset has to show, in the order of showing it: what needs a failed one is not tried."""

    IMPORT = "import"
    """The module imports."""
    CONSTRUCT = "construct"
    """The tiny model is built with random weights."""
    FORWARD = "forward"
    """A forward pass with every modality that the model declares returns tensors."""
    FINITE = "finite"
    """No output holds NaN or plus infinity; minus infinity is how models mask."""
    DETERMINISTIC = "deterministic"
    """Built again from the same seed, the model gives the same outputs bit for bit."""
    BATCH = "batch"
    """A batch of two gives what its two examples give alone, within the tolerance of fp32."""
    ROUND_TRIP = "round_trip"
    """save_pretrained and from_pretrained give the same weights and the same outputs, bit for bit."""
    GENERATE = "generate"
    """generate() returns exactly four new tokens."""
    COST = "cost"
    """The operations of a forward pass can be counted."""


class Verdict(StrEnum):
    WORKS = "works"
    PARTIAL = "partial"
    """It works, not with everything: a forward pass without one of the model's modalities."""
    FAILS = "fails"
    UNAVAILABLE = "unavailable"
    """It cannot be tried here: a package or a device is missing."""
    NOT_APPLICABLE = "not_applicable"
    """The architecture has no such thing, such as generate() of an image classifier, or a part of a model alone."""
    NOT_TRIED = "not_tried"
    """A check that it needs failed, the time was up, or nobody asked for it: the reason says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """How one check of one type ended on one backend at one precision."""

    check: Check
    verdict: Verdict
    reason: str | None = None
    """One sentence; None when it works."""
    detail: str | None = None
    """The traceback or the end of the process's log; None where there is none."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """All checks of one model type on one backend at one precision, made in one process."""

    model_type: str
    backend: str
    precision: Precision
    outcomes: tuple[CheckOutcome, ...]
    """One for each `Check`, in its order."""
    flops: int | None
    """Floating-point operations of one forward pass of the tiny model at batch size 2; None if uncountable."""
    bytes_moved: int | None
    """Bytes of parameters, buffers, inputs and outputs of that pass."""
    peak_rss_bytes: int | None
    seconds: float
    checksum: str | None
    """Of the module that was examined; None when none could be written."""
    environment_id: str
    library: str
    """Which library the model comes from: transformers or diffusers."""
    library_version: str
    torch_version: str
    examined_at: datetime

    @property
    def verdict(self) -> Verdict:
        """Of the type as a whole: the worst outcome decides; what was not tried beside good ones was not asked for.

        Not applicable where every check is: a type that has nothing to run alone.
        """
        found = {outcome.verdict for outcome in self.outcomes}
        if found == {Verdict.NOT_APPLICABLE}:
            return Verdict.NOT_APPLICABLE
        for verdict in (Verdict.FAILS, Verdict.UNAVAILABLE, Verdict.PARTIAL, Verdict.WORKS):
            if verdict in found:
                return verdict
        return Verdict.NOT_TRIED
