"""Arguments that make a configuration small and keep it valid.

Widths are divided by one number everywhere, so that sizes which have to agree (a projection and the tower it feeds,
heads and the width they split) still agree afterwards; only counts (layers, experts, vocabulary) become constants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from engine.recipes.search import field_kinds
from engine.recipes.search.parts import carried, own_backbone, undeclared
from engine.recipes.search.taps import bring_taps_into_range
from engine.recipes.search.token_ids import with_small_token_ids
from engine.recipes.search.tree import (
    field_names,
    has_fixed_class,
    is_count,
    is_list_of_ints,
    is_plain,
    nodes,
    sub_names,
)


class Rung(StrEnum):
    """How far a configuration is cut down; the first rung that runs is taken."""

    TINY = "tiny"
    """Narrow, two layers of each kind, a small vocabulary, small images."""
    NARROW = "narrow"
    """Fewer heads of the default's width each, and the default's image sizes."""
    DEPTH = "depth"
    """The default's widths, only few layers, experts and words."""
    DEFAULT = "default"


HEAD_DIVISOR = 4
LAYERS = 2
MOST_LAYERS = 12
EXPERTS = 4
VOCABULARY = 512
SMALL_WIDTH = 128
LARGE_IMAGE = 256
PATCHES_A_SIDE = 8
_PLAIN_SIDE = 224


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which cuts a rung makes."""

    widths: int
    """What widths are divided by; 1 leaves them alone."""
    images: bool
    words: int = VOCABULARY
    """The largest vocabulary that is left."""

    @property
    def head_widths(self) -> int:
        """What the width of a head is divided by, so that heads times their width shrink like all widths."""
        return max(1, self.widths // HEAD_DIVISOR)


CUTS: Mapping[Rung, Cut] = {
    Rung.TINY: Cut(widths=16, images=True),
    Rung.NARROW: Cut(widths=4, images=False),
    Rung.DEPTH: Cut(widths=1, images=True),
}


def shrunk(config_class: Any, rung: Rung, corrections: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Keyword arguments of `config_class` for `rung`; empty for the default. `corrections` make the default valid."""
    return {} if rung is Rung.DEFAULT else _cut(config_class, CUTS[rung], corrections)


def widths_kept(
    config_class: Any, corrections: Mapping[str, Any] | None = None, *, words: int = VOCABULARY
) -> dict[str, Any]:
    """Keyword arguments that leave few layers, experts and words, and all that an input's shape depends on."""
    return _cut(config_class, Cut(widths=1, images=False, words=words), corrections)


def _cut(config_class: Any, cut: Cut, corrections: Mapping[str, Any] | None) -> dict[str, Any]:
    default = config_class(**(corrections or {}))
    for _, node in nodes(default):
        vars(node)["allow_global_per_layer_attribute_access"] = True
    return with_small_token_ids(default, _changes(default, cut), cut.words)


def _changes(config: Any, cut: Cut) -> dict[str, Any]:
    declared = {item.name: item.default for item in fields(config)}
    values: dict[str, Any] = {name: getattr(config, name, None) for name in field_names(config)}
    inner = sub_names(config)
    lists = any(isinstance(values.get(name), (list, tuple)) and len(values[name]) > 1 for name in field_kinds.STAGES)
    keeps_widths = cut.widths == 1 or lists or any(name in values for name in field_kinds.CODEC)
    kept = kept_layers(config, values)
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in inner or name.endswith("_config") or isinstance(value, bool):
            continue
        if declared.get(name) is None and not _is_of_experts(name):
            continue  # derived from other fields; experts are left open by some and told by a correction
        if is_list_of_ints(value):
            changed: Any = _shorter_list(name, value, 1 if keeps_widths else cut.widths)
        elif isinstance(value, int):
            changed = _fewer(name, value, len(kept), cut.words)
            if changed == value and not keeps_widths:
                changed = _narrower(name, value, cut, values)
        else:
            continue
        if changed != value:
            found[name] = changed
    _cut_layer_lists(config, values, declared, kept, found)
    if not keeps_widths:
        _cut_rope(values, cut, found)
    if cut.images:
        _cut_images(values, declared, cut, found)
    for name in inner:
        sub = getattr(config, name)
        spec = getattr(type(config), "sub_configs_defaults", {}).get(name)
        if sub.model_type == "timm_backbone":
            found[name] = own_backbone(sub, spec)
            continue
        nested = {**undeclared(sub, spec), **carried(sub), **_changes(sub, cut)}
        bring_taps_into_range(sub, nested)
        if not has_fixed_class(config, name):
            nested = {"model_type": sub.model_type, **nested}
        found[name] = nested
    return found


