"""Trained weights on this machine: a folder, or a hub id in the cache, looked at without loading anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalog import hub
from engine.catalog.digest import digest_of
from engine.catalog.safetensors_header import read_header
from engine.errors import InvalidValue

CHECKPOINT_SIZE = "checkpoint"
"""What `Case.size` says of a model with trained weights: neither tiny nor the library's default."""

_CONFIG = "config.json"
_SAFE = "model.safetensors"
_PICKLED = "pytorch_model.bin"
_FOREIGN = (".h5", ".msgpack", ".onnx", ".gguf", ".ckpt")
"""Weights of other libraries, or of earlier releases."""
_OTHERS = (*_FOREIGN, ".pt", ".pth", ".bin", ".safetensors")
_MOST_CONFIG_BYTES = 16 * 2**20
_LENGTH_FIELDS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What is known of a checkpoint before it is loaded."""

    name: str
    """The hub id, or the absolute path of the folder: as `Case.checkpoint` has it."""
    folder: Path
    model_type: str
    config: Mapping[str, Any]
    parameters: int
    """As the files hold them: tied weights once, buffers that were saved included."""
    is_pickled: bool
    digest: str
    """Of config.json and every weights file, see engine/catalog/digest.py."""

    @property
    def saved_class(self) -> str | None:
        """The library's class that was saved; None where config.json does not say."""
        names = self.config.get("architectures")
        return names[0] if isinstance(names, list) and names and isinstance(names[0], str) else None

    @property
    def longest_sequence(self) -> int | None:
        """Positions that there are; None where config.json has no such field."""
        found = (self.config.get(name) for name in _LENGTH_FIELDS)
        return next((value for value in found if isinstance(value, int) and value > 0), None)

    @property
    def image_size(self) -> int | None:
        """Pixels along a side, of the model or of the part of it that sees; None where config.json does not say."""
        parts = [self.config, *(part for part in self.config.values() if isinstance(part, dict))]
        return next((part["image_size"] for part in parts if isinstance(part.get("image_size"), int)), None)


class _LacksFiles(InvalidValue):
    """An index names files that are not there."""


def absolute_name(text: str) -> str:
    """A path of a folder here as an absolute one, anything else as it is: what a server would understand too."""
    path = Path(text).expanduser()
    return str(path.resolve()) if looks_like_path(text) or path.is_dir() else text


def looks_like_path(text: str) -> bool:
    return text.startswith(("/", "~", ".")) or "\\" in text or text.count("/") > 1


def find_weights(name: str, *, allow_pickle: bool = False) -> Weights:
    """The weights called `name`: an absolute path or a hub id that the cache has. Asks no network.

    Raises InvalidValue for what is no checkpoint, is incomplete, is not here, or is pickled without `allow_pickle`.
    """
    if looks_like_path(name):
        return _in_folder(name, Path(name), allow_pickle=allow_pickle)
    if not hub.is_hub_id(name):
        raise InvalidValue(
            f"{name!r} is neither a folder here nor a hub id; write owner/name, or the path of a folder that has "
            f"{_CONFIG} and {_SAFE}.",
            field="checkpoint",
        )
    folder = hub.cached_folder(name)
    if folder is None or is_in_part(folder):
        raise hub.not_here(
            name,
            "Only the command line fetches checkpoints, and only on the machine that measures.",
            is_partly_here=folder is not None,
        )
    return _in_folder(name, folder, allow_pickle=allow_pickle)


def is_in_part(folder: Path) -> bool:
    """Whether files have yet to come: a cache may have config.json alone, or some of what an index names.

    Pickled weights, other formats, adapters and a broken index are whole: what is wrong with them is said by whoever
    reads them.
    """
    if _has(folder, "adapter_*"):
        return False
    if not (folder / _CONFIG).is_file():
        return True
    try:
        return not (_files(folder, _SAFE) or _files(folder, _PICKLED) or _has_other_format(folder))
    except _LacksFiles:
        return True
    except InvalidValue:
        return False


def has_readable_weights(folder: Path) -> bool:
    """Whether there is safetensors or a pickle, whole: otherwise it is worth asking the hub for them."""
    try:
        return bool(_files(folder, _SAFE) or _files(folder, _PICKLED))
    except InvalidValue:
        return False


