"""The true default tried on the meta device, where tensors have shapes and no numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.recipes.search.inputs import Input, Plan, build_inputs
from engine.recipes.search.search import BATCH, tensors_of
from engine.recipes.search.subject import Subject


class MetaTrial:
    """A model of the default's full size that costs no memory; `model` is None where it cannot be built so."""

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
        """Tensors that a forward pass returns; what the model raises where it looks at numbers passes through."""
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
