"""ONNX Runtime on the CPU: models run as graphs that were exported beforehand."""

from __future__ import annotations

from engine.backends.absence import missing
from engine.backends.cores import usable_physical_cores
from engine.backends.exporting import ONNX, lacking
from engine.backends.presence import installed_version
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus
from engine.errors import BackendUnavailable

PROVIDER = "CPUExecutionProvider"
"""The part of ONNX Runtime that this backend is; any other would measure another device under its name."""


class OnnxruntimeBackend:
    name = "onnxruntime"
    device = "cpu"
    """Where torch builds the model that is exported."""

    def detect(self) -> BackendStatus:
        version = installed_version("onnxruntime", "onnxruntime-gpu")
        if version is None:
            return missing(self.name, "onnxruntime is not installed; the extra `measure` brings it.")
        versions = {"onnxruntime": version}
        try:
            import onnxruntime
        except (ImportError, OSError) as error:
            return missing(self.name, f"onnxruntime {version} is installed and cannot be imported: {error}.", versions)
        if PROVIDER not in onnxruntime.get_available_providers():
            return missing(self.name, f"onnxruntime {version} was built without {PROVIDER}.", versions)
        if (reason := lacking(ONNX)) is not None:
            return missing(self.name, reason, versions)
        return BackendStatus(
            backend=self.name,
            available=True,
            reason=None,
            devices=(PROVIDER,),
            versions=versions | {name: found for name in ONNX if (found := installed_version(name)) is not None},
            precisions=(Precision.FP32.value, Precision.INT8.value, Precision.INT4.value, Precision.INT2.value),
        )

    def prepare(self, threads: int | None) -> int:
        """Import the library; threads inside one operation: as asked, else one per physical core. Sessions take it."""
        try:
            import onnxruntime  # noqa: F401
        except (ImportError, OSError) as error:
            raise BackendUnavailable(f"Backend {self.name!r} cannot run here: {error}", field="backends") from error
        return threads or usable_physical_cores()

    def synchronize(self) -> None:
        """Nothing is queued: a session's run returns when its outputs are there."""
