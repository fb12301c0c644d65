"""What is known of the skillset of two layers; apart from it, because it imports torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.domain.case import Case
from engine.domain.model import Family, Size
from tests.builders import a_case

SKILLSET = str(Path(__file__).with_name("a_deep_skillset.py"))
WIDTH = 32
INNER = 64
WEIGHTS = 2 * WIDTH * INNER
BIASES = WIDTH + INNER
SIZE_WITHOUT_LINEAR = "a-convolution"

SIZE_THAT_READS_WEIGHTS = "a-reader"
"""Its model looks at the type of a linear layer's weights before it uses them."""

WRONG_AT_BATCH = 11
"""Turns its answer round, in bf16 alone."""
RANDOM_AT_BATCH = 12
"""Answers random numbers, by another rule in bf16."""
SHORT_AT_BATCH = 15
"""Likewise, with a column less."""
CHOOSING_AT_BATCH = 14
"""Answers what any rounding turns into something else."""
BREAK_AT_BATCH = 13
"""Leaves compiled code between its layers."""


def a_deep_case(**changes: Any) -> Case:
    values = {"family": Family.OTHER, "size": Size.TINY, "sequence_length": None, "threads": 1}
    return a_case("deep", **(values | changes))