def kept_layers(config: Any, values: Mapping[str, Any]) -> list[int]:
    """Indices of layers that show each kind of layer once: two, or more where a pattern is longer."""
    total = next((values[name] for name in field_kinds.TOTALS if isinstance(values.get(name), int)), None)
    if total is None:
        return list(range(LAYERS))
    kinds = _kinds(config, total)
    if kinds:
        seen: dict[Any, int] = {}
        for position, kind in enumerate(zip(*kinds.values(), strict=True)):
            seen.setdefault(tuple(map(str, kind)), position)
        chosen = sorted(seen.values())[:MOST_LAYERS]
        chosen += [position for position in range(total) if position not in chosen][: max(0, LAYERS - len(chosen))]
        varied = [name for name, items in kinds.items() if len(set(map(str, items))) > 1]
        if all(name in values for name in varied):
            return sorted(chosen)
        return list(range(min(max(chosen) + 1, total)))
    needed = LAYERS
    for name, value in values.items():
        if (
            field_kinds.PERIOD.search(name)
            and is_count(value)
            and 1 < value <= MOST_LAYERS
            and name != "encoder_stride"
        ):
            needed = max(needed, value)
    return list(range(min(needed, total)))


def _kinds(config: Any, total: int) -> dict[str, list[Any]]:
    """Lists that say what each layer is, by attribute."""
    found = {}
    for name in (
        "layer_types",
        "mlp_layer_types",
        "layers_block_type",
        "block_types",
        "indexer_types",
        "attention_layers",
    ):
        value = getattr(config, name, None)
        if isinstance(value, (list, tuple)) and len(value) == total:
            found[name] = list(value)
    return found


def _fewer(name: str, value: int, layers: int, words: int) -> int:
    """Counts: of words, experts and layers."""
    if field_kinds.VOCABULARY.match(name):
        return min(value, words)
    if field_kinds.EXPERTS.match(name):
        return min(value, EXPERTS)
    if field_kinds.TOP_K.match(name):
        return min(value, 2)
    if field_kinds.GROUPS.match(name) or name == "first_k_dense_replace":
        return min(value, 1)
    if name == "num_kv_shared_layers":
        return 0
    if name == "max_window_layers":
        return min(value, layers)
    if name in field_kinds.TOTALS:
        return min(value, layers)
    if field_kinds.LAYERS.match(name) and not field_kinds.NOT_LAYERS.search(name):
        return min(value, LAYERS)
    return value


def _is_of_experts(name: str) -> bool:
    return bool(field_kinds.EXPERTS.match(name) or field_kinds.TOP_K.match(name))


def _narrower(name: str, value: int, cut: Cut, values: Mapping[str, Any]) -> int:
    """Widths and the numbers of heads that they split into."""
    if field_kinds.HEADS.match(name):
        return _fewer_heads(name, value, cut, values)
    if field_kinds.HEAD_WIDTH.match(name):
        divisor = cut.head_widths
        return value // divisor if value % (2 * divisor) == 0 and value > 8 else value
    if field_kinds.WIDTH.match(name) and not field_kinds.NOT_WIDTH.search(name):
        return _narrow(value, cut.widths)
    return value


