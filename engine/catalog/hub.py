"""Checkpoints of the Hugging Face hub: those in this machine's cache, and fetching one into it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from engine.errors import InvalidValue

_ID = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_MOST_CHARACTERS = 96
_WANTED = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
_NOT_WANTED = ("*/*", "*.bin", "*.h5", "*.msgpack", "*.onnx")
"""What lies in folders is for other libraries."""
_SECONDS = 10.0
"""How long the hub may take to answer; a download that has begun may take as long as it takes."""


def is_hub_id(text: str) -> bool:
    return len(text) <= _MOST_CHARACTERS and _ID.fullmatch(text) is not None and not text.endswith(".git")


def cached_folder(hub_id: str) -> Path | None:
    """Where the cache (HF_HOME) has the id's main revision; None where it has nothing of it. Asks no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(hub_id, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def fetch(hub_id: str) -> Path:
    """Download the id's safetensors, configuration and tokenizer files into the cache; raises InvalidValue.

    What the cache has of it is kept. Where it has a part and the hub cannot be reached, the part is all there is.
    """
    if is_offline():
        raise not_here(
            hub_id, "HF_HUB_OFFLINE is set, so it is not fetched.", is_partly_here=cached_folder(hub_id) is not None
        )
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                hub_id, allow_patterns=list(_WANTED), ignore_patterns=list(_NOT_WANTED), etag_timeout=_SECONDS
            )
        )
    except Exception as error:  # the client's, its transport's and the disk's errors share no base
        told = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise not_here(hub_id, f"It could not be fetched ({told.rstrip('.')}).") from error


def is_offline() -> bool:
    """By the hub's own variables, read anew: its module keeps what they were when it was imported."""
    said = (os.environ.get(name, "").upper() for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return any(word in ("1", "ON", "YES", "TRUE") for word in said)


def not_here(hub_id: str, why: str, *, is_partly_here: bool = False) -> InvalidValue:
    """One error with every way out."""
    home = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    how_much = "only in part" if is_partly_here else "not"
    return InvalidValue(
        f"The checkpoint {hub_id} is {how_much} in the cache of this machine (HF_HOME: {home}). {why} Where there is a "
        f"network, `hf download {hub_id}` (formerly huggingface-cli download) puts it there; or copy its folder here "
        "and give the folder's path, or set HF_HOME to a cache that has it.",
        field="checkpoint",
    )
