"""Kept answers: the same, and never of another commit, another question or other code."""

from __future__ import annotations

from pathlib import Path

import pytest

from minerdesk import pipeline
from minerdesk.desk import Desk, remember
from minerdesk.desk.views import View
from minerdesk.store.archive import Archive


@pytest.fixture
def own(tmp_path: Path) -> Archive:
    return pipeline.refresh(tmp_path / "archive")


def _kept(archive: Archive) -> list[Path]:
    return sorted((archive.path / "answers").rglob("*.json"))


def test_a_kept_answer_is_the_answer(own: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Desk(own).week("2025-12-05")
    assert len(_kept(own)) == 1
    monkeypatch.setattr("minerdesk.desk.market.week.week", lambda *_: pytest.fail("asked again"))
    assert Desk(own).week("2025-12-05") == first


def test_another_question_is_asked(own: Archive) -> None:
    desk = Desk(own)
    assert desk.week("2025-12-05") != desk.week("2025-12-12")
    assert desk.week("2025-12-05") != desk.week("2025-12-05", "2025-12-31")
    assert len(_kept(own)) == 3


def test_other_code_asks_again_and_takes_the_old_away(own: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(own).week("2025-12-05")
    (old,) = _kept(own)
    monkeypatch.setattr(remember, "_code", lambda: "another")
    Desk(own).week("2025-12-05")
    (new,) = _kept(own)
    assert new != old


@pytest.mark.parametrize("harm", [b"", b"{", b"[]", b'{"name": "week"}'])
def test_a_damaged_answer_is_made_again(own: Archive, harm: bytes) -> None:
    first = Desk(own).week("2025-12-05")
    (place,) = _kept(own)
    place.write_bytes(harm)
    assert Desk(own).week("2025-12-05") == first
    assert place.read_bytes() != harm


def test_a_folder_that_cannot_be_written_is_no_obstacle(
    own: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(remember, "write_file", refuse)
    view = Desk(own).week("2025-12-05")
    assert isinstance(view, View)
    assert not _kept(own)
