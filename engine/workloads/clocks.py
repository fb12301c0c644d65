"""What the kernel says of processor clocks: who chooses them, whether they may boost, whether heat slowed them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Where the kernel tells of them; another place only for tests. Virtual machines mostly tell nothing."""

    root: Path = Path("/sys/devices/system/cpu")

    def governor(self) -> str | None:
        """Of all CPUs: one name, or several joined where they differ."""
        found = {_text(file) for file in self.root.glob("cpu[0-9]*/cpufreq/scaling_governor")} - {""}
        return ", ".join(sorted(found)) or None

    def boost(self) -> bool | None:
        """Whether clocks above the nominal one are allowed, as Intel's driver or the general interface says."""
        no_turbo = _text(self.root / "intel_pstate" / "no_turbo")
        if no_turbo in ("0", "1"):
            return no_turbo == "0"
        boost = _text(self.root / "cpufreq" / "boost")
        return boost == "1" if boost in ("0", "1") else None

    def throttles(self) -> int | None:
        """How often any CPU was slowed for its heat since boot; None where nobody counts, as on AMD processors."""
        files = self.root.glob("cpu[0-9]*/thermal_throttle/*_throttle_count")
        counts = [int(text) for file in files if (text := _text(file)).isdecimal()]
        return sum(counts) if counts else None


def _text(file: Path) -> str:
    """The file's content; empty where it is not, which is where nobody tells."""
    try:
        return file.read_text().strip()
    except OSError:
        return ""
