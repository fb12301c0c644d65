"""Exported graphs on disk: what makes another one, and which go when room is short."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.domain.case import Precision, Workload
from engine.domain.model import Size
from engine.graphs.artifact import MANIFEST
from engine.graphs.cache import artifact_key, draft, kept_artifact, make_room
from tests.builders import a_case


@pytest.fixture
def skillset(tmp_path) -> Path:
    path = tmp_path / "hf_bert.py"
    path.write_text("MODEL = 'bert'\n")
    (tmp_path / "skillset_base.py").write_text("SEED = 0\n")
    return path


def export(folder: Path, key: str, *, size: int = 10, used_at: float = 0.0) -> Path:
    with draft(folder, key) as drafted:
        (drafted / "model.onnx").write_bytes(b"x" * size)
        (drafted / MANIFEST).write_text("")
    os.utime(folder / key, (used_at, used_at))
    return folder / key


def test_the_same_graph_serves_other_workloads_threads_and_temperatures(skillset):
    case = a_case(backend="onnxruntime")
    key = artifact_key(case, skillset)
    for same in (
        a_case(backend="onnxruntime", threads=2),
        a_case(backend="onnxruntime", workload=Workload.STARTUP, cold=True),
    ):
        assert artifact_key(same, skillset) == key


@pytest.mark.parametrize(
    "changes",
    [
        {"backend": "openvino"},
        {"precision": Precision.INT8},
        {"batch_size": 2},
        {"sequence_length": 64},
        {"size": Size.TINY},
        {"attention": "eager"},
        {"checkpoint": "/models/bert"},
        {"checkpoint_digest": "0a"},
    ],
)
def test_what_changes_the_graph_changes_its_key(skillset, changes):
    case = a_case(backend="onnxruntime")
    assert artifact_key(a_case(**({"backend": "onnxruntime"} | changes)), skillset) != artifact_key(case, skillset)


def test_an_edited_skillset_or_shared_file_is_exported_anew(skillset):
    case = a_case(backend="onnxruntime")
    keys = {artifact_key(case, skillset)}
    skillset.write_text("MODEL = 'other'\n")
    keys.add(artifact_key(case, skillset))
    skillset.with_name("skillset_base.py").write_text("SEED = 1\n")
    keys.add(artifact_key(case, skillset))
    assert len(keys) == 3


def test_a_local_checkpoint_that_was_trained_on_is_exported_anew(skillset, tmp_path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"before")
    case = a_case(backend="onnxruntime", checkpoint=str(tmp_path))
    before = artifact_key(case, skillset)
    weights.write_bytes(b"afterwards")
    assert artifact_key(case, skillset) != before


def test_what_was_exported_whole_is_found_again_and_nothing_else(tmp_path):
    assert kept_artifact(tmp_path, "k") is None
    export(tmp_path, "k")
    assert kept_artifact(tmp_path, "k") == tmp_path / "k"
    with draft(tmp_path, "half") as drafted:
        (drafted / "model.onnx").write_bytes(b"x")
    assert kept_artifact(tmp_path, "half") is None
    assert [found.name for found in tmp_path.iterdir()] == ["k"]


def test_an_export_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="no such operator"), draft(tmp_path, "k") as drafted:
        (drafted / MANIFEST).write_text("")
        raise ValueError("no such operator")
    assert list(tmp_path.iterdir()) == []


def test_those_used_longest_ago_go_first_and_the_one_in_use_stays(tmp_path):
    oldest, middle, newest = (export(tmp_path, key, size=100, used_at=at) for at, key in enumerate("abc"))
    assert make_room(tmp_path, keep=newest, limit_bytes=200) == [oldest]
    assert make_room(tmp_path, keep=middle, limit_bytes=50) == [newest]
    assert middle.is_dir()
    assert make_room(tmp_path, keep=middle, limit_bytes=50) == []


def test_using_a_graph_makes_it_the_newest(tmp_path):
    used, other = export(tmp_path, "a", size=100, used_at=1), export(tmp_path, "b", size=100, used_at=2)
    kept_artifact(tmp_path, "a")
    assert make_room(tmp_path, keep=used, limit_bytes=100) == [other]


def test_what_a_killed_export_left_behind_is_removed_and_what_is_being_exported_is_not(tmp_path):
    kept = export(tmp_path, "a")
    left = tmp_path / "draft-99999999-abc"
    left.mkdir()
    (tmp_path / f"draft-{os.getpid()}-abc").mkdir()
    assert make_room(tmp_path, keep=kept) == [left]
    assert not left.exists()
