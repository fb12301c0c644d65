"""What optimum-benchmark's options are here: each has a counterpart, or the file is refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import InvalidValue

_NO_COUNTERPART: Mapping[str, tuple[Any, ...]] = {
    "peft_type": (),
    "peft_strategy": (),
    "deepspeed_inference": (),
    "use_ddp": (),
    "tp_plan": (),
    "device_map": (),
    "to_bettertransformer": (),
    "bettertransformer": (),
    "allow_tf32": (),
    "cache_implementation": ("dynamic",),
    "optimization": (),
    "auto_optimization": (),
}
"""Options that make another run of it, with the values that do not although they say something."""
_CHANGES_PRECISION = (
    *("quantization_scheme", "quantization_strategy", "quantization", "auto_quantization", "quantization_config"),
    *("load_in_8bit", "load_in_4bit", "half", "autocast_enabled", "amp_autocast"),
)
"""Options beside which torch_dtype no longer says what is computed in."""
_GREEDY: Mapping[str, Any] = {"num_beams": 1, "num_return_sequences": 1, "do_sample": False, "use_cache": True}
"""What generation is here."""
_WHOLE_MODEL = ("forward", "model")
"""What torch_compile_target has where all of the model is compiled."""
_USUAL_COMPILING: Mapping[str, Any] = {"backend": "inductor", "mode": "default"}


def options_of(backend: Mapping[str, Any], said: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Our fields for them, and sentences on what no field says. `said` are fields that whoever imports names.

    Where quantisation or autocasting decides the precision, it is left to `said`. Raises InvalidValue for what has no
    counterpart.
    """
    given = {**_part(backend, "model_kwargs"), **{name: value for name, value in backend.items() if _is_set(value)}}
    for name, usual in _NO_COUNTERPART.items():
        if _is_set(value := given.get(name)) and value not in usual:
            raise InvalidValue(
                f"Its {name} is {value!r}, which no option here stands for, so it would come in as a plain run: leave "
                f"this file out, or measure again without {name}.",
                field="file",
            )
    precision, remarks = _precision(given, said)
    compiled = bool(given.get("torch_compile"))
    if compiled:
        remarks += _compiling(given)
    fields = {**precision, "compiled": compiled, "attention": given.get("attn_implementation")}
    return {name: value for name, value in fields.items() if value is not None}, remarks


def refuse_other_generation(generation: Mapping[str, Any], backend: Mapping[str, Any]) -> None:
    """Raises InvalidValue where tokens were made otherwise than greedily, one sequence a prompt, through a cache."""
    for name, usual in _GREEDY.items():
        value = generation.get(name, backend.get(name, usual))
        if value is not None and value != usual:
            raise InvalidValue(
                f"Its {name} is {value!r}, and generation here is greedy, one sequence a prompt, with a cache: leave "
                f"this file out, or measure again with {name}={usual}.",
                field="file",
            )


def _precision(given: Mapping[str, Any], said: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    dtype = given.get("torch_dtype") or given.get("dtype") or "fp32"
    reasons = {name: given[name] for name in _CHANGES_PRECISION if _is_set(given.get(name))}
    if dtype == "auto":
        reasons["torch_dtype"] = dtype
    if not reasons:
        return {"precision": dtype}, []
    (name, value), *_ = reasons.items()
    if "precision" not in said:
        raise InvalidValue(
            f"Its {name} is {value!r}, so the file does not say what it was computed in: say it, such as "
            "--set precision=int8, or bf16 where it was cast to that.",
            field="file",
        )
    return {}, [f"Its {name} was {value!r}; that this is {said['precision']} was said at the import."]


def _compiling(given: Mapping[str, Any]) -> list[str]:
    target = given.get("torch_compile_target") or "forward"
    if target not in _WHOLE_MODEL:
        raise InvalidValue(
            f"Its torch_compile_target is {target!r}, and compiled means the whole model here: leave this file out, or "
            "measure again with the target forward.",
            field="file",
        )
    settings = _part(given, "torch_compile_config")
    others = {name: value for name, value in settings.items() if _is_set(value) and _USUAL_COMPILING.get(name) != value}
    if not others:
        return []
    return [f"torch.compile had settings of its own: {', '.join(f'{name}={others[name]}' for name in others)}."]


def _is_set(value: Any) -> bool:
    return bool(value) and value != "none"


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}
