"""GPUs that are not here: what detection makes of torch's answers, and refusal where there are none."""

from __future__ import annotations

import sys

import pytest

from engine.backends import BACKENDS
from engine.backends.absence import refuse_unless_available
from engine.backends.backend import HasBoard, HasContext, HasOwnClock, HasOwnMemory
from engine.backends.cuda import CudaBackend, cuda_absence, cuda_status
from engine.backends.mps import MpsBackend, mps_status
from engine.backends.presence import nvidia_driver
from engine.backends.rocm import RocmBackend, rocm_absence, rocm_status
from engine.backends.torch_device import AllocatorPeak, board_of, open_context, seconds_by_events
from engine.errors import BackendUnavailable
from tests.engine.backends.fake_torch import FakeAccelerator, FakeTorch

GIB = 2**30
HOPPER = {"name": "NVIDIA H100", "total_memory": 80 * GIB, "multi_processor_count": 132, "major": 9, "minor": 0}
TURING = HOPPER | {"name": "NVIDIA T4", "total_memory": 16 * GIB, "multi_processor_count": 40, "major": 7, "minor": 5}
INSTINCT = {"name": "AMD Instinct MI300X", "total_memory": 192 * GIB, "gcnArchName": "gfx942"}


def test_a_gpu_is_told_with_name_memory_driver_versions_and_precisions():
    status = cuda_status(FakeTorch(HOPPER, TURING, cuda="13.0"), ("NVIDIA H100", "NVIDIA T4"), "580.95.05")
    assert (status.available, status.reason, status.devices) == (True, None, ("cuda:0", "cuda:1"))
    assert status.precisions == ("fp32", "fp16", "bf16") and not status.refused
    assert status.versions == {"torch": "2.13.0", "cuda": "13.0"}
    assert status.facts["driver"] == "580.95.05"
    assert status.facts["cuda:0"] == "NVIDIA H100, 80.0 GiB, 132 multiprocessors, compute capability 9.0"


def test_a_gpu_without_bf16_arithmetic_is_not_offered_its_emulation():
    status = cuda_status(FakeTorch(TURING, cuda="13.0"), (), None)
    assert status.precisions == ("fp32", "fp16")
    assert status.refused == {"bf16": "capability 7.5 has no bf16 arithmetic; it came with 8.0"}


@pytest.mark.parametrize(
    ("torch", "gpus", "reason"),
    [
        (FakeTorch(), (), "No NVIDIA GPU is visible, and torch 2.13.0 was built without CUDA."),
        (FakeTorch(), ("NVIDIA T4",), "NVIDIA T4 is here, but torch 2.13.0 was built without CUDA."),
        (FakeTorch(cuda="13.0"), (), "torch sees no CUDA device: no NVIDIA GPU, no driver, or none made visible."),
        (
            FakeTorch(TURING, cuda="13.0", fault="CUDA error: no kernel image is available."),
            (),
            "cuda:0 is visible, but computes nothing: CUDA error: no kernel image is available.",
        ),
    ],
)
def test_cuda_that_is_not_here_says_what_is_missing(torch, gpus, reason):
    status = cuda_status(torch, gpus, None)
    assert (status.available, status.reason, status.devices, status.precisions) == (False, reason, (), ())
    with pytest.raises(BackendUnavailable, match="Backend 'cuda' cannot run here: ") as refusal:
        refuse_unless_available(status)
    assert refusal.value.field == "backends"


def test_an_amd_gpu_is_told_by_its_architecture():
    status = rocm_status(FakeTorch(INSTINCT, hip="7.1"), has_driver=True, driver="6.14")
    assert (status.devices, status.precisions) == (("rocm:0",), ("fp32", "fp16", "bf16"))
    assert status.facts == {"driver": "6.14", "rocm:0": "AMD Instinct MI300X, 192.0 GiB, gfx942"}


@pytest.mark.parametrize(
    ("torch", "has_driver", "reason"),
    [
        (FakeTorch(), False, "No AMD GPU driver is here, and torch 2.13.0 was built without ROCm."),
        (FakeTorch(), True, "An AMD GPU driver is here, but torch 2.13.0 was built without ROCm."),
        (FakeTorch(hip="7.1"), True, "torch was built for ROCm and sees no AMD GPU."),
        (FakeTorch(INSTINCT, hip="7.1", fault="HIP error: invalid device function"), True, "HIP error"),
    ],
)
def test_rocm_that_is_not_here_says_what_is_missing(torch, has_driver, reason):
    status = rocm_status(torch, has_driver=has_driver, driver=None)
    assert not status.available
    assert reason in status.reason


