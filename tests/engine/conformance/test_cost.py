"""What a forward pass costs."""

from __future__ import annotations

from pathlib import Path

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.conformance.examine import examination_arguments
from engine.conformance.journal import read_journal
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from tests.engine.conformance.conftest import Examine

A_PRODUCT = """
import torch
class Skillset:
    fallback_reason = None
    def __init__(self):
        torch.manual_seed(0)
        self.model = torch.nn.Linear(8, 16, bias=False)
        self.model.register_buffer("extra", torch.ones(5))
    def example_inputs(self, batch_size=1): return {"inputs": [torch.ones(batch_size, 3, 8)]}
    def infer(self, inputs):
        with torch.inference_mode():
            return {"outputs": {"y": self.model(inputs["inputs"][0])}}
def describe(): return {"precisions": {"cpu": ("fp32",)}}
def load(size, device, precision): return Skillset()
"""


def test_operations_and_bytes_are_those_counted_by_hand(loaded: ForkServerLauncher, tmp_path: Path):
    path = tmp_path / "hf_product.py"
    path.write_text(A_PRODUCT)
    arguments = examination_arguments(
        path, tmp_path, precision=Precision.FP32, device="cpu", missing=(), generates=False, checks=(Check.COST,)
    )
    ended = loaded.run("engine.conformance.examine:examine", arguments, timeout_seconds=60)
    seen = read_journal(tmp_path)
    assert ended.value == {"ended": 4}
    assert seen.flops == 2 * (2 * 3) * 8 * 16
    assert seen.bytes_moved == 4 * (8 * 16 + 5 + 2 * 3 * 8 + 2 * 3 * 16)


def test_a_pass_without_anything_to_count_is_a_failure(examine_source: Examine):
    found = examine_source("""
class Skillset(good.Skillset):
    def infer(self, inputs):
        return {"outputs": {"sums": inputs["input_ids"].sum(1) / 7}}
""")[Check.COST]
    assert found.verdict is Verdict.FAILS
    assert found.reason == "No matrix product, convolution or attention was seen in the forward pass."


def test_what_the_counter_does_not_allow_is_told(examine_source: Examine):
    found = examine_source("""
class Skillset(good.Skillset):
    def infer(self, inputs):
        if torch.utils._python_dispatch._len_torch_dispatch_stack():
            raise NotImplementedError("not under a counter.")
        return super().infer(inputs)
""")[Check.COST]
    assert found.verdict is Verdict.FAILS
    assert found.reason == "Operations cannot be counted: NotImplementedError: not under a counter."
