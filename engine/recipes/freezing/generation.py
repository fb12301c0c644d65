"""How generate() of a type is called: which inputs it takes, and what its default configuration leaves open.

Values of `arguments` are numbers and lists of them; a text is an expression in config, max_new_tokens (as many as asked
for) and L, the prompt's length; a mapping stands for a GenerationConfig with these fields. None leaves an argument out
that is given otherwise: a type may refuse min_new_tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.recipes.corrections import load_corrections

NEW_TOKENS = 4

_ARGUMENTS: tuple[Mapping[str, Any], ...] = (
    {},
    {"pad_token_id": 0},
    {"decoder_start_token_id": 0, "pad_token_id": 0},
    {"decoder_start_token_id": 0, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2},
    {"pad_token_id": 0, "use_cache": False},
    {"return_dict_in_generate": True},
    {"min_new_tokens": None},
)
"""Tried in this order; most say one thing more, the last two ask for another answer and for less."""


def find_generation(model: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`without` (inputs that generate() does not take), `arguments`, `kind` (tokens or audio) and `shape` of the
    answer, and where they apply `answer` (the field that holds it, where that is not `sequences`) and `at_most` (fewer
    tokens may come than asked for); or the `reason` why there is none, which is None for a class that does not claim
    to generate. A model that labels every frame, or fills a canvas, takes no number of tokens, and has none either.
    What data/recipe_overrides.toml says is taken instead of searched for."""
    if not callable(getattr(model, "generate", None)) or not _can_generate(model):
        return {"reason": None}
    known = _correction(model)
    reason = None
    decoders = sorted(name for name in inputs if name.startswith("decoder_"))
    for without in [known["without"]] if "without" in known else [decoders, []] if decoders else [[]]:
        prompt = {name: value for name, value in inputs.items() if name not in without}
        for arguments in [known["arguments"]] if "arguments" in known else _ARGUMENTS:
            found = _tokens(model, prompt, arguments, known.get("answer"))
            if isinstance(found, str):
                reason = reason or found
                continue
            is_sound = found.is_floating_point()
            at_most = known.get("at_most") or arguments.get("min_new_tokens", NEW_TOKENS) is None
            if not is_sound and not at_most:
                more = _tokens(model, prompt, arguments, known.get("answer"), NEW_TOKENS + 1)
                if not isinstance(more, str) and more.shape == found.shape:
                    return {"reason": f"generate() returns the shape {list(found.shape)} whatever number is asked for"}
            return {
                "without": list(without),
                "arguments": dict(arguments),
                "kind": "audio" if is_sound else "tokens",
                "shape": list(found.shape),
                **({"answer": known["answer"]} if "answer" in known else {}),
                **({"at_most": True} if at_most else {}),
            }
    return {"reason": reason}


def _correction(model: Any) -> Mapping[str, Any]:
    """What people know about generate() of this type, or of the class that stands for it."""
    for name, entry in load_corrections().items():
        if "generation" in entry and (name == model.config.model_type or entry.get("class") == type(model).__name__):
            known: Mapping[str, Any] = entry["generation"]
            return known
    return {}


def _can_generate(model: Any) -> bool:
    try:
        return bool(model.can_generate())
    except Exception:  # a broken override of can_generate is no reason to end the search
        return False


def _tokens(
    model: Any, prompt: Mapping[str, Any], arguments: Mapping[str, Any], field: str | None, count: int = NEW_TOKENS
) -> Any:
    """The tokens, or in words why there are none."""
    import torch

    tokens = {"max_new_tokens": count, "min_new_tokens": count, "do_sample": False, "num_beams": 1}
    settings = {**tokens, **_given(model, prompt, arguments, count)}
    try:
        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            answer = model.generate(**prompt, **{name: value for name, value in settings.items() if value is not None})
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    found = getattr(answer, field or "sequences", answer)
    if not isinstance(found, torch.Tensor) or not found.numel():
        return f"generate() returned {type(answer).__name__}, no tensor"
    return found


def _given(model: Any, prompt: Mapping[str, Any], arguments: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The arguments as generate() takes them."""
    import transformers

    configured: Any = transformers.GenerationConfig
    known = {"config": model.config, "max_new_tokens": count}
    if "input_ids" in prompt:
        known["L"] = prompt["input_ids"].shape[1]

    def value_of(value: Any) -> Any:
        if isinstance(value, list):
            return [value_of(item) for item in value]
        return int(eval(value, {"__builtins__": {}}, known)) if isinstance(value, str) else value

    return {
        name: configured(**{field: value_of(inner) for field, inner in value.items()})
        if isinstance(value, Mapping)
        else value_of(value)
        for name, value in arguments.items()
    }
