"""Machines and what they can run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Machine, driver and library versions. Results of different fingerprints are never compared without a warning."""

    environment_id: str
    """Fingerprint: a hash of every other field but `hostname`."""
    hostname: str
    os: str
    cpu: str
    architecture: str
    physical_cores: int | None
    logical_cores: int | None
    """None, like the memory, only where others measured and did not tell."""
    memory_bytes: int | None
    python: str
    libraries: Mapping[str, str]
    """Distribution name -> version of what can change a measurement (torch, transformers, numpy ...)."""
    accelerators: tuple[str, ...] = ()
    source: str | None = None
    """Who measured on it, where its results were imported; None for a machine of one's own."""

    @property
    def label(self) -> str:
        """Short enough for a footnote."""
        if self.source is not None:
            return f"{', '.join(self.accelerators) or self.cpu} (imported: {self.source})"
        return f"{self.cpu}, {self.logical_cores} cores"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendStatus:
    """Whether a backend can run here; if not, why."""

    backend: str
    available: bool
    reason: str | None
    """None when available; otherwise one sentence for the user."""
    devices: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    precisions: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    """Precision -> why it does not run here, for those that somebody may expect."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What else there is to say, by name: names and memory of devices, driver, cores, instructions."""
    board: str | None = None
    """UUID of the NVIDIA GPU that cases run on, as the driver's library knows it; None elsewhere, or where not told."""


QUIET_SHARE = 0.05
"""Of the CPU: with more of it used by others a measurement counts as disturbed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineState:
    """What may disturb a measurement, read just before and after it."""

    load_1min: float
    """Runnable processes averaged over a minute, per the operating system."""
    cpu_busy_others: float | None
    """Share of the machine's CPU time used by other processes during the measurement, 0..1; None if not readable."""
    cpu_steal: float | None
    """Share of CPU time the hypervisor gave to others, 0..1; None if not readable."""
    frequency_hertz: float | None
    available_memory_bytes: int
    governor: str | None = None
    """How the kernel chooses the clock (performance, powersave); several where CPUs differ; None if not readable."""
    boost: bool | None = None
    """Whether clocks above the nominal one are allowed (turbo, boost); None if not readable."""
    temperature_celsius: float | None = None
    """Of the hottest processor sensor just after the measurement; None if not readable."""
    throttled: bool | None = None
    """Whether a CPU was slowed for its heat during the measurement; None if not readable."""
    other_gpu_processes: int | None = None
    """Other programs that computed on the case's NVIDIA GPU just before or after; None without one, or if not told."""
    is_gpu_untold: bool = False
    """The case ran on a GPU of which nobody could tell whether other programs used it."""
    is_side_by_side: bool = False
    """Bound to cores of its own, so that other cases of the run could be measured on others at the same time."""

    @property
    def is_noisy(self) -> bool | None:
        """More than 5 % of the CPU went to somebody else, heat slowed it, others computed on the case's GPU, or other
        cases may have run beside it.

        None where nothing is known to have disturbed, but the CPU's share or the use of the case's GPU is not known.
        """
        if (
            self.throttled
            or self.is_side_by_side
            or self.other_gpu_processes
            or (self.share_of_others is not None and self.share_of_others > QUIET_SHARE)
        ):
            return True
        return None if self.cpu_busy_others is None or self.is_gpu_untold else False

    @property
    def share_of_others(self) -> float | None:
        """The larger of what other processes and the hypervisor took, 0..1; None where neither could be read."""
        return max((share for share in (self.cpu_busy_others, self.cpu_steal) if share is not None), default=None)
