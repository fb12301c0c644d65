"""Runtimes that need a converted model: looked for, and not yet measured with."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from engine.backends.protocol import unavailable
from engine.domain.hardware import BackendStatus
from engine.errors import BackendUnavailable

_LATER = "this release does not convert models for it yet"


class _Runtime:
    """A runtime shipped as a package."""

    name: str
    package: str
    device = "cpu"

    def detect(self) -> BackendStatus:
        try:
            found = version(self.package)
        except PackageNotFoundError:
            return unavailable(self.name, f"The package {self.package} is not installed, and {_LATER}.")
        return unavailable(self.name, f"{self.package} {found} is installed, but {_LATER}.", **{self.package: found})

    def synchronize(self) -> None:
        raise BackendUnavailable(f"Backend {self.name!r}: {_LATER}.", field="backends")


class OnnxRuntimeBackend(_Runtime):
    name = "onnxruntime"
    package = "onnxruntime"


class OpenVinoBackend(_Runtime):
    name = "openvino"
    package = "openvino"


class QnnBackend(_Runtime):
    name = "qnn"
    package = "onnxruntime-qnn"
