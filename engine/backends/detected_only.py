"""Backends that this release finds and names, but does not measure with yet; each says exactly what is missing."""

from __future__ import annotations

from engine.backends.presence import installed_version
from engine.domain.hardware import BackendStatus
from engine.errors import BackendUnavailable


class DetectedOnly:
    """What they share: no case runs on them."""

    name: str
    device: str

    def detect(self) -> BackendStatus:
        raise NotImplementedError

    def prepare(self, threads: int | None) -> int:
        raise BackendUnavailable(f"Backend {self.name!r} cannot run here: {self.detect().reason}", field="backends")

    def synchronize(self) -> None:
        """Never reached: `prepare` refuses first."""

    def _missing(self, reason: str, versions: dict[str, str] | None = None) -> BackendStatus:
        return BackendStatus(backend=self.name, available=False, reason=reason, versions=versions or {})

    def _not_in_this_release(self, found: str, devices: tuple[str, ...], versions: dict[str, str]) -> BackendStatus:
        reason = f"{found}, but this release does not measure with {self.name} yet."
        return BackendStatus(backend=self.name, available=False, reason=reason, devices=devices, versions=versions)


class OpenvinoBackend(DetectedOnly):
    name = "openvino"
    device = "openvino"

    def detect(self) -> BackendStatus:
        version = installed_version("openvino")
        if version is None:
            return self._missing("openvino is not installed.")
        versions = {"openvino": version}
        try:
            import openvino  # type: ignore[import-not-found,unused-ignore]

            devices = tuple(openvino.Core().available_devices)
        except (ImportError, OSError, RuntimeError) as error:
            return self._missing(f"openvino {version} is installed and cannot be used: {error}.", versions)
        return self._not_in_this_release(f"openvino {version} is installed", devices, versions)


class OnnxruntimeBackend(DetectedOnly):
    name = "onnxruntime"
    device = "onnxruntime"

    def detect(self) -> BackendStatus:
        version = installed_version("onnxruntime", "onnxruntime-gpu")
        if version is None:
            return self._missing("onnxruntime is not installed.")
        versions = {"onnxruntime": version}
        try:
            import onnxruntime  # type: ignore[import-not-found,unused-ignore]

            devices = tuple(onnxruntime.get_available_providers())
        except (ImportError, OSError) as error:
            return self._missing(f"onnxruntime {version} is installed and cannot be imported: {error}.", versions)
        return self._not_in_this_release(f"onnxruntime {version} is installed", devices, versions)


class QnnBackend(DetectedOnly):
    name = "qnn"
    device = "qnn"

    def detect(self) -> BackendStatus:
        version = installed_version("onnxruntime-qnn")
        if version is None:
            return self._missing("onnxruntime-qnn, which reaches Qualcomm NPUs, is not installed.")
        return self._not_in_this_release(f"onnxruntime-qnn {version} is installed", (), {"onnxruntime-qnn": version})
