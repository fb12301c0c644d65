"""Qualcomm's NPU through ONNX Runtime: since version 2 of onnxruntime-qnn a plug-in that has to be registered.

See the project's page on its execution provider: github.com/onnxruntime/onnxruntime-qnn.
"""

from __future__ import annotations

from typing import Any

from engine.backends.absence import missing, refuse_unless_available
from engine.backends.exporting import ONNX, lacking
from engine.backends.presence import installed_version
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus

PROVIDER = "QNNExecutionProvider"


class QnnBackend:
    name = "qnn"
    device = "cpu"
    """Where torch builds the model that is exported."""

    def detect(self) -> BackendStatus:
        version = installed_version("onnxruntime-qnn")
        if version is None:
            return missing(self.name, "onnxruntime-qnn, which reaches Qualcomm NPUs, is not installed.")
        versions = {"onnxruntime-qnn": version}
        try:
            npus = npu_devices()
        except (ImportError, AttributeError, OSError, RuntimeError) as error:
            return missing(self.name, f"onnxruntime-qnn {version} is installed and cannot be used: {error}.", versions)
        if not npus:
            return missing(self.name, f"onnxruntime-qnn {version} finds no Qualcomm NPU on this machine.", versions)
        if (reason := lacking(ONNX)) is not None:
            return missing(self.name, reason, versions)
        return BackendStatus(
            backend=self.name,
            available=True,
            reason=None,
            devices=tuple(f"{PROVIDER}:{index}" for index in range(len(npus))),
            versions=versions,
            precisions=(Precision.FP16.value,),
        )

    def prepare(self, threads: int | None) -> int:
        """Refuse where there is no NPU. What the NPU does not take is refused too, so one thread waits for it."""
        refuse_unless_available(self.detect())
        return threads or 1

    def synchronize(self) -> None:
        """Nothing is queued: a session's run returns when its outputs are there."""


def npu_devices() -> list[Any]:
    """The NPUs that the plug-in offers; its CPU, a reference for tests, is none. Raises what the library raises."""
    import onnxruntime
    import onnxruntime_qnn

    if not any(found.ep_name == PROVIDER for found in onnxruntime.get_ep_devices()):
        onnxruntime.register_execution_provider_library(
            onnxruntime_qnn.get_ep_name(), onnxruntime_qnn.get_library_path()
        )
    npu = onnxruntime.OrtHardwareDeviceType.NPU
    return [found for found in onnxruntime.get_ep_devices() if found.ep_name == PROVIDER and found.device.type == npu]
