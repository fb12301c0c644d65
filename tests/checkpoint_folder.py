"""Checkpoint folders for tests: files of the right form written by hand, without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BERT_CONFIG: Mapping[str, Any] = {
    "model_type": "bert",
    "architectures": ["BertModel"],
    "vocab_size": 128,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
}


def safetensors(shapes: Mapping[str, list[int]], fill: bytes = b"\0") -> bytes:
    """The bytes of a file with these fp32 tensors, every byte of them `fill`."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        count = 4
        for side in shape:
            count *= side
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + count]}
        end += count
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + fill * end


def a_checkpoint(folder: Path, config: Mapping[str, Any] = BERT_CONFIG, *, fill: bytes = b"\0") -> Path:
    """A folder that looks like a checkpoint of 21 parameters; nothing could be built of it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(dict(config)))
    (folder / "model.safetensors").write_bytes(safetensors({"a": [4, 5], "b": [1]}, fill))
    return folder