def test_metal_is_told_with_the_memory_it_recommends():
    status = mps_status("2.13.0", lambda: {"built": True, "here": True, "total": 2.0, "memory": 12 * GIB})
    assert (status.devices, status.precisions) == (("mps",), ("fp32", "fp16"))
    assert status.facts == {"mps": "12.0 GiB recommended at most"}
    assert "bf16" in status.refused


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("exit status -6", "Asking Metal for it failed: exit status -6."),
        ({"built": True, "here": False, "total": None, "memory": None}, "torch finds no Metal device."),
        ({"built": False, "here": False, "total": None, "memory": None}, "torch 2.13.0 was built without Metal."),
        ({"built": True, "here": True, "total": 0.0, "memory": None}, "Metal computes wrongly: 1 + 1 came out as 0.0."),
    ],
)
def test_metal_that_is_not_here_says_what_is_missing(told, reason):
    status = mps_status("2.13.0", lambda: told)
    assert (status.available, status.reason) == (False, reason)


@pytest.mark.skipif(sys.platform == "darwin", reason="Metal may be here")
def test_metal_is_refused_elsewhere_without_asking():
    with pytest.raises(BackendUnavailable, match="Metal exists on Apple machines only; this is "):
        MpsBackend().prepare(None)


@pytest.mark.parametrize("backend", [CudaBackend(), RocmBackend()])
def test_a_gpu_that_is_not_here_is_refused_before_torch_is_told_to_use_it(backend, monkeypatch):
    monkeypatch.setattr("engine.backends.torch_gpu.installed_version", lambda name: None)
    with pytest.raises(BackendUnavailable, match=f"Backend '{backend.name}' cannot run here: torch is not installed"):
        backend.prepare(None)


def test_seeing_that_a_gpu_is_there_does_not_touch_it():
    """What a case process asks before the clock runs: the context belongs to starting up."""
    nvidia, amd = FakeTorch(HOPPER, cuda="13.0", fault="touched"), FakeTorch(INSTINCT, hip="7.1", fault="touched")
    assert cuda_absence(nvidia, ()) is None and nvidia.touched == []
    assert rocm_absence(amd, has_driver=True) is None and amd.touched == []


def test_opening_a_gpu_makes_its_context_and_waits_for_it():
    torch = FakeTorch(HOPPER, cuda="13.0")
    open_context(torch, "cuda:0")
    assert torch.touched == ["set cuda:0", "empty on cuda:0", "synchronize"]


def test_a_gpu_that_refuses_to_be_opened_is_told_in_its_own_words():
    with pytest.raises(
        BackendUnavailable, match="cuda:0 is visible, but cannot be opened: CUDA error: in use"
    ) as error:
        open_context(FakeTorch(HOPPER, cuda="13.0", fault="CUDA error: in use."), "cuda:0")
    assert error.value.field == "backends"


def test_a_board_is_named_as_the_drivers_library_names_it():
    torch = FakeTorch(HOPPER | {"uuid": "1f-a"}, TURING | {"uuid": "GPU-2e"}, TURING | {"uuid": "MIG-3d"}, cuda="13.0")
    assert [board_of(torch, f"cuda:{index}") for index in range(3)] == ["GPU-1f-a", "GPU-2e", "MIG-3d"]
    assert cuda_status(torch, (), None).board == "GPU-1f-a"


def test_a_torch_that_does_not_tell_its_board_leaves_it_open():
    torch = FakeTorch(HOPPER, cuda="12.1")
    assert board_of(torch, "cuda:0") is None
    assert cuda_status(torch, (), None).board is None


def test_backends_on_gpus_are_opened_and_those_of_nvidia_have_a_board():
    assert {backend.name for backend in BACKENDS if isinstance(backend, HasContext)} == {"cuda", "rocm"}
    assert {backend.name for backend in BACKENDS if isinstance(backend, HasBoard)} == {"cuda"}


def test_skillsets_know_every_device_by_the_name_its_backend_gives():
    devices = {backend.name: backend.device for backend in (CudaBackend(), RocmBackend(), MpsBackend())}
    assert devices == {"cuda": "cuda:0", "rocm": "rocm:0", "mps": "mps"}


def test_gpus_bring_their_own_clock_and_memory_and_processors_do_not():
    own_clock = {backend.name for backend in BACKENDS if isinstance(backend, HasOwnClock)}
    own_memory = {backend.name for backend in BACKENDS if isinstance(backend, HasOwnMemory)}
    assert {"cuda", "rocm"} <= own_clock and "cpu" not in own_clock
    assert {"cuda", "rocm", "mps"} <= own_memory and "cpu" not in own_memory


def test_the_devices_time_is_that_between_its_events_without_the_wait():
    stream = FakeAccelerator()

    def work() -> None:
        stream.milliseconds += 250.0

    assert seconds_by_events(stream, work) == 0.25


def test_the_peak_of_device_memory_is_above_what_was_there_and_forgets_the_building():
    device = FakeAccelerator(level=100)
    meter = AllocatorPeak(device)
    device.hold(500)
    device.hold(-300)
    meter.start_pass()
    device.hold(50)
    device.hold(-50)
    assert meter.peak_bytes() == 250
    assert "allocator" in meter.notes[0]


def test_the_driver_is_read_from_the_kernels_own_line(tmp_path):
    file = tmp_path / "version"
    file.write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC 12.3\n"
    )
    assert nvidia_driver(file) == "550.54.15"
    assert nvidia_driver(tmp_path / "absent") is None