def _has_other_format(folder: Path) -> bool:
    return any(path.suffix in _FOREIGN for path in folder.iterdir())


def _in_folder(name: str, folder: Path, *, allow_pickle: bool) -> Weights:
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise InvalidValue(f"The checkpoint folder {folder} {what}; name a folder with {_CONFIG}.", field="checkpoint")
    config = _config(folder)
    files = _files(folder, _SAFE)
    is_pickled = not files
    if is_pickled:
        files = _pickled_files(folder, allow_pickle=allow_pickle)
        parameters = sum(path.stat().st_size for path in files) // 4  # a pickle is not opened to be counted
    else:
        parameters = sum(read_header(path).parameters for path in files)
    model_type = config.get("model_type")
    if not isinstance(model_type, str):
        which = f"it is of {config['_class_name']}, which diffusers reads" if "_class_name" in config else "so"
        raise InvalidValue(
            f"{folder / _CONFIG} names no model_type ({which}); checkpoints of transformers are measured: give a "
            "folder that save_pretrained() wrote.",
            field="checkpoint",
        )
    try:
        digest = digest_of([folder / _CONFIG, *files])
    except OSError as error:
        raise InvalidValue(f"{folder} cannot be read ({error.strerror or error}).", field="checkpoint") from error
    return Weights(
        name=name,
        folder=folder,
        model_type=model_type,
        config=config,
        parameters=parameters,
        is_pickled=is_pickled,
        digest=digest,
    )


def _config(folder: Path) -> Mapping[str, Any]:
    path = folder / _CONFIG
    try:
        if path.stat().st_size > _MOST_CONFIG_BYTES:
            raise InvalidValue(f"{path} is too large to be a configuration.", field="checkpoint")
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        adapter = " It holds an adapter: merge it into its base model first." if _has(folder, "adapter_*") else ""
        raise InvalidValue(
            f"The checkpoint folder {folder} has no {_CONFIG}, which says what the model is; "
            f"save_pretrained() writes it.{adapter}",
            field="checkpoint",
        ) from error
    except OSError as error:
        raise InvalidValue(f"{path} cannot be read ({error.strerror or error}).", field="checkpoint") from error
    except ValueError as error:
        raise InvalidValue(f"{path} is no JSON ({error}); save or download it again.", field="checkpoint") from error
    if not isinstance(found, dict):
        raise InvalidValue(f"{path} holds no fields; save or download it again.", field="checkpoint")
    return found


def _files(folder: Path, whole: str) -> list[Path]:
    """The one file called `whole`, or all those that its index names; none where neither is there."""
    if (folder / whole).is_file():
        return [folder / whole]
    index = folder / f"{whole}.index.json"
    if not index.is_file():
        return []
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise InvalidValue(f"{index} is no index of weights; save or download it again.", field="checkpoint") from error
    if not names or not all(isinstance(name, str) and name == Path(name).name for name in names):
        raise InvalidValue(f"{index} names files outside its folder; that is not followed.", field="checkpoint")
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise _LacksFiles(
            f"{folder} lacks {len(missing)} of {len(names)} weights files, such as {missing[0]}; download them again.",
            field="checkpoint",
        )
    return [folder / name for name in names]


def _pickled_files(folder: Path, *, allow_pickle: bool) -> list[Path]:
    """Raises InvalidValue where there are none, or where nobody allowed them."""
    files = _files(folder, _PICKLED)
    if files and allow_pickle:
        return files
    if files:
        raise InvalidValue(
            f"{folder} has its weights only as {files[0].name}, a pickle, and a pickle can run code when it is opened. "
            "Save it as safetensors (save_pretrained does), or give --allow-pickle if you trust where it comes from: "
            "it is then opened with weights_only.",
            field="checkpoint",
        )
    there = sorted(path.name for path in folder.iterdir() if path.suffix in _OTHERS)
    found = f"; {', '.join(there[:3])} is not read" if there else ""
    raise InvalidValue(
        f"The checkpoint folder {folder} has no weights: neither {_SAFE} nor its index{found}. "
        "save_pretrained() writes them.",
        field="checkpoint",
    )


def _has(folder: Path, pattern: str) -> bool:
    return next(folder.glob(pattern), None) is not None
