"""Choices of load() that there are not."""

from __future__ import annotations

from engine.conformance.finding import Finding
from engine.conformance.refusals import Wrong, refused
from engine.conformance.subject import Subject

_NO_DEVICE, _NO_PRECISION, _NO_SIZE = "abacus", "fp3", "gigantic"


def try_unknown_device(subject: Subject) -> Finding:
    return _refused(subject, "device", _NO_DEVICE, device=_NO_DEVICE)


def try_unknown_precision(subject: Subject) -> Finding:
    return _refused(subject, "precision", _NO_PRECISION, precision=_NO_PRECISION)


def try_unknown_size(subject: Subject) -> Finding:
    return _refused(subject, "size", _NO_SIZE, size=_NO_SIZE)


def _refused(subject: Subject, what: str, value: str, **choice: str) -> Finding:
    asked = {"size": "tiny", "device": subject.device, "precision": subject.precision.value, **choice}
    wrong = Wrong(words=f"{what} {value!r}", ask=lambda: subject.module.load(**asked), named=value)
    return refused(subject, [wrong])
