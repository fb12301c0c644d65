from __future__ import annotations

import pytest

from engine.catalog.registry import Catalog
from engine.catalog.shapes import SequenceUnit, sequence_unit, shape_of
from engine.domain.model import Size


@pytest.mark.parametrize(
    ("name", "unit", "tiny", "default"),
    [
        ("bert", SequenceUnit.TOKENS, (16, None), (128, None)),
        ("t5", SequenceUnit.TOKENS, (16, None), (128, None)),
        ("vit", None, (None, 32), (None, 224)),
        ("clip", SequenceUnit.TOKENS, (16, 32), (77, 224)),
        ("wav2vec2", SequenceUnit.SAMPLES, (4_000, None), (16_000, None)),
        ("whisper", None, (None, None), (None, None)),
    ],
)
def test_shapes_follow_what_the_type_reads(catalog: Catalog, name: str, unit, tiny, default):
    model = catalog.get(name)
    assert sequence_unit(model) is unit
    assert shape_of(model, Size.TINY) == tiny
    assert shape_of(model, Size.DEFAULT) == default