def _narrow(width: int, divisor: int) -> int:
    return width // divisor if width > SMALL_WIDTH and width % divisor == 0 else width


def _fewer_heads(name: str, value: int, cut: Cut, values: Mapping[str, Any]) -> int:
    queries = value
    if "key_value" in name or "kv_heads" in name:
        stem = name.replace("key_value_heads", "attention_heads").replace("kv_heads", "heads")
        queries = next((values[key] for key in (stem, "num_attention_heads") if is_count(values.get(key))), value)
    width = next(
        (values[key] for key in ("hidden_size", "d_model", "embed_dim", "dim", "n_embd") if is_count(values.get(key))),
        0,
    )
    head = next(
        (values[key] for key in ("head_dim", "d_kv", "kv_channels", "attention_head_dim") if is_count(values.get(key))),
        None,
    )
    heads = queries
    for candidate in range(max(1, queries // HEAD_DIVISOR), 0, -1):
        if queries % candidate == 0 and (
            head is not None or not width or _narrow(width, cut.widths) % (2 * candidate) == 0
        ):
            heads = candidate
            break
    return heads if queries == value else max(1, value * heads // queries)


def _shorter_list(name: str, value: Any, divisor: int) -> list[int]:
    if name in field_kinds.STAGE_DEPTHS or name.endswith("_depths"):
        return [min(item, 1 if len(value) > 1 else LAYERS) for item in value]
    if name in ("conv_dim", "tdnn_dim", "hidden_sizes"):
        return [_narrow(item, divisor) for item in value]
    return value  # type: ignore[no-any-return]


def _cut_layer_lists(
    config: Any, values: Mapping[str, Any], declared: Mapping[str, Any], kept: Sequence[int], found: dict[str, Any]
) -> None:
    """Lists with an entry for each layer keep those of the layers kept; indices of layers are brought into range."""
    total = next((values[name] for name in field_kinds.TOTALS if isinstance(values.get(name), int)), None)
    if total is None or total <= len(kept):
        return
    contiguous = list(kept) == list(range(len(kept)))
    for name, value in values.items():
        if not isinstance(value, (list, tuple)):
            continue
        if len(value) == total:
            if declared.get(name) is not None or not contiguous or name in ("layer_types", "mlp_layer_types"):
                found[name] = [value[position] for position in kept]
        elif (
            is_list_of_ints(value)
            and (declared.get(name) is not None or name in field_kinds.READ_INDICES)
            and field_kinds.INDICES.search(name)
            and max(value) >= len(kept)
        ):
            inside = [position for position, old in enumerate(kept) if old in value]
            found[name] = (
                inside
                if inside and "deepstack" not in name
                else [min(item, len(kept) - 1) for item in value if item >= 0]
            )


def _cut_rope(values: Mapping[str, Any], cut: Cut, found: dict[str, Any]) -> None:
    """Sections of a multi-dimensional rotary embedding sum to half a head's width."""
    rope = values.get("rope_parameters")
    if isinstance(rope, Mapping) and "mrope_section" in rope:
        section = [item // cut.head_widths for item in rope["mrope_section"]]
        found["rope_parameters"] = {**{k: v for k, v in rope.items() if is_plain(v)}, "mrope_section": section}


def _cut_images(values: Mapping[str, Any], declared: Mapping[str, Any], cut: Cut, found: dict[str, Any]) -> None:
    """Small images: a few patches a side; where widths stay, only images too large to be quick."""
    patch: Any = values.get("patch_size")
    for name in field_kinds.IMAGE:
        side: Any = values.get(name)
        if not is_count(side) or declared.get(name) is None:
            continue
        if not is_count(patch):
            smaller = _PLAIN_SIDE if side > LARGE_IMAGE else side
        else:
            smaller = patch * (PATCHES_A_SIDE if cut.widths > 1 else max(PATCHES_A_SIDE, _PLAIN_SIDE // patch))
        if side > smaller and (cut.widths > 1 or side > LARGE_IMAGE):
            found[name] = smaller
