"""OpenVINO on the CPU: models run as graphs that were exported beforehand."""

from __future__ import annotations

import sys
from typing import Any

from engine.backends.absence import missing
from engine.backends.cores import usable_physical_cores
from engine.backends.exporting import OPENVINO, lacking
from engine.backends.presence import installed_version
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus
from engine.errors import BackendUnavailable

DEVICE = "CPU"
"""As OpenVINO calls it; its AUTO would choose a device by itself."""


class OpenvinoBackend:
    name = "openvino"
    device = "cpu"
    """Where torch builds the model that is exported."""

    def detect(self) -> BackendStatus:
        version = installed_version("openvino")
        if version is None:
            return missing(self.name, "openvino is not installed; the extra `measure` brings it.")
        versions = {"openvino": version}
        try:
            core = import_openvino().Core()
            devices = list(core.available_devices)
            name = str(core.get_property(DEVICE, "FULL_DEVICE_NAME")) if DEVICE in devices else ""
        except (ImportError, OSError, RuntimeError) as error:
            return missing(self.name, f"openvino {version} is installed and cannot be used: {error}.", versions)
        if DEVICE not in devices:
            found = ", ".join(devices) or "none"
            return missing(self.name, f"openvino {version} finds no device {DEVICE}, only: {found}.", versions)
        if (reason := lacking(OPENVINO)) is not None:
            return missing(self.name, reason, versions)
        nncf = installed_version("nncf")
        eight_bits = () if nncf is None else (Precision.INT8.value,)
        return BackendStatus(
            backend=self.name,
            available=True,
            reason=None,
            devices=(f"{DEVICE} ({name.strip()})",),
            versions=versions | ({} if nncf is None else {"nncf": nncf}),
            precisions=(Precision.FP32.value, *eight_bits),
        )

    def prepare(self, threads: int | None) -> int:
        """Import the library; threads of one inference, as asked, else one per physical core. Models take them."""
        try:
            import_openvino()
        except (ImportError, OSError) as error:
            raise BackendUnavailable(f"Backend {self.name!r} cannot run here: {error}", field="backends") from error
        return threads or usable_physical_cores()

    def synchronize(self) -> None:
        """Nothing is queued: an inference returns when its outputs are there."""


def import_openvino() -> Any:
    """The library without openvino_telemetry, which would tell its makers of every conversion: it does without."""
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # importing it fails, as if not installed
    import openvino

    return openvino
