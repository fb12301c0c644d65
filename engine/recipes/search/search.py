"""The search for one type: classes, rungs and plans in turn until a forward pass returns sound numbers."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from engine.recipes.search.build import TooLarge, build
from engine.recipes.search.candidates import plans
from engine.recipes.search.classes import config_class_of, model_classes_of, part_of
from engine.recipes.search.inputs import Plan, build_inputs, plan_from_json
from engine.recipes.search.modalities import missing_modalities
from engine.recipes.search.needs import packages_of
from engine.recipes.search.repair import repaired
from engine.recipes.search.rope_sections import asked_sections, set_sections
from engine.recipes.search.shrink import Rung, shrunk
from engine.recipes.search.subject import Subject
from engine.recipes.search.tower_widths import fitting_widths

BATCH = 2
REPAIRS = 10
MOST_PARAMETERS = {Rung.TINY: 300_000_000, Rung.NARROW: 300_000_000, Rung.DEPTH: 700_000_000, Rung.DEFAULT: 400_000_000}


def search(arguments: dict[str, Any]) -> dict[str, Any]:
    """Find how `arguments["model_type"]` is built and run, in at most about `seconds`.

    `module` is its modelling package, `offered` the classes to try first, `override` its correction. Returns `status`
    (runs, failed, no_class, or needs: with `package`, what to give pip) and `notes`, what was tried in vain. For what
    runs also the `class`, the `rung`, the arguments of the configuration, `default`, those of them that make the
    library's default sound, `part`, the sub-configuration that the class is built from where it is not the whole, the
    `plan` of inputs, the shapes of `outputs`, the number of `parameters`, and `missing`: modalities that the class
    declares and the plan leaves out.
    """
    import torch

    torch.set_num_threads(1)
    deadline = time.monotonic() + float(arguments.get("seconds", 60.0))
    notes: list[str] = []
    needed: list[str] = []
    best: dict[str, Any] | None = None
    config_class = config_class_of(arguments["model_type"])
    override = arguments.get("override", {})
    try:
        classes = _classes(config_class, arguments["module"], arguments["offered"], override)
    except ImportError as error:
        return _failure(packages_of(error), [short_of(error)])
    if not classes:
        return {"status": "no_class", "notes": notes}
    for rung, model_class in [(Rung.TINY, found) for found in classes[:2]] + [
        (rung, classes[0]) for rung in Rung if rung is not Rung.TINY
    ]:
        if time.monotonic() > deadline:
            notes.append("out of time")
            break
        try:
            found = _on_rung(config_class, model_class, rung, deadline, notes, override)
        except Exception as error:  # whatever a foreign model raises is an answer: this rung does not do
            notes.append(f"{rung} {model_class.__name__}: {short_of(error)}")
            needed = needed or packages_of(error)
            continue
        best = found if found is not None and not found["missing"] else best or found
        if best is not None and not best["missing"]:
            break
    return {**best, "notes": notes} if best is not None else _failure(needed, notes)


def _failure(needed: list[str], notes: list[str]) -> dict[str, Any]:
    if needed:
        return {"status": "needs", "package": " ".join(needed), "notes": notes}
    return {"status": "failed", "notes": notes}


def _classes(config_class: Any, module: str, offered: Sequence[str], override: Mapping[str, Any]) -> list[Any]:
    """Classes to try: those of the configuration's part where the correction names one, and only the one it names."""
    chosen = override.get("class")
    if part := override.get("part"):
        config_class = type(part_of(config_class(**override.get("default", {})), part))
    classes = model_classes_of(config_class, module, [chosen] if chosen else offered)
    return [found for found in classes if found.__name__ == chosen] if chosen else classes


