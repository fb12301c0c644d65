"""A graph on Qualcomm's NPU: as a whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from engine.backends.onnxruntime import PROVIDER as CPU_PROVIDER
from engine.backends.qnn import PROVIDER, npu_devices
from engine.errors import BackendUnavailable
from engine.graphs.onnxruntime_graph import OnnxruntimeGraph, only_provider, session_options

_OPTIONS = {"backend_type": "htp", "htp_performance_mode": "burst", "enable_htp_fp16_precision": "1"}
"""The NPU at full clock, computing graphs of fp32 in fp16."""
_NO_FALLBACK = "session.disable_cpu_ep_fallback"
"""Creating the session fails where an operation would be left to the CPU."""


def open_qnn(path: Path, threads: int) -> OnnxruntimeGraph:
    """Compile for the NPU and load; BackendUnavailable where there is none, or where it does not take every operation.

    ONNX Runtime always lists its CPU provider behind the one asked for; without fallback nothing is given to it.
    """
    import onnxruntime

    devices = npu_devices()
    if not devices:
        raise BackendUnavailable("onnxruntime-qnn finds no Qualcomm NPU on this machine.", field="backends")
    options = session_options(threads)
    options.add_session_config_entry(_NO_FALLBACK, "1")
    options.add_provider_for_devices(devices[:1], _OPTIONS)
    try:
        session = onnxruntime.InferenceSession(str(path), options)
    except Exception as error:  # the library's errors have no base of their own
        if "fallback" not in str(error).lower():
            raise
        first = str(error).splitlines()[0]
        raise BackendUnavailable(
            f"The NPU does not take every operation of the graph: {first}", field="backends"
        ) from error
    session.disable_fallback()
    return OnnxruntimeGraph(session, only_provider(session, (PROVIDER, CPU_PROVIDER)))
