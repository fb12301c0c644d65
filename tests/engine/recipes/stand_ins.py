"""Functions for a child process: what stands in for a default that is too large to be tried."""

from __future__ import annotations

from typing import Any


def shared(arguments: dict[str, Any]) -> dict[str, Any]:
    """A GPT-2 whose weights share memory: numbers it has, numbers it takes up, and whether it runs."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from engine.recipes.freezing.shared_weights import build_sharing

    config = GPT2Config(n_layer=2, n_embd=64, n_head=2, vocab_size=1_000)
    model = build_sharing(GPT2LMHeadModel, config, arguments["most"])
    with torch.inference_mode():
        logits = model(input_ids=torch.arange(8)[None]).logits
    storages = {item.untyped_storage().data_ptr(): item.untyped_storage().nbytes() for item in model.parameters()}
    return {
        "numbers": sum(item.numel() for item in model.parameters()),
        "kept": sum(storages.values()) // 4,
        "largest": max(item.numel() for item in model.parameters()),
        "shape": list(logits.shape),
        "finite": bool(torch.isfinite(logits).all()),
    }


def tower_layers(arguments: dict[str, Any]) -> dict[str, Any]:
    """Layers of the image tower that a stand-in for `model_type` keeps."""
    from engine.recipes.freezing.tapped_layers import with_tapped_layers
    from engine.recipes.search.classes import config_class_of
    from engine.recipes.search.shrink import widths_kept

    config_class = config_class_of(arguments["model_type"])
    default = arguments.get("default", {})
    cut = with_tapped_layers(config_class(**default), widths_kept(config_class, default))
    return {"layers": cut["vision_config"]["num_hidden_layers"]}


def words(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments that give the placeholder `token` a word."""
    from engine.recipes.freezing.missing_words import missing_words
    from engine.recipes.search.classes import config_class_of, part_of
    from engine.recipes.search.inputs import Input, Placeholder, Plan

    class Takes:
        def forward(self, input_ids: None = None) -> None: ...

    part = arguments.get("part")
    config = part_of(config_class_of(arguments["model_type"])(), part)
    marks = (Placeholder(token=arguments["token"], count=4),)
    tiny = Plan(inputs=(Input(name="input_ids", fill="tokens", shape=("B", "L"), placeholders=marks),))
    return {"arguments": missing_words(Takes, config, tiny, part)}


def cut(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `model_type` with the default's widths and at most `words` words."""
    from engine.recipes.search.classes import config_class_of
    from engine.recipes.search.shrink import widths_kept

    config_class = config_class_of(arguments["model_type"])
    return {"arguments": widths_kept(config_class, arguments.get("default", {}), words=arguments["words"])}
