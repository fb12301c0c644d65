"""The search for one type: classes, rungs and plans in turn until a forward pass returns finite numbers."""

from __future__ import annotations

import re
import time
import traceback
from typing import Any

from engine.recipes.search.build import TooLarge, build
from engine.recipes.search.candidates import Subject, plans
from engine.recipes.search.classes import config_class_of, model_classes_of
from engine.recipes.search.inputs import Plan, build_inputs, plan_from_json
from engine.recipes.search.repair import repaired
from engine.recipes.search.shrink import Rung, nodes, shrunk

BATCH = 2
REPAIRS = 10
MOST_PARAMETERS = {Rung.TINY: 300_000_000, Rung.NARROW: 300_000_000, Rung.DEPTH: 700_000_000, Rung.DEFAULT: 400_000_000}


def search(arguments: dict[str, Any]) -> dict[str, Any]:
    """Find how `model_type` is built and run. Returns what was found, or every rung's failure."""
    import torch

    torch.set_num_threads(int(arguments.get("threads", 1)))
    deadline = time.monotonic() + float(arguments.get("seconds", 60.0))
    name = arguments["model_type"]
    notes: list[str] = []
    best: dict[str, Any] | None = None
    config_class = config_class_of(name)
    override = arguments.get("override", {})
    offered = [override["class"]] if "class" in override else arguments["offered"]
    classes = model_classes_of(config_class, arguments["module"], offered)
    if not classes:
        return {"status": "no_class", "notes": notes}
    for rung in Rung:
        for model_class in classes[: 2 if rung is Rung.TINY else 1]:
            if time.monotonic() > deadline:
                return best or {"status": "failed", "notes": [*notes, "out of time"]}
            try:
                found = _on_rung(name, config_class, model_class, rung, deadline, notes, override)
            except Exception as error:
                notes.append(f"{rung} {model_class.__name__}: {_short(error)}")
                continue
            if found is not None and found["full"]:
                return {**found, "notes": notes}
            best = best or (found and {**found, "notes": notes})
    return best or {"status": "failed", "notes": notes}


def _on_rung(
    name: str,
    config_class: Any,
    model_class: Any,
    rung: Rung,
    deadline: float,
    notes: list[str],
    override: dict[str, Any],
    mrope: list[int] | None = None,
) -> dict[str, Any] | None:
    corrections = override.get("default", {})
    config_arguments = merged(corrections, shrunk(config_class, rung, corrections))
    if rung is not Rung.DEFAULT:
        config_arguments = merged(config_arguments, override.get("config", {}))
    if mrope is not None:
        _set_mrope(config_class, config_arguments, mrope)
    config = config_class(**config_arguments)
    try:
        model = build(model_class, config, MOST_PARAMETERS[rung])
    except TooLarge as error:
        notes.append(f"{rung} {model_class.__name__}: too large, {error}")
        return None
    subject = Subject(model_class, config)
    reasons: dict[str, int] = {}
    known = [(plan_from_json(override), True)] if "inputs" in override else plans(subject)
    for plan, full in known:
        if time.monotonic() > deadline:
            break
        result = _try(model, subject, plan)
        if isinstance(result, tuple):
            plan, shapes = result
            return {
                "status": "runs",
                "class": model_class.__name__,
                "rung": rung.value,
                "config": config_arguments,
                "plan": plan_json(plan),
                "full": full,
                "outputs": shapes,
                "parameters": sum(p.numel() for p in model.parameters()),
            }
        reasons[result] = reasons.get(result, 0) + 1
    sections = next((found for found in map(_SECTIONS.search, reasons) if found), None)
    if sections is not None and mrope is None and rung is not Rung.DEFAULT and int(sections[1]) >= 4:
        old = [int(number) for number in sections[2].split(",")]
        if sum(old) != int(sections[1]):
            return _on_rung(
                name, config_class, model_class, rung, deadline, notes, override, _scaled(old, int(sections[1]))
            )
    for reason, count in list(reasons.items())[:3]:
        notes.append(f"{rung} {model_class.__name__} x{count}: {reason}")
    return None


_SECTIONS = re.compile(r"split_sizes to sum exactly to (\d+) .*?split_sizes=\[([\d, ]+)\]")


def _scaled(sections: list[int], total: int) -> list[int]:
    """Sections in the same proportions with another sum."""
    scaled = [max(1, section * total // sum(sections)) for section in sections]
    scaled[0] += total - sum(scaled)
    return scaled


def _set_mrope(config_class: Any, arguments: dict[str, Any], sections: list[int]) -> None:
    config = config_class(**arguments)
    for path, node in nodes(config):
        rope = getattr(node, "rope_parameters", None)
        if isinstance(rope, dict) and ("text" in path or path == "config" or "text" in node.model_type):
            target = arguments
            for part in path.split(".")[1:]:
                target = target.setdefault(part, {})
            target["rope_parameters"] = {**rope, "mrope_section": sections}


def merged(arguments: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
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
            problem = problem or _short(error)
            changed = repaired(plan, subject, error, BATCH)
            if changed is None or changed in tried:
                return _short(error)
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
        if str(key) in ("past_key_values",):
            continue
        if isinstance(value, torch.Tensor):
            found[f"{prefix}{key}"] = value
        elif isinstance(value, (list, tuple)) or hasattr(value, "items"):
            found.update(tensors_of(value, f"{prefix}{key}."))
    return found


def fault_of(outputs: dict[str, Any]) -> str | None:
    import torch

    floats = {name: value for name, value in outputs.items() if value.is_floating_point() and value.numel()}
    if not outputs:
        return "no tensors"
    for name, value in floats.items():
        if bool(torch.isnan(value).any()):
            return f"output {name} has NaN"
    return None


def plan_json(plan: Plan) -> Any:
    from dataclasses import asdict

    return asdict(plan)


def _short(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f" [{last.filename.rpartition('/')[2]}:{last.lineno}]" if last else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}{where}"
