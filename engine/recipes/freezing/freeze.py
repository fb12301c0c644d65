"""One type's recipe, complete: found, carried over to the default size, told in expressions, counted."""

from __future__ import annotations

import time
from dataclasses import asdict, fields, replace
from typing import Any

from engine.recipes.freezing.default_size import at_length, default_plan
from engine.recipes.freezing.generation import find_generation
from engine.recipes.freezing.limits import resizing, sequence_limit
from engine.recipes.freezing.routing import find_routing
from engine.recipes.freezing.symbols import symbolised, with_likely_counts
from engine.recipes.search.audio_inputs import SAMPLES
from engine.recipes.search.build import build, parameter_count
from engine.recipes.search.classes import config_class_of, model_classes_of, part_of
from engine.recipes.search.image_inputs import IMAGE_NODE
from engine.recipes.search.inputs import Input, Placeholder, Plan, build_inputs, plan_from_json, size_of
from engine.recipes.search.search import BATCH, MOST_PARAMETERS, search
from engine.recipes.search.shrink import Rung
from engine.recipes.search.subject import Subject

_WAVES = ("input_values", "audio_values")
LARGEST_RESIZED = 256
"""Pixels a side up to which a model is asked whether it takes images twice as large."""
TRANSCRIPT = 4
"""Tokens of a transcript that a decoder is given beside the sound."""
DEFAULT_SAMPLES = 16_000
"""A second of audio at the rate that most models are trained on."""


def freeze(arguments: dict[str, Any]) -> dict[str, Any]:
    """Search for `arguments["model_type"]` (see `search`) and complete what is found.

    Returns the row that is kept: `status` and `notes` as the search gives them, and for what runs `class`, `rung`,
    `imports`, `default` and `tiny` (arguments of the configuration), `inputs` and, where they differ,
    `default_inputs`, `lengths`, `unit`, `limit`, `image`, `sides`, `resizing`, `generation`, `routing`, `missing`,
    `outputs`, `parameters` by size with the reason where they are `uncounted`, and `default_shown`: how the default's
    inputs were shown to fit, or why not.
    """
    started = time.monotonic()
    seconds = float(arguments.get("seconds", 60.0))
    found = search(arguments)
    if found["status"] != "runs":
        return found
    corrections = found["default"]
    override = {**arguments.get("override", {}), "default": corrections}
    config_class = config_class_of(arguments["model_type"])
    classes = model_classes_of(config_class, arguments["module"], [found["class"]])
    model_class = next(item for item in classes if item.__name__ == found["class"])
    part = found["part"]
    tiny_config = part_of(config_class(**found["config"]), part)
    model = build(model_class, tiny_config, MOST_PARAMETERS[Rung(found["rung"])])
    subject = Subject(model_class, tiny_config)
    tiny = _with_own_length(plan_from_json(found["plan"]))
    row: dict[str, Any] = {
        "status": "runs",
        "class": found["class"],
        **({"part": part} if part else {}),
        "rung": found["rung"],
        "tiny": found["config"],
        "missing": found["missing"],
        "outputs": found["outputs"],
        "limit": sequence_limit(model, subject, tiny) if _unit(tiny) == "tokens" else None,
        "unit": _unit(tiny),
        "imports": _imports(model_class, config_class),
        "generation": find_generation(model, build_inputs(tiny, tiny_config, BATCH)),
        "routing": find_routing(model, subject, build_inputs(tiny, tiny_config, BATCH)),
        "parameters": {"tiny": found["parameters"], "default": None},
    }
    side = _side(tiny, tiny_config)
    row["resizing"] = resizing(model, subject, tiny, side) if side and side <= LARGEST_RESIZED else None
    deadline = max(started + seconds, time.monotonic() + seconds / 4)
    large = default_plan(model_class, config_class, tiny, override, deadline)
    default_config = part_of(config_class(**large.default), part)
    try:
        row["parameters"]["default"] = parameter_count(model_class, default_config)
    except Exception as error:  # some models cannot be built without numbers, some not without a missing package
        row["uncounted"] = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    plan = None if large.plan is None else _with_own_length(large.plan)
    if plan is not None and large.is_guess:
        plan = at_length(with_likely_counts(plan, tiny, tiny_config, default_config), default_config)
    if plan is not None:
        if _unit(plan) == "samples":
            plan = replace(plan, length=DEFAULT_SAMPLES)
        tiny, plan = symbolised(tiny, plan, tiny_config, default_config)
    small_inputs = [_compact(item) for item in tiny.inputs]
    large_inputs = None if plan is None else [_compact(item) for item in plan.inputs]
    return {
        **row,
        "lengths": {"tiny": tiny.length, "default": None if plan is None else plan.length},
        "inputs": small_inputs,
        **({} if large_inputs in (None, small_inputs) else {"default_inputs": large_inputs}),
        "default": dict(large.default),
        "default_shown": large.how,
        "image": _image(tiny),
        **({"patch_is_list": True} if _patch_is_list(subject) else {}),
        "sides": _sides(tiny, plan, tiny_config, default_config),
        "notes": found["notes"],
    }


