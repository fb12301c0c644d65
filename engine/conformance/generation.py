"""generate() gives as many new tokens as it is asked for."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from engine.conformance.finding import WORKS, Finding, fails, not_applicable
from engine.conformance.passes import seed_everything
from engine.conformance.subject import Subject
from engine.recipes.search.tree import nodes, value_of

NEW_TOKENS = 4
_FEWER = 1
_PROMPTS = ("inputs", "input_ids", "decoder_input_ids")
_VOCABULARY = re.compile(r"(vocab_size|codebook_size|number_\w*tokens|num_\w*codes)$")
_STARTS = ("decoder_start_token_id", "bos_token_id", "pad_token_id")


def check_generate(subject: Subject) -> Finding:
    """Four new tokens, and what stands before them is the prompt, a start token or nothing.

    Decoders return prompt and answer, encoder-decoders a start token and the answer, some types the answer alone. How
    long the answer is shows only in the comparison with a shorter one; that neither holds one too many shows in front.
    """
    if not hasattr(subject.skillset, "generate"):
        if subject.generates:
            return fails("The type is said to generate, and its module has no generate().")
        return not_applicable("The type has no generate() that makes as many tokens as it is asked for.")
    with _overheard(subject.model) as told:
        fewer, more = (_generated(subject, count) for count in (_FEWER, NEW_TOKENS))
    if "tokens" not in more and "audio" in more:
        return _judge_audio(more["audio"])
    short, long = fewer.get("tokens"), more.get("tokens")
    for tokens in (short, long):
        if (kind := _unlike_tokens(tokens)) is not None:
            return fails(f"generate() returned no tokens, but {kind}.")
    fault = _miscount(short, long, [subject.inputs, *told], subject.model) or _invalid(_new(short, long), subject.model)
    return WORKS if fault is None else fails(fault)


@contextmanager
def _overheard(model: Any) -> Iterator[list[dict[str, Any]]]:
    """Prompt and start token that generate() is told, the model's own and that of a part to which it hands on."""
    calls: list[dict[str, Any]] = []
    generating = [part for part in model.modules() if hasattr(part, "generate")]

    def overhearing(generate: Any) -> Any:
        def overhear(*args: Any, **kwargs: Any) -> Any:
            calls.append(dict(zip(_PROMPTS, args, strict=False)) | kwargs)
            return generate(*args, **kwargs)

        return overhear

    for part in generating:
        part.generate = overhearing(part.generate)
    try:
        yield calls
    finally:
        for part in generating:
            del part.generate


def _generated(subject: Subject, count: int) -> dict[str, Any]:
    seed_everything()
    outputs: dict[str, Any] = subject.skillset.generate(copy.deepcopy(subject.inputs), max_new_tokens=count)["outputs"]
    return outputs


def _judge_audio(value: Any) -> Finding:
    """Sound does not come in tokens that could be counted, but it has to be some."""
    import torch

    if not isinstance(value, torch.Tensor) or not value.numel() or not bool(torch.isfinite(value).all()):
        return fails("generate() returned audio that is no sound: it is empty or holds NaN or infinity.")
    return not_applicable("It generates audio, which does not come in tokens.")


def _unlike_tokens(value: Any) -> str | None:
    """What `value` is instead of rows of token ids."""
    import torch

    if not isinstance(value, torch.Tensor):
        return f"a {type(value).__name__}"
    if value.is_floating_point() or value.is_complex() or value.ndim < 2:
        return f"{str(value.dtype).removeprefix('torch.')} of shape {tuple(value.shape)}"
    return None


def _miscount(short: Any, long: Any, told: Sequence[Mapping[str, Any]], model: Any) -> str | None:
    shapes = f"shape {tuple(short.shape)} when asked for {_FEWER} token and {tuple(long.shape)} for {NEW_TOKENS}"
    sizes = list(zip(short.shape, long.shape, strict=False))
    grown = [axis for axis, (less, more) in enumerate(sizes) if less != more]
    if (
        short.ndim != long.ndim
        or len(grown) != 1
        or long.shape[grown[0]] - short.shape[grown[0]] != NEW_TOKENS - _FEWER
    ):
        return f"generate() returned {shapes}."
    axis = grown[0]
    before = long.shape[axis] - NEW_TOKENS
    if before < 0:
        return f"generate() returned {shapes}."
    if not _is_explained(long, axis, before, told, model):
        return f"generate() returned {shapes}, and what stands before these is neither the prompt nor a start token."
    return None


def _new(short: Any, long: Any) -> Any:
    """The new tokens of an answer as long as it should be; a prompt may hold ids that stand for other things."""
    axis = next(axis for axis, (less, more) in enumerate(zip(short.shape, long.shape, strict=True)) if less != more)
    return long.narrow(axis, long.shape[axis] - NEW_TOKENS, NEW_TOKENS)


def _is_explained(long: Any, axis: int, before: int, told: Sequence[Mapping[str, Any]], model: Any) -> bool:
    """Whether the first `before` tokens are the prompt, or one start token for all, or none at all."""
    import torch

    front = long.narrow(axis, 0, before)
    prompts = [call[name] for call in told for name in _PROMPTS if isinstance(call.get(name), torch.Tensor)]
    if any(prompt.shape == front.shape and torch.equal(prompt, front) for prompt in prompts):
        return True
    if axis == long.ndim - 1 and any(_are_codes_of(prompt, front) for prompt in prompts):
        return True
    first = torch.unique(long.narrow(axis, 0, 1))
    begins_with_start = len(first) == 1 and int(first[0]) in _start_tokens(model, told)
    if before == 0:
        # An encoder-decoder whose answer begins with the start token has counted it among the new ones.
        return not (begins_with_start and bool(getattr(model.config, "is_encoder_decoder", False)))
    return before == 1 and begins_with_start


def _are_codes_of(prompt: Any, front: Any) -> bool:
    """Whether `front`, examples x code books x tokens, is a prompt of one row per code book without its start token."""
    import torch

    if front.ndim != 3 or prompt.shape != (front.shape[0] * front.shape[1], front.shape[2] + 1):
        return False
    return torch.equal(prompt[:, 1:].reshape(front.shape), front)


def _start_tokens(model: Any, told: Sequence[Mapping[str, Any]]) -> set[int]:
    """Ids that generation may begin with, by what it was told and by the configurations."""
    found = {call[name] for call in told for name in _STARTS if isinstance(call.get(name), int)}
    configs = [call.get("generation_config") for call in told]
    for config in (*configs, getattr(model, "generation_config", None), model.config):
        for name in _STARTS:
            value = getattr(config, name, None)
            found.update(value if isinstance(value, list) else [value] if isinstance(value, int) else [])
    return found


def _invalid(tokens: Any, model: Any) -> str | None:
    low, high = int(tokens.min()), int(tokens.max())
    vocabulary = _most_tokens(model.config)
    if low < 0:
        return f"generate() returned {low}, which is no token."
    if isinstance(vocabulary, int) and high >= vocabulary:
        return f"generate() returned token {high} of a vocabulary of {vocabulary}."
    return None


def _most_tokens(config: Any) -> int | None:
    """The largest vocabulary or code book of the configuration and its parts: which of them speaks, none tells."""
    sizes = []
    for _, node in nodes(config):
        sizes += [value_of(node, name) for name in vars(node) if _VOCABULARY.search(name)]
    return max((size for size in sizes if isinstance(size, int)), default=None)