def _on_rung(
    config_class: Any,
    model_class: Any,
    rung: Rung,
    deadline: float,
    notes: list[str],
    override: Mapping[str, Any],
    sections: list[int] | None = None,
    widths: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """What runs first on this rung with all modalities, or else with some; None, with a note, when nothing does."""
    corrections = merged(widths or {}, override.get("default", {}))
    arguments = merged(corrections, shrunk(config_class, rung, corrections))
    if rung is not Rung.DEFAULT:
        arguments = merged(arguments, override.get("config", {}))
    if sections is not None:
        set_sections(config_class, arguments, sections)
    config = part_of(config_class(**arguments), override.get("part"))
    try:
        model = build(model_class, config, MOST_PARAMETERS[rung])
    except TooLarge as error:
        notes.append(f"{rung} {model_class.__name__}: too large, {error}")
        return None
    subject = Subject(model_class, config)
    best: dict[str, Any] | None = None
    reasons: dict[str, int] = {}
    for plan in [plan_from_json(override)] if "inputs" in override else plans(subject):
        if time.monotonic() > deadline:
            break
        result = _try(model, subject, plan)
        if isinstance(result, tuple):
            plan, shapes = result
            best = {
                "status": "runs",
                "class": model_class.__name__,
                "part": override.get("part"),
                "rung": rung.value,
                "config": arguments,
                "default": corrections,
                "plan": asdict(plan),
                "missing": sorted(missing_modalities(subject, plan)),
                "outputs": shapes,
                "parameters": sum(parameter.numel() for parameter in model.parameters()),
            }
            break
        reasons[result] = reasons.get(result, 0) + 1
    if best is not None and not best["missing"]:
        return best
    del model
    asked = asked_sections(reasons) if sections is None and rung is not Rung.DEFAULT else None
    fitting = None if widths is not None else fitting_widths(config_class(**corrections))
    if asked or fitting:
        mended = _on_rung(
            config_class, model_class, rung, deadline, notes, override, asked or sections, fitting or widths or {}
        )
        best = mended if best is None or (mended is not None and not mended["missing"]) else best
    else:
        notes += [f"{rung} {model_class.__name__} x{count}: {reason}" for reason, count in list(reasons.items())[:3]]
    return best


def merged(arguments: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`arguments` with those of `more` in their place, sub-configurations field by field."""
    result = dict(arguments)
    for key, value in more.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _try(model: Any, subject: Subject, plan: Plan) -> tuple[Plan, Any] | str:
    tried = [plan]
    problem = ""
    for _ in range(REPAIRS):
        try:
            outputs = forward(model, subject.config, plan)
        except Exception as error:
            problem = problem or short_of(error)
            changed = repaired(plan, subject, error, BATCH)
            if changed is None or changed in tried:
                return short_of(error)
            tried.append(changed)
            plan = changed
            continue
        fault = fault_of(outputs)
        return fault if fault is not None else (plan, {key: list(value.shape) for key, value in outputs.items()})
    return problem


def forward(model: Any, config: Any, plan: Plan, batch_size: int = BATCH) -> dict[str, Any]:
    """Tensors that a forward pass returns, by name."""
    import torch

    inputs = build_inputs(plan, config, batch_size)
    with torch.inference_mode():
        return tensors_of(model(**inputs))


def tensors_of(outputs: Any, prefix: str = "") -> dict[str, Any]:
    """Tensors of an output, those inside lists by their place; the cache of a generating model is left out."""
    import torch

    if isinstance(outputs, torch.Tensor):
        return {prefix or "output": outputs}
    found: dict[str, Any] = {}
    if hasattr(outputs, "items"):
        pairs = list(outputs.items())
    elif isinstance(outputs, (list, tuple)):
        pairs = list(enumerate(outputs))
    else:
        return {}
    for key, value in pairs:
        if key == "past_key_values":
            continue
        if isinstance(value, torch.Tensor):
            found[f"{prefix}{key}"] = value
        elif isinstance(value, (list, tuple)) or hasattr(value, "items"):
            found.update(tensors_of(value, f"{prefix}{key}."))
    return found


def fault_of(outputs: Mapping[str, Any]) -> str | None:
    """What is wrong with the outputs of a forward pass, in a few words; minus infinity is how models mask."""
    import torch

    if not outputs:
        return "no tensors"
    for name, value in outputs.items():
        if value.is_floating_point() and bool((torch.isnan(value) | torch.isposinf(value)).any()):
            return f"output {name} is not finite"
    return None


def short_of(error: BaseException) -> str:
    """An exception in a line: its kind, the start of its message, and where it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f" [{last.filename.rpartition('/')[2]}:{last.lineno}]" if last else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}{where}"
