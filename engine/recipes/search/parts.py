"""What a parent gives its parts, and the defaults of a part's class would lose."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from engine.recipes.search.tree import field_names, is_plain, sub_names


def own_backbone(sub: Any, spec: Any) -> dict[str, Any]:
    """The library's own ResNet in place of one from timm, with as many feature maps."""
    given = dict(spec.init_kwargs) if spec is not None and spec.model_type == "resnet" else {}
    indices = list(getattr(sub, "out_indices", None) or [4])
    features = given.get("out_features") or [
        f"stage{4 - len(indices) + 1 + position}" for position in range(min(len(indices), 4))
    ]
    return {"model_type": "resnet", "depths": [1, 1, 1, 1], "out_features": features}


def undeclared(sub: Any, spec: Any) -> dict[str, Any]:
    """Switches that the parent gives its part and the part's class reads without declaring them."""
    given = spec.init_kwargs if spec is not None and spec.model_type == sub.model_type else {}
    known = {item.name for item in fields(sub)} | set(type(sub).attribute_map)
    return {name: value for name, value in given.items() if isinstance(value, bool) and name not in known}


def carried(sub: Any) -> dict[str, Any]:
    """What the parent gave its part and the part's own defaults would lose."""
    plain = type(sub)()
    declared = {item.name: item.default for item in fields(sub)}
    vars(plain)["allow_global_per_layer_attribute_access"] = True
    inner = set(sub_names(sub))
    kept = {}
    for name in [*field_names(sub), "out_features", "out_indices", "num_labels"]:
        value = getattr(sub, name, None)
        if name in inner or value is None or not is_plain(value):
            continue
        if name in ("layer_types", "mlp_layer_types", "rope_parameters") and declared.get(name) is None:
            continue  # derived from other fields, which may be about to change
        try:
            same = getattr(plain, name, None) == value
        except RuntimeError:  # tensors and the like compare elementwise
            continue
        if not same:
            kept[name] = list(value) if isinstance(value, tuple) else value
    if "out_indices" in kept:
        kept.pop("out_features", None)
    return kept