def _imports(*classes: Any) -> dict[str, str]:
    """Where a module imports each class from: the library itself, or the package that hides it."""
    import transformers

    return {
        item.__name__: "transformers" if getattr(transformers, item.__name__, None) is item else item.__module__
        for item in classes
    }


def _with_own_length(plan: Plan) -> Plan:
    """The sequence length as what a user would vary: samples of a waveform where there is no text.

    A transcript that begins beside a spectrogram has a fixed few tokens.
    """
    if any("L" in map(str, item.shape) for item in plan.inputs if item.name == "input_ids"):
        return plan
    if plan.named("decoder_input_ids") is not None and len(plan.inputs) > 1:
        return replace(plan, inputs=tuple(map(_short_transcript, plan.inputs)))
    for item in plan.inputs:
        long = [number for number in item.shape if isinstance(number, int) and number in (SAMPLES, DEFAULT_SAMPLES)]
        if item.name in _WAVES and item.fill == "normal" and len(long) == 1:
            shape = tuple("L" if number == long[0] else number for number in item.shape)
            others = tuple(replace(item, shape=shape) if other is item else other for other in plan.inputs)
            return Plan(inputs=others, length=long[0])
    return plan


def _short_transcript(item: Input) -> Input:
    if not item.name.startswith("decoder_"):
        return item
    return replace(item, shape=tuple(TRANSCRIPT if number == "L" else number for number in item.shape))


def _unit(plan: Plan) -> str | None:
    """What L counts in this plan."""
    for item in plan.inputs:
        if "L" in map(str, item.shape):
            if item.fill == "tokens":
                return "tokens"
            if item.name in _WAVES:
                return "samples"
    return None


def _side(plan: Plan, config: Any) -> int | None:
    """Pixels along a side of the square images that `plan` holds."""
    for item in plan.inputs:
        if item.name == "pixel_values" and len(item.shape) == 4 and item.shape[-1] == item.shape[-2]:
            return size_of(item.shape[-1], config, BATCH, plan.length)
    return None


def _patch_is_list(subject: Subject) -> bool:
    found = subject.first(["patch_size"], IMAGE_NODE)
    return found is not None and isinstance(found[1], (list, tuple))


def _sides(tiny: Plan, default: Plan | None, tiny_config: Any, default_config: Any) -> dict[str, int | None] | None:
    small = _side(tiny, tiny_config)
    if small is None:
        return None
    return {"tiny": small, "default": None if default is None else _side(default, default_config)}


def _image(plan: Plan) -> str | int | None:
    """The dimension of the images' side as the plan tells it."""
    for item in plan.inputs:
        if item.name == "pixel_values" and len(item.shape) == 4 and item.shape[-1] == item.shape[-2]:
            return item.shape[-1]
    return None


_DEFAULTS = {item.name: item.default for item in fields(Input)}
_MARK_DEFAULTS = {item.name: item.default for item in fields(Placeholder)}


def _compact(item: Input) -> dict[str, Any]:
    """The input without what `plan_from_json` fills in by itself."""
    kept = {name: value for name, value in asdict(item).items() if value != _DEFAULTS[name]}
    if item.placeholders:
        kept["placeholders"] = [
            {name: value for name, value in asdict(mark).items() if value != _MARK_DEFAULTS[name]}
            for mark in item.placeholders
        ]
    return kept
