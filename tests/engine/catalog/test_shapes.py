from __future__ import annotations

import pytest

from engine.catalog.registry import Catalog
from engine.catalog.shapes import SequenceUnit, sequence_unit, shape_of
from engine.domain.model import Shape, Size
from tests.builders import a_model


@pytest.mark.parametrize(
    ("name", "unit", "tiny", "default"),
    [
        ("bert", SequenceUnit.TOKENS, (16, None), (128, None)),
        ("t5", SequenceUnit.TOKENS, (16, None), (128, None)),
        ("vit", None, (None, 128), (None, 224)),
        ("clip", SequenceUnit.TOKENS, (16, 224), (77, 224)),
        ("wav2vec2", SequenceUnit.SAMPLES, (4_000, None), (16_000, None)),
        ("whisper", None, (None, None), (None, None)),
    ],
)
def test_shapes_follow_what_the_type_reads(catalog: Catalog, name: str, unit, tiny, default):
    model = catalog.get(name)
    assert sequence_unit(model) is unit
    assert shape_of(model, Size.TINY) == tiny
    assert shape_of(model, Size.DEFAULT) == default


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ("siglip-so400m-patch14-384", (64, 384)),
        ("dinov2-base", (64, 518)),
        ("vit-large-patch16-224", (64, 224)),
        ("no-longer-shipped", (64, 224)),
    ],
)
def test_a_checkpoint_reads_what_the_default_reads_and_images_of_its_own_size(size, shape):
    model = a_model("siglip", default_shape=Shape(sequence_length=64, image_size=224))
    assert shape_of(model, size) == shape


def test_a_checkpoint_of_a_type_without_square_images_has_none():
    assert shape_of(a_model("bert"), "siglip-so400m-patch14-384") == (128, None)
