"""What was detected, kept for the next start."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from engine.domain.result import Failure, FailureKind
from engine.errors import LauncherFailure
from engine.workflows.detect_backends import detect_backends, remember_backends, remembered_backends
from tests.builders import a_backend_status, an_environment
from tests.engine.workflows.fake_launcher import FakeLauncher, outcome

HERE = an_environment()
STATUSES = [a_backend_status("cpu"), a_backend_status("cuda", available=False)]


class _Speechless(FakeLauncher):
    """Answers with a failure, or with nothing at all."""

    def __init__(self, failure: Failure | None) -> None:
        super().__init__()
        self._failure = failure

    def run(self, function, arguments, **limits):
        return outcome(0.0, failure=self._failure)


def test_a_detection_arrives_whole():
    assert detect_backends(FakeLauncher()) == STATUSES


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Failure(kind=FailureKind.CRASHED, reason="The process died of SIGILL."), "detected: The process died of SIG"),
        (None, "could not be detected: it returned nothing"),
    ],
)
def test_a_failing_detection_is_told_with_its_reason(failure, words):
    with pytest.raises(LauncherFailure, match=words):
        detect_backends(_Speechless(failure))


def test_what_is_kept_comes_back_as_it_was(tmp_path):
    remember_backends(tmp_path, HERE, STATUSES)
    assert remembered_backends(tmp_path, HERE) == STATUSES
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["backends.json"]


def test_with_other_gpus_chosen_they_are_detected_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    remember_backends(tmp_path, HERE, STATUSES)
    assert remembered_backends(tmp_path, HERE) == STATUSES
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert remembered_backends(tmp_path, HERE) is None


def test_nothing_is_remembered_before_the_first_detection(tmp_path):
    assert remembered_backends(tmp_path, HERE) is None


def test_what_an_older_release_kept_is_detected_anew_without_a_word(tmp_path, caplog):
    remember_backends(tmp_path, HERE, STATUSES)
    file = tmp_path / "cache" / "backends.json"
    file.write_text(file.read_text().replace('"format": 3', '"format": 2'))
    assert remembered_backends(tmp_path, HERE) is None
    assert caplog.text == ""


def test_another_environment_is_detected_anew(tmp_path):
    remember_backends(tmp_path, HERE, STATUSES)
    assert remembered_backends(tmp_path, an_environment(environment_id="after-an-update")) is None


_INCOMPLETE = '{"format": 3, "chosen": {}, "environment_id": "env-0001", "backends": [{"backend": "cpu"}]}'


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", _INCOMPLETE])
def test_a_file_that_cannot_be_read_is_detected_anew_and_said_so(tmp_path: Path, caplog, text: str):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "backends.json").write_text(text)
    with caplog.at_level(logging.WARNING):
        assert remembered_backends(tmp_path, HERE) is None
    assert "Detecting backends anew" in caplog.text


def test_a_home_that_cannot_be_written_costs_only_time(tmp_path: Path, caplog):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        remember_backends(tmp_path, HERE, STATUSES)
    assert "could not be kept" in caplog.text
