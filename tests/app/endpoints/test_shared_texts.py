from __future__ import annotations

import json

from app.endpoints.shared_texts import MOST_KEPT, SharedTexts


def test_one_snapshot_is_written_once_however_many_send_it() -> None:
    texts, written = SharedTexts(), []

    def payload(snapshot: dict) -> dict:
        written.append(snapshot)
        return snapshot

    first, second = {"sequence": 1}, {"sequence": 2}
    sent = [json.loads(texts.of("run", snapshot, payload)) for snapshot in (first, first, second, second, first)]
    assert sent == [first, first, second, second, first]
    assert written == [first, second, first]


def test_an_equal_snapshot_of_something_else_has_a_text_of_its_own() -> None:
    texts = SharedTexts()
    assert texts.of("a", {"sequence": 1}, lambda _: {"a": 1}) != texts.of("b", {"sequence": 1}, lambda _: {"b": 1})


def test_what_is_kept_is_bounded() -> None:
    texts, written = SharedTexts(), []
    first = {"number": 0}
    for snapshot in (first, *({"number": number} for number in range(1, MOST_KEPT + 1)), first):
        texts.of(str(snapshot["number"]), snapshot, lambda told: written.append(told) or told)
    assert len(written) == MOST_KEPT + 2
