"""What to change about a plan, read from the exception that it ended in."""

from __future__ import annotations

import re
import types
from dataclasses import replace
from typing import Any

from engine.recipes.search.candidates import alternatives
from engine.recipes.search.inputs import Input, Plan, marked_length
from engine.recipes.search.subject import Subject


def repaired(plan: Plan, subject: Subject, error: BaseException, batch_size: int) -> Plan | None:
    """A plan that answers `error`; None when nothing is known against it."""
    text = str(error)
    for remedy in (
        _count_placeholders,
        _add_missing,
        _channels,
        _image_size,
        _frames,
        _products,
        _length_limit,
    ):
        changed = remedy(plan, subject, error, text, batch_size)
        if changed is not None and changed != plan:
            return changed
    return None


def frames_of(error: BaseException) -> list[types.FrameType]:
    """The frames of the traceback, innermost first."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        found.append(trace.tb_frame)
        trace = trace.tb_next
    return found[::-1]


def _count_placeholders(plan: Plan, subject: Subject, error: BaseException, text: str, batch_size: int) -> Plan | None:
    """The model compares features of a modality with tokens that stand for them: count what it has at hand."""
    import torch

    item = plan.named("input_ids")
    if item is None or not item.placeholders or not re.search(r"(token|placeholder|feature|mask|shape|size)", text):
        return None
    needed: dict[int, int] = {}
    for frame in frames_of(error):
        if "transformers/models" not in frame.f_code.co_filename:
            continue
        local = frame.f_locals
        embeds = local.get("inputs_embeds")
        if not isinstance(embeds, torch.Tensor) or embeds.dim() < 2:
            continue
        for position, mark in enumerate(item.placeholders):
            kind = re.search(r"(image|video|audio)", mark.token)
            kind_name = kind[1] if kind else "image"
            for name in (
                f"{kind_name}_features",
                f"{kind_name}_embeds",
                f"{kind_name}_outputs",
                f"{kind_name}_embeddings",
                f"{kind_name}_hidden_states",
                "vision_features",
                "vision_embeds",
                "visual_embeds",
                "speech_embeddings",
            ):
                value: Any = local.get(name)
                value = getattr(value, "pooler_output", value) if not isinstance(value, torch.Tensor) else value
                parts: Any = value if isinstance(value, (list, tuple)) else [value]
                width: int = embeds.shape[-1]
                # Features of another width would fill as many numbers with fewer tokens, and mean nothing.
                if not parts or not all(isinstance(part, torch.Tensor) and part.shape[-1] == width for part in parts):
                    continue
                total = sum(part.numel() for part in parts)
                if total and total % (width * batch_size) == 0:
                    needed.setdefault(position, total // (width * batch_size))
        if needed:
            break
    marks = tuple(
        replace(mark, count=needed.get(position, mark.count)) for position, mark in enumerate(item.placeholders)
    )
    if not needed or marks == item.placeholders:
        numbers = re.search(r"tokens?:? (\d+),? (?:and )?features:? (\d+)", text)
        if numbers is None or int(numbers[1]) == int(numbers[2]) or int(numbers[2]) % batch_size:
            return None
        marks = (replace(item.placeholders[0], count=int(numbers[2]) // batch_size), *item.placeholders[1:])
        if marks == item.placeholders:
            return None
    return with_input(
        replace(plan, length=max(plan.length, marked_length(marks) + 8)), replace(item, placeholders=marks)
    )


def with_input(plan: Plan, item: Input) -> Plan:
    """The plan with `item` in place of the input of that name, or added."""
    if plan.named(item.name) is None:
        return replace(plan, inputs=(*plan.inputs, item))
    return replace(plan, inputs=tuple(item if old.name == item.name else old for old in plan.inputs))


def _add_missing(plan: Plan, subject: Subject, error: BaseException, text: str, batch_size: int) -> Plan | None:
    names = re.findall(r"missing \d+ required positional arguments?: (.*)", text)
    asked = re.findall(r"'(\w+)'", names[0]) if names else []
    if not asked and re.search(r"(specify|provide|must be|required|cannot be None|is None|have to|need)", text):
        asked = re.findall(r"\b(\w+)\b", text)
    never = {"labels", "inputs_embeds", "decoder_inputs_embeds", "past_key_values", "encoder_outputs"}
    if "pixel_values" in asked:
        never.add("input_ids")  # "pixel_values or input_ids": the one at hand will do
    for name in asked:
        if subject.takes(name) and plan.named(name) is None and name not in never:
            added = plan
            for item in alternatives(subject, name, ())[0]:
                added = added if added.named(item.name) else with_input(added, item)
            return added
    return None


def _floats(plan: Plan) -> list[Input]:
    return [item for item in plan.inputs if item.fill in ("normal", "uniform") and len(item.shape) >= 2]


def _channels(plan: Plan, subject: Subject, error: BaseException, text: str, batch_size: int) -> Plan | None:
    match = re.search(r"expected input\[([\d, ]+)\] to have (\d+) channels", text)
    if match is None:
        named = re.search(r"(?:Expected|expected) (\d+) but got (\d+)", text)
        if named is None:
            return None
        for item in _floats(plan):
            if int(named[2]) in item.shape and len(item.shape) >= 4:
                place = item.shape.index(int(named[2]))
                return with_input(
                    plan, replace(item, shape=(*item.shape[:place], int(named[1]), *item.shape[place + 1 :]))
                )
        return None
    dims = [int(number) for number in match[1].split(",")]
    for item in _floats(plan):
        for place, dimension in enumerate(item.shape):
            if dimension == dims[1] and len(item.shape) >= 3:
                shape = (*item.shape[:place], int(match[2]), *item.shape[place + 1 :])
                return with_input(plan, replace(item, shape=shape))
    return None


def _image_size(plan: Plan, subject: Subject, error: BaseException, text: str, batch_size: int) -> Plan | None:
    match = re.search(r"[Ii]mage size \(?(\d+)[*x, ]+(\d+)\)? doesn't match model \(?(\d+)[*x, ]+(\d+)\)?", text)
    if match is None:
        return None
    for item in _floats(plan):
        if item.shape[-1] == int(match[1]):
            return with_input(plan, replace(item, shape=(*item.shape[:-2], int(match[3]), int(match[4]))))
    return None


def _frames(plan: Plan, subject: Subject, error: BaseException, text: str, batch_size: int) -> Plan | None:
    match = re.search(r"(?:length|of) (?:the mel input features to be of length )?(\d+),? but found (\d+)", text)
    if match is None:
        return None
    for item in _floats(plan):
        if int(match[2]) in item.shape:
            return with_input(
                plan, replace(item, shape=tuple(int(match[1]) if d == int(match[2]) else d for d in item.shape))
            )
    return None


def _products(plan: Plan, subject: Subject, error: BaseException, text: str, batch_size: int) -> Plan | None:
    """A matrix product that does not fit: the last dimension of an input is the wrong one."""
    match = re.search(r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)", text)
    wrong, right = (int(match[2]), int(match[3])) if match else (0, 0)
    if match is None:
        match = re.search(
            r"normalized_shape=\[(\d+)\], expected input with shape \[\*, \d+\], but got input of size\[([\d, ]+)\]",
            text,
        )
        if match is None:
            return None
        wrong, right = int(match[2].split(",")[-1]), int(match[1])
    for item in _floats(plan):
        if item.shape[-1] == wrong:
            return with_input(plan, replace(item, shape=(*item.shape[:-1], right)))
    return None


def _length_limit(plan: Plan, subject: Subject, error: BaseException, text: str, batch_size: int) -> Plan | None:
    """A length that the model names: the longest of its table of positions, or a multiple of what it works in."""
    longest = re.search(r"must be less than max_position_embeddings .*max_position_embeddings: (\d+)", text)
    if longest and int(longest[1]) < plan.length:
        return replace(plan, length=int(longest[1]))
    match = re.search(r"multiple of (?:the )?(?:\w+ )*?\(?(\d+)", text)
    if match and int(match[1]) > 1 and plan.length % int(match[1]):
        return replace(plan, length=-(-plan.length // int(match[1])) * int(match[1]))
    return None
