"""Backends that run exported graphs: what they find, what they refuse, and that they never run elsewhere unnoticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.backends.exporting import lacking
from engine.backends.onnxruntime import PROVIDER
from engine.backends.presence import installed_version
from engine.backends.qnn import QnnBackend
from engine.errors import BackendUnavailable
from engine.graphs.onnxruntime_graph import only_provider

CHECKOUT = Path(__file__).resolve().parents[3]

_DETECT = """
import json
from dataclasses import asdict
from engine.backends.detect import status_of
from engine.backends.{module} import {kind} as Backend
print(json.dumps(asdict(status_of(Backend()))))
"""


def detected(module: str, kind: str, *packages: Path) -> dict[str, Any]:
    """What a fresh interpreter finds that has `packages` before everything else."""
    done = subprocess.run(
        [sys.executable, "-c", _DETECT.format(module=module, kind=kind)],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*packages, CHECKOUT)))},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def a_library(folder: Path, distribution: str, version: str, code: str) -> None:
    """Install a module of that code, under the name and version of a distribution."""
    name = distribution.replace("-", "_")
    (folder / f"{name}.py").write_text(code)
    information = folder / f"{name}-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")


@pytest.mark.skipif(installed_version("onnxruntime") is None, reason="onnxruntime is not installed")
def test_onnxruntime_offers_its_processor_and_four_precisions():
    status = detected("onnxruntime", "OnnxruntimeBackend")
    assert (status["available"], status["reason"]) == (True, None)
    assert status["devices"] == [PROVIDER]
    assert status["precisions"] == ["fp32", "int8", "int4", "int2"]
    assert status["versions"]["onnxruntime"] == installed_version("onnxruntime")


@pytest.mark.skipif(installed_version("openvino") is None, reason="openvino is not installed")
def test_openvino_offers_its_processor_and_eight_bits_where_nncf_is():
    status = detected("openvino", "OpenvinoBackend")
    assert (status["available"], status["reason"]) == (True, None)
    assert status["devices"][0].startswith("CPU (")
    assert status["precisions"] == ["fp32"] + ["int8"] * (installed_version("nncf") is not None)


def test_a_build_without_the_processor_is_not_taken(tmp_path):
    a_library(tmp_path, "onnxruntime", "1.0", "get_available_providers = lambda: ['CUDAExecutionProvider']\n")
    status = detected("onnxruntime", "OnnxruntimeBackend", tmp_path)
    assert (status["available"], status["precisions"]) == (False, [])
    assert status["reason"] == "onnxruntime 1.0 was built without CPUExecutionProvider."


def test_a_library_that_cannot_be_imported_is_told_with_what_it_said(tmp_path):
    a_library(tmp_path, "onnxruntime", "1.0", "raise ImportError('libgomp.so.1: cannot open shared object file')\n")
    reason = detected("onnxruntime", "OnnxruntimeBackend", tmp_path)["reason"]
    assert reason.startswith("onnxruntime 1.0 is installed and cannot be imported: libgomp.so.1")


def test_what_exporting_lacks_is_named_with_the_extra_that_brings_it():
    assert lacking(("pytest", "no-such-distribution-0")) == (
        "no-such-distribution-0, which exporting needs, is not installed; the extra `measure` brings it."
    )


_PLUG_IN = """
def get_ep_name(): return 'QNNExecutionProvider'
def get_library_path(): return '/opt/libonnxruntime_providers_qnn.so'
"""
_RUNTIME = """
from enum import Enum
from types import SimpleNamespace as Some

class OrtHardwareDeviceType(Enum):
    CPU = 0
    NPU = 2

_devices = [Some(ep_name='CPUExecutionProvider', device=Some(type=OrtHardwareDeviceType.CPU))]

def get_ep_devices(): return list(_devices)

def register_execution_provider_library(name, path):
    assert (name, path) == ('QNNExecutionProvider', '/opt/libonnxruntime_providers_qnn.so')
    _devices.append(Some(ep_name=name, device=Some(type=OrtHardwareDeviceType.CPU)))
"""
_AN_NPU = "    _devices.append(Some(ep_name=name, device=Some(type=OrtHardwareDeviceType.NPU)))\n"


def test_qnn_without_its_plug_in_is_refused_by_name():
    with pytest.raises(BackendUnavailable, match="onnxruntime-qnn, which reaches Qualcomm NPUs, is not installed"):
        QnnBackend().prepare(None)


def test_the_plug_ins_own_processor_is_no_npu(tmp_path):
    a_library(tmp_path, "onnxruntime-qnn", "2.5.0", _PLUG_IN)
    a_library(tmp_path, "onnxruntime", "1.24.1", _RUNTIME)
    status = detected("qnn", "QnnBackend", tmp_path)
    assert status["available"] is False
    assert status["reason"] == "onnxruntime-qnn 2.5.0 finds no Qualcomm NPU on this machine."


def test_an_npu_that_the_plug_in_registers_is_found(tmp_path):
    a_library(tmp_path, "onnxruntime-qnn", "2.5.0", _PLUG_IN)
    a_library(tmp_path, "onnxruntime", "1.24.1", _RUNTIME + _AN_NPU)
    status = detected("qnn", "QnnBackend", tmp_path)
    needed = lacking(("torch", "transformers", "onnx", "onnxscript"))
    assert (status["available"], status["reason"]) == (needed is None, needed)
    assert status["precisions"] == (["fp16"] if needed is None else [])


def test_a_plug_in_of_before_it_was_one_is_told(tmp_path):
    a_library(tmp_path, "onnxruntime-qnn", "1.23.0", "")
    a_library(tmp_path, "onnxruntime", "1.23.0", _RUNTIME)
    reason = detected("qnn", "QnnBackend", tmp_path)["reason"]
    assert reason.startswith("onnxruntime-qnn 1.23.0 is installed and cannot be used: ")


class _Session:
    def __init__(self, *providers: str) -> None:
        self._providers = list(providers)

    def get_providers(self) -> list[str]:
        return self._providers


def test_a_session_that_would_run_a_part_elsewhere_loses_its_label():
    assert only_provider(_Session(PROVIDER), (PROVIDER,)) == PROVIDER
    with pytest.raises(BackendUnavailable, match="with CUDAExecutionProvider, CPUExecutionProvider instead of CPU"):
        only_provider(_Session("CUDAExecutionProvider", PROVIDER), (PROVIDER,))
    with pytest.raises(BackendUnavailable, match="with CPUExecutionProvider instead of QNNExecutionProvider, CPU"):
        only_provider(_Session(PROVIDER), ("QNNExecutionProvider", PROVIDER))
