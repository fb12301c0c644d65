"""Inputs for the default size, found without its weights.

Shapes are tried on the meta device, where the true default costs no memory. Where a model looks at numbers while it
runs (it counts placeholders, or picks rows), the default's widths and images are tried with few layers, experts and
words: none of these changes what goes in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.recipes.freezing.time_limit import time_limit
from engine.recipes.search import image_inputs
from engine.recipes.search.build import TooLarge, build
from engine.recipes.search.candidates import plans
from engine.recipes.search.inputs import Input, Plan, build_inputs, marked_length, plan_from_json
from engine.recipes.search.repair import repaired
from engine.recipes.search.search import BATCH, forward, merged, short_of, tensors_of
from engine.recipes.search.shrink import widths_kept
from engine.recipes.search.subject import Subject

TEXT_LENGTH = 128
AFTER_PLACEHOLDERS = 32
SIDE = 224
"""Pixels of an image where the configuration names no size: what image models are trained on most."""
MOST_PARAMETERS = 500_000_000
SECONDS = 20.0
"""For one forward pass with few layers."""
REPAIRS = 10
MOST_PLANS = 24


class Found:
    """A plan for the default size and how it was shown to fit."""

    def __init__(self, plan: Plan | None, how: str) -> None:
        self.plan = plan
        self.how = how
        """meta, few layers, or the reason why nothing could show that it fits."""

    @property
    def is_guess(self) -> bool:
        return self.how.startswith("not shown")


def default_plan(
    model_class: Any,
    default_config: Any,
    tiny: Plan,
    override: Mapping[str, Any],
    deadline: float,
) -> Found:
    """What the default size reads: the same inputs as `tiny`, in the default's shapes."""
    true = Subject(model_class, default_config)
    candidates = list(_candidates(true, tiny, override))
    problem = "no plan carries the same inputs"
    if not any(item.placeholders for item in tiny.inputs):
        on_meta = _Meta(model_class, default_config)
        found = _first(candidates, true, on_meta.run, deadline) if on_meta.model is not None else None
        if isinstance(found, Plan):
            return Found(found, "meta")
        problem = found or problem
    try:
        corrections = override.get("default", {})
        config = type(default_config)(**merged(corrections, widths_kept(type(default_config), corrections)))
        model = build(model_class, config, MOST_PARAMETERS)
    except TooLarge as error:
        return _likely(candidates, f"{problem}; with few layers still too large: {error}")
    except Exception as error:  # whatever a foreign model raises is an answer
        return _likely(candidates, f"{problem}; with few layers: {short_of(error)}")
    few = Subject(model_class, config)
    own = list(_candidates(few, tiny, override))
    found = _first(own, few, lambda plan: _limited(model, config, plan), deadline, batch_size=1)
    if isinstance(found, Plan):
        return Found(_with_own_words(found, candidates), "few layers")
    return _likely(candidates, found or problem)


def _limited(model: Any, config: Any, plan: Plan) -> Any:
    with time_limit(SECONDS):
        return forward(model, config, plan, 1)


def _likely(candidates: list[Plan], reason: str) -> Found:
    """The first guess, where nothing could show that it fits."""
    return Found(candidates[0] if candidates else None, f"not shown: {reason}")


def _candidates(subject: Subject, tiny: Plan, override: Mapping[str, Any]) -> Iterator[Plan]:
    """Plans with the inputs of `tiny` in its order and kinds, at the default's length."""
    names = [item.name for item in tiny.inputs]
    if "inputs" in override:
        yield at_length(plan_from_json(override), subject.config)
        return
    adapted = _larger_images if not image_inputs.geometry(subject)[1] else _unchanged
    count = 0
    for plan in plans(subject):
        if {item.name for item in plan.inputs} <= set(names):
            ordered = [plan.named(name) or tiny.named(name) for name in names]
            inputs = tuple(item for item in ordered if item is not None)
            if [len(item.shape) for item in inputs] == [len(item.shape) for item in tiny.inputs]:
                yield at_length(adapted(Plan(inputs=inputs, length=plan.length)), subject.config)
                count += 1
        if count >= MOST_PLANS:
            break
    yield at_length(adapted(tiny), subject.config)


