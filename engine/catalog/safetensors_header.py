"""What a safetensors file says of itself, read without loading a weight: https://github.com/huggingface/safetensors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path

from engine.errors import InvalidValue

_MOST_HEADER_BYTES = 100 * 2**20
"""The format's own limit; a longer header is no header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTensors:
    parameters: int
    """Numbers in all tensors of the file, buffers that were saved included."""
    data_bytes: int


def read_header(path: Path) -> StoredTensors:
    """How many numbers the file holds; raises InvalidValue where it is no whole safetensors file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(_MOST_HEADER_BYTES, size - 8):
                raise _broken(path, "its header is longer than the file")
            tensors = json.loads(file.read(length))
    except OSError as error:
        raise InvalidValue(f"{path} cannot be read ({error.strerror or error}).", field="checkpoint") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise _broken(path, "its header is no JSON") from error
    try:
        told = [entry for name, entry in tensors.items() if name != "__metadata__"]
        end = max((entry["data_offsets"][1] for entry in told), default=0)
        parameters = sum(prod(entry["shape"]) for entry in told)
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        raise _broken(path, "its header names no tensors") from error
    if end > size - 8 - length:
        raise _broken(path, f"it is cut short: {size:,} of {8 + length + end:,} bytes are there")
    return StoredTensors(parameters=parameters, data_bytes=end)


def _broken(path: Path, why: str) -> InvalidValue:
    return InvalidValue(f"{path} is no whole safetensors file: {why}. Save or download it again.", field="checkpoint")
