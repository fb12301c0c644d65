"""Forward passes that can be compared with each other."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from typing import Any

_SEED = 20_260_101


def forward(skillset: Any, inputs: Mapping[str, Any], *, seed: int = _SEED) -> dict[str, Any]:
    """The tensors that one pass returns, by name; every source of random numbers starts at `seed`.

    Inputs and outputs are copies: a model that writes into either must not change what is compared later.
    """
    import torch

    seed_everything(seed)
    outputs = skillset.infer(copy.deepcopy(dict(inputs)))["outputs"]
    return {name: value.detach().clone() for name, value in outputs.items() if isinstance(value, torch.Tensor)}


def other_draw(skillset: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The same pass with other random numbers: of a model that draws none, the same outputs."""
    return forward(skillset, inputs, seed=_SEED + 1)


def seed_everything(seed: int = _SEED) -> None:
    """Start every source of random numbers that a model may draw from at `seed`."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