def _unchanged(plan: Plan) -> Plan:
    return plan


def _larger_images(plan: Plan) -> Plan:
    """Images of the search's own side become those that models are trained on."""
    return replace(plan, inputs=tuple(_larger(item) for item in plan.inputs))


def _larger(item: Input) -> Input:
    if "pixel" in item.name and len(item.shape) >= 4 and item.shape[-2:] == (64, 64):
        return replace(item, shape=(*item.shape[:-2], SIDE, SIDE))
    return item


def at_length(plan: Plan, config: Any) -> Plan:
    """The plan with room for its placeholders and some text after them."""
    tokens = plan.named("input_ids")
    marked = marked_length(tokens.placeholders, config) if tokens else 0
    wanted = marked + AFTER_PLACEHOLDERS if marked else TEXT_LENGTH
    return replace(plan, length=max(wanted, plan.length) if marked else wanted)


def _first(
    candidates: list[Plan],
    subject: Subject,
    run: Callable[[Plan], Any],
    deadline: float,
    batch_size: int = BATCH,
) -> Plan | str | None:
    """The first plan that runs, repaired where need be; else the first problem met."""
    problem = None
    for plan in candidates:
        for length in dict.fromkeys((plan.length, 77, 64, 32, 16)):
            if time.monotonic() > deadline:
                return problem or "out of time"
            if length > plan.length:
                continue
            found = _repaired(replace(plan, length=length), subject, run, batch_size)
            if isinstance(found, Plan):
                return found
            problem = problem or found
            if plan.named("input_ids") is None or any(item.placeholders for item in plan.inputs):
                break
    return problem


def _repaired(plan: Plan, subject: Subject, run: Callable[[Plan], Any], batch_size: int) -> Plan | str:
    tried = [plan]
    problem = ""
    for _ in range(REPAIRS):
        try:
            outputs = run(plan)
        except Exception as error:
            problem = problem or short_of(error)
            changed = repaired(plan, subject, error, batch_size)
            if changed is None or changed in tried:
                return problem
            tried.append(changed)
            plan = changed
            continue
        return plan if outputs else "no tensors"
    return problem


class _Meta:
    """The true default on the meta device."""

    def __init__(self, model_class: Any, config: Any) -> None:
        import torch

        self._config = config
        self._required = Subject(model_class, config).required
        self.model: Any = None
        try:
            with torch.device("meta"):
                self.model = model_class(config).eval()
        except Exception:  # not every model can be built without numbers; few layers will do
            return

    def _is_idle(self, item: Input) -> bool:
        return item.name == "attention_mask" and item.fill == "ones" and item.name not in self._required

    def run(self, plan: Plan) -> Any:
        import torch

        # A mask of ones is looked at (is anything masked?), which no tensor without numbers can answer.
        told = replace(plan, inputs=tuple(item for item in plan.inputs if not self._is_idle(item)))
        inputs = build_inputs(told, self._config, BATCH)
        try:
            return self._outputs(inputs)
        except RuntimeError as error:
            if "BF16" not in str(error):
                raise
        self.model = self.model.to(torch.bfloat16)  # the kernels of experts know nothing else on this device
        return self._outputs(inputs)

    def _outputs(self, inputs: Mapping[str, Any]) -> Any:
        import torch

        with torch.inference_mode():
            return tensors_of(self.model(**{name: self._moved(value) for name, value in inputs.items()}))

    def _moved(self, value: Any) -> Any:
        import torch

        if isinstance(value, (list, tuple)):
            return type(value)(self._moved(inner) for inner in value)
        if not isinstance(value, torch.Tensor):
            return value
        return value.to("meta", self.model.dtype if value.is_floating_point() else value.dtype)


def _with_own_words(plan: Plan, candidates: list[Plan]) -> Plan:
    """Ids as the true default numbers them: few layers came with few words."""
    inputs = []
    for item in plan.inputs:
        own = next((other.named(item.name) for other in candidates if other.named(item.name)), None)
        if item.fill == "tokens" and own is not None and own.fill == "tokens":
            item = replace(item, low=own.low, high=own.high)
        inputs.append(item)
    return replace(plan, inputs=tuple(inputs))
