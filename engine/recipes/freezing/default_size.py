"""Inputs for the default size, found without its weights.

Shapes are tried on the meta device, where the true default costs no memory. Where a model looks at numbers while it
runs (it counts placeholders, or picks rows), a stand-in with the default's widths and images is tried: fewer layers,
experts and words do not change what goes in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.recipes.freezing.meta_trial import MetaTrial
from engine.recipes.freezing.missing_words import missing_words
from engine.recipes.freezing.stand_ins import StandIn, stand_ins
from engine.recipes.freezing.time_limit import time_limit
from engine.recipes.search import image_inputs
from engine.recipes.search.candidates import plans
from engine.recipes.search.classes import part_of
from engine.recipes.search.inputs import Input, Plan, marked_length, plan_from_json
from engine.recipes.search.repair import repaired
from engine.recipes.search.search import BATCH, forward, merged, short_of
from engine.recipes.search.subject import Subject

TEXT_LENGTH = 128
AFTER_PLACEHOLDERS = 32
SIDE = 224
"""Pixels of an image where the configuration names no size: what image models are trained on most."""
REPAIRS = 10
MOST_PLANS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A plan for the default size and how it was shown to fit."""

    plan: Plan | None
    how: str
    """meta, the words of a stand-in, or the reasons why nothing could show that it fits."""
    default: Mapping[str, Any]
    """Arguments of the default that the plan is for."""

    @property
    def is_guess(self) -> bool:
        return self.how.startswith("not shown")


def default_plan(
    model_class: Any,
    config_class: Any,
    tiny: Plan,
    override: Mapping[str, Any],
    deadline: float,
) -> Found:
    """What the default size reads: the same inputs as `tiny`, in the default's shapes.

    `override` tells the arguments that make the default sound, as `default`, and the `part` that the class is built
    from, where that is not the whole. Words that the default's vocabulary lacks are added where it does not run
    without them.
    """
    default, part = override.get("default", {}), override.get("part")
    words = missing_words(model_class, part_of(config_class(**default), part), tiny, part)
    found = _found(model_class, config_class, tiny, override, deadline, needs_words=bool(words))
    if found.is_guess and words:
        roomy = {**override, "default": merged(default, words)}
        with_words = _found(model_class, config_class, tiny, roomy, deadline, needs_words=False)
        return found if with_words.is_guess else with_words
    return found


def _found(
    model_class: Any,
    config_class: Any,
    tiny: Plan,
    override: Mapping[str, Any],
    deadline: float,
    *,
    needs_words: bool,
) -> Found:
    default, part = override.get("default", {}), override.get("part")
    default_config = part_of(config_class(**default), part)
    true = Subject(model_class, default_config)
    candidates = list(_candidates(true, tiny, override))
    problems: list[str] = []
    if not any(item.placeholders for item in tiny.inputs):
        on_meta = MetaTrial(model_class, default_config)
        found = _first(candidates, true, on_meta.run, deadline) if on_meta.model is not None else None
        if isinstance(found, Plan):
            return Found(plan=found, how="meta", default=default)
        problems += [f"on meta: {found}"] if found else []
    for name, make in stand_ins(model_class, config_class, default, part, needs_words=needs_words).items():
        try:
            stand_in = make()
        except Exception as error:  # whatever a foreign model raises is an answer
            problems.append(f"{name}: {short_of(error)}")
            continue
        subject = Subject(model_class, stand_in.config)
        own = list(_candidates(subject, tiny, override))
        found = _first(own, subject, _limited(stand_in, deadline), deadline, batch_size=1)
        if isinstance(found, Plan):
            return Found(plan=_with_own_words(found, candidates), how=stand_in.how, default=default)
        problems.append(f"{name}: {found or 'no plan carries the same inputs'}")
        del stand_in
    guess = candidates[0] if candidates else None
    return Found(plan=guess, how=f"not shown: {'; '.join(problems)}", default=default)


def _limited(stand_in: StandIn, deadline: float) -> Callable[[Plan], Any]:
    def run(plan: Plan) -> Any:
        with time_limit(max(1.0, deadline - time.monotonic())):
            return forward(stand_in.model, stand_in.config, plan, 1)

    return run


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
            problem = short_of(error)
            changed = repaired(plan, subject, error, batch_size)
            if changed is None or changed in tried:
                return problem
            tried.append(changed)
            plan = changed
            continue
        return plan if outputs else "no tensors"
    return problem


def _with_own_words(plan: Plan, candidates: list[Plan]) -> Plan:
    """Ids as the true default numbers them: few layers came with few words."""
    inputs = []
    for item in plan.inputs:
        own = next((other.named(item.name) for other in candidates if other.named(item.name)), None)
        if item.fill == "tokens" and own is not None and own.fill == "tokens":
            item = replace(item, low=own.low, high=own.high)
        inputs.append(item)
    return replace(plan, inputs=tuple(inputs))
