"""Whether a mixture of experts tells which experts its tokens went to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.recipes.search.subject import Subject
from engine.recipes.search.tree import is_count

_EXPERTS = re.compile(r"^(\w*num_experts\w*|n_routed_experts|num_local_experts|moe_\w+)$")
_TOP_K = ("num_experts_per_tok", "num_experts_per_token", "top_k_experts", "moe_topk", "moe_k", "num_selected_experts")


def find_routing(model: Any, subject: Subject, inputs: Mapping[str, Any]) -> str | None:
    """Expression of how many experts serve a token, where a forward pass returns `router_logits` on request."""
    import torch

    if not any(_EXPERTS.search(name) for _, node in subject.nodes for name in vars(node)):
        return None
    try:
        with torch.inference_mode():
            logits = model(**inputs, output_router_logits=True).router_logits
    except Exception:  # a class that does not know the request has no routing to tell
        return None
    if not isinstance(logits, (list, tuple)) or not logits or not isinstance(logits[0], torch.Tensor):
        return None
    experts = logits[0].shape[-1]
    for name in _TOP_K:
        found = subject.first([name])
        if found is not None and is_count(found[1]) and 0 < found[1] <= experts:
            return found[0]
    return None
