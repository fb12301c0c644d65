"""Freed memory is kept for the next pass, and given back before memory is metered."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROBE = """
import ctypes, resource, sys
from pathlib import Path
from engine.workloads.allocator import keep_freed_memory, return_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
MIB = 2**20

def a_pass():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    held = [libc.malloc(10 * MIB) for _ in range(8)]
    for piece in held:
        ctypes.memset(piece, 1, 10 * MIB)
    for piece in held:
        libc.free(piece)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)

shell = {"MALLOC_ARENA_MAX": "1"} if sys.argv[1] == "set" else {}
print(keep_freed_memory(shell))
a_pass()
faults = sorted(a_pass() for _ in range(5))[2]
kept = resident()
return_freed_memory()
print(faults, kept - resident())
"""
_PAGES = 80 * 2**20 // 4096
_ON_GLIBC = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc has these settings")


def probe(word: str) -> tuple[str, int, int]:
    told = subprocess.run([sys.executable, "-c", _PROBE, word], check=True, capture_output=True, text=True)
    kept, faults, returned = told.stdout.split()
    return kept, int(faults), int(returned)


@_ON_GLIBC
def test_a_pass_finds_the_memory_that_the_one_before_freed() -> None:
    kept, faults, returned_kib = probe("unset")
    if kept == "False":
        pytest.skip("this C library has no mallopt")
    assert faults < _PAGES / 20
    assert returned_kib > 0.9 * 80 * 1024, "before memory is metered it is given back"


@_ON_GLIBC
def test_settings_of_the_shell_stand() -> None:
    kept, faults, _ = probe("set")
    assert kept == "False"
    assert faults > _PAGES / 2, "glibc itself asks the kernel anew for each pass"


_SERVER_PROBE = """
import ctypes, sys
from pathlib import Path
from engine.workloads.allocator import give_back_large_pieces

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
MIB = 2**20

def resident():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)

print(give_back_large_pieces({}) if sys.argv[1] == "set" else None)
libc.free(libc.malloc(30 * MIB))  # from now on glibc of its own accord takes such pieces from its heap
before = resident()
held = [libc.malloc(10 * MIB) for _ in range(8)]
for piece in held:
    ctypes.memset(piece, 1, 10 * MIB)
above = [libc.malloc(1000) for _ in range(500)]  # what lies above them keeps them from going back
for piece in held:
    libc.free(piece)
print(resident() - before)
"""


@_ON_GLIBC
def test_a_server_gives_back_large_pieces_whatever_lies_above_them() -> None:
    kept_kib = {}
    for word in ("unset", "set"):
        told = subprocess.run([sys.executable, "-c", _SERVER_PROBE, word], check=True, capture_output=True, text=True)
        is_set, kept = told.stdout.split()
        if is_set == "False":
            pytest.skip("this C library has no mallopt")
        kept_kib[word] = int(kept)
    assert kept_kib["unset"] > 70 * 1024, "glibc itself keeps them"
    assert kept_kib["set"] < 4 * 1024
