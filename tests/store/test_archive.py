"""The archive: what goes in comes out, as of any instant; damage is seen and told; bytes make it anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from minerdesk import pipeline
from minerdesk.desk import Desk
from minerdesk.errors import ArchiveDamaged, ArchiveError, ArchiveMissing, UnknownReference
from minerdesk.records import Rows, Snapshot, end_of_day
from minerdesk.sources import embedded
from minerdesk.store import append, commits, frames, snapshots
from minerdesk.store.archive import Archive, ingest, open_archive
from minerdesk.store.archive import rebuild as rebuild_tables
from minerdesk.store.digest import digests, stored
from minerdesk.store.engine import duckdb_engine
from minerdesk.store.tables import TABLES

MORNING = datetime(2025, 12, 5, 9, tzinfo=UTC)
NOON = datetime(2025, 12, 5, 12, tzinfo=UTC)
EVENING = datetime(2025, 12, 5, 18, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def bytes_of(text: str, known_at: datetime = MORNING, name: str = "closes.csv") -> Snapshot:
    return Snapshot("embedded", name, text.encode(), known_at)


def closes(*rows: tuple[str, str], known_at: datetime = MORNING) -> Snapshot:
    return bytes_of("session,AAA\n" + "".join(f"{day},{close}\n" for day, close in rows), known_at)


def take_in(path: Path, *arriving: Snapshot) -> Archive:
    return ingest(path, [(one, pipeline.parse(one)) for one in arriving])


def read(archive: Archive, as_of: datetime, table: str = "closes") -> list[dict[str, Any]]:
    return frames.rows(duckdb_engine(archive), table, as_of)


def prices(archive: Archive, as_of: datetime) -> dict[str, float]:
    return {str(row["session"]): row["close_usd"] for row in read(archive, as_of)}


# --- append and read ----------------------------------------------------------------------------------
def test_rows_come_back_with_their_origin(tmp_path: Path) -> None:
    one = closes(("2025-12-04", "4.24"), ("2025-12-05", "2.23"))
    archive = take_in(tmp_path, one)
    [first, second] = read(archive, LATER)
    assert (first["ticker"], first["session"], first["close_usd"]) == ("AAA", date(2025, 12, 4), 4.24)
    assert first["ref"] == "closes/AAA/2025-12-04"
    assert first["known_at"] == end_of_day(date(2025, 12, 4))
    assert second["snapshot"] == one.sha256
    assert second["locator"] == "line=3;column=AAA"
    assert snapshots.content(tmp_path, one.sha256) == one.content


def test_what_was_not_known_is_not_read(tmp_path: Path) -> None:
    archive = take_in(tmp_path, closes(("2025-12-04", "4.24"), ("2025-12-05", "2.23")))
    assert prices(archive, end_of_day(date(2025, 12, 4))) == {"2025-12-04": 4.24}
    assert prices(archive, datetime(2025, 12, 4, 23, 59, 59, tzinfo=UTC)) == {}


def test_taking_in_the_same_again_changes_nothing(tmp_path: Path) -> None:
    one, two = closes(("2025-12-04", "1")), closes(("2025-12-05", "2"), known_at=NOON)
    first = take_in(tmp_path, one, two)
    for again in ([one, two], [two, one], [one], [two, two]):
        archive = take_in(tmp_path, *again)
        assert archive.commit == first.commit
    assert take_in(tmp_path).commit == first.commit


def test_the_same_bytes_later_are_no_news(tmp_path: Path) -> None:
    first = take_in(tmp_path, closes(("2025-12-04", "1")))
    assert take_in(tmp_path, closes(("2025-12-04", "1"), known_at=EVENING)).commit == first.commit


def test_one_row_in_many_snapshots_is_kept_once(tmp_path: Path) -> None:
    """A source that sends its whole history each day must not make the archive grow by it each day."""
    archive = take_in(
        tmp_path,
        closes(("2025-12-03", "1")),
        closes(("2025-12-03", "1"), ("2025-12-04", "2"), known_at=NOON),
        closes(("2025-12-03", "1"), ("2025-12-04", "2"), ("2025-12-05", "3"), known_at=EVENING),
    )
    assert archive.commit.tables["closes"].rows == 3
    assert archive.commit.tables["snapshots"].rows == 3


def test_empty_file_of_a_source_is_kept_as_bytes_and_finding(tmp_path: Path) -> None:
    archive = take_in(tmp_path, bytes_of(""))
    engine = duckdb_engine(archive)
    assert [f["kind"] for f in frames.findings(engine, LATER)] == ["empty_file"]
    assert read(archive, LATER) == []
    assert snapshots.content(tmp_path, bytes_of("").sha256) == b""


@pytest.mark.parametrize("name", ["with space", "منقب 矿工", "plus+and#hash", "quote'd", "a{b}=c&d;e"])
def test_any_folder_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    take_in(path, closes(("2025-12-04", "1")))
    archive = take_in(path, closes(("2025-12-05", "2")))
    assert prices(archive, LATER) == {"2025-12-04": 1.0, "2025-12-05": 2.0}
    assert pipeline.rebuild(path).commit.tables["closes"].rows == 2


@pytest.mark.parametrize("name", ["per%20cent", "[1]", "star*", "back\\slash", "what?"])
def test_a_folder_name_that_other_parts_cannot_take(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match="its path has"):
        take_in(tmp_path / name / "archive", closes(("2025-12-04", "1")))


def test_the_folder_may_move(tmp_path: Path) -> None:
    take_in(tmp_path / "here", closes(("2025-12-04", "1")))
    (tmp_path / "here").rename(tmp_path / "there")
    archive = take_in(tmp_path / "there", closes(("2025-12-05", "2")))
    assert prices(archive, LATER) == {"2025-12-04": 1.0, "2025-12-05": 2.0}


def test_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    take_in(Path("archive"), closes(("2025-12-04", "1")))
    assert prices(open_archive(Path("archive")), LATER) == {"2025-12-04": 1.0}


def test_a_place_that_cannot_hold_an_archive(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    with pytest.raises(ArchiveError, match="cannot be written"):
        take_in(occupied, closes(("2025-12-04", "1")))


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ArchiveMissing, match="no archive at"):
        open_archive(tmp_path)
    with pytest.raises(ArchiveMissing):
        rebuild_tables(tmp_path, pipeline.parse)


# --- corrections --------------------------------------------------------------------------------------
def test_a_correction_changes_only_later_reads(tmp_path: Path) -> None:
    day = date(2025, 12, 1)
    before = take_in(tmp_path, closes((str(day), "4.24"), known_at=end_of_day(day)))
    archive = take_in(tmp_path, closes((str(day), "4.42"), known_at=NOON))
    assert prices(archive, end_of_day(day)) == {str(day): 4.24}
    assert prices(archive, MORNING) == {str(day): 4.24}
    assert prices(archive, NOON) == {str(day): 4.42}
    assert prices(before, LATER) == {str(day): 4.24}, "an archive opened before stays at its moment"
    rows = stored(archive, TABLES["closes"]).num_rows
    assert rows == 2, "nothing is overwritten"


def test_a_correction_taken_back(tmp_path: Path) -> None:
    """The bytes of the first word come again: that is news, for what they say holds once more."""
    day = "2025-12-01"
    take_in(tmp_path, closes((day, "1"), known_at=MORNING))
    take_in(tmp_path, closes((day, "2"), known_at=NOON))
    archive = take_in(tmp_path, closes((day, "1"), known_at=EVENING))
    assert [prices(archive, at)[day] for at in (MORNING, NOON, EVENING)] == [1.0, 2.0, 1.0]


def test_a_correction_of_an_old_statement_is_not_the_latest_word(tmp_path: Path) -> None:
    """A source that dates its statements itself: to mend the first leaves the second in force."""
    row = {"ticker": "AAA", "session": date(2025, 12, 1), "locator": "line=2;column=AAA"}

    def stated(close: float, at: datetime) -> Rows:
        return Rows({"closes": [row | {"close_usd": close, "known_at": at}]})

    arriving = [
        (closes(("2025-12-01", "1")), stated(1.0, MORNING)),
        (closes(("2025-12-01", "2")), stated(2.0, NOON)),
    ]
    ingest(tmp_path, arriving)
    archive = ingest(tmp_path, [(closes(("2025-12-01", "3"), known_at=EVENING), stated(3.0, MORNING))])
    assert [prices(archive, at)["2025-12-01"] for at in (MORNING, NOON, LATER)] == [1.0, 2.0, 2.0]


def test_corrections_that_claim_one_moment_keep_their_order(tmp_path: Path) -> None:
    day = "2025-12-01"
    for close in ("1", "2", "3"):
        archive = take_in(tmp_path, closes((day, close)))
    assert prices(archive, LATER) == {day: 3.0}
    moments = [row["known_at"] for row in frames.records(stored(archive, TABLES["closes"]))]
    assert len(set(moments)) == 3


def test_a_row_with_a_later_known_at_of_its_own(tmp_path: Path) -> None:
    """A source that dates its corrections itself is taken at its word."""
    one = closes(("2025-12-01", "1"))
    row = {"ticker": "AAA", "session": date(2025, 12, 1), "locator": "line=2;column=AAA"}
    parsed = Rows({"closes": [row | {"close_usd": 1.0, "known_at": MORNING}]})
    fixed = Rows({"closes": [row | {"close_usd": 9.0, "known_at": NOON}]})
    archive = ingest(tmp_path, [(one, parsed), (closes(("2025-12-01", "9")), fixed)])
    assert prices(archive, MORNING) == {"2025-12-01": 1.0}
    assert prices(archive, NOON) == {"2025-12-01": 9.0}


def test_corrections_survive_a_rebuild(tmp_path: Path) -> None:
    for close, at in (("1", MORNING), ("2", NOON), ("1", EVENING), ("4", EVENING)):
        archive = take_in(tmp_path, closes(("2025-12-01", close), known_at=at))
    assert digests(pipeline.rebuild(tmp_path)) == digests(archive)


# --- compaction ---------------------------------------------------------------------------------------
def test_compaction_keeps_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(append, "COMPACT_FROM_FILES", 4)
    sizes, states = [], []
    for day in range(1, 13):
        archive = take_in(tmp_path, closes((f"2025-11-{day:02}", f"{day}")))
        sizes.append(len(archive.files("closes")))
        states.append(archive)
    assert sizes == [1, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3]
    assert prices(archive, LATER) == {f"2025-11-{day:02}": float(day) for day in range(1, 13)}
    assert archive.commit.tables["closes"].rows == 12
    for number, earlier in enumerate(states, 1):
        assert len(prices(earlier, LATER)) == number, "archives opened before a compaction stay readable"


# --- rebuild ------------------------------------------------------------------------------------------
@pytest.fixture
def copy(archive: Archive, tmp_path: Path) -> Path:
    """A copy of the whole desk that a test may damage."""
    shutil.copytree(archive.path, tmp_path / "copy", ignore=shutil.ignore_patterns("answers"))
    return tmp_path / "copy"


def test_rebuild_twice_is_identical(copy: Path, archive: Archive) -> None:
    before = digests(archive)
    assert set(before) == set(TABLES)
    assert digests(pipeline.rebuild(copy)) == before
    again = pipeline.rebuild(copy)
    assert digests(again) == before
    assert again.commit.generation == archive.commit.generation + 2
    assert again.commit.snapshots == archive.commit.snapshots


def test_the_digest_sees_every_change(tmp_path: Path) -> None:
    seen = set()
    for number, close in enumerate(("1", "1.0000000000000002", "2")):
        archive = take_in(tmp_path / str(number), closes(("2025-12-01", close)))
        seen.add(digests(archive)["closes"])
    assert len(seen) == 3


@pytest.mark.parametrize("lost", [["tables"], ["commits"], ["tables", "commits", "lock"]])
def test_rebuild_from_the_bytes_alone(copy: Path, archive: Archive, lost: list[str]) -> None:
    for name in lost:
        place = copy / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()
    assert digests(pipeline.rebuild(copy)) == digests(archive)
    assert digests(open_archive(copy)) == digests(archive)


def test_a_lost_table_folder_is_told_of(copy: Path) -> None:
    shutil.rmtree(copy / "tables")
    with pytest.raises(ArchiveDamaged, match="minerdesk rebuild"):
        Desk(open_archive(copy)).week("2025-12-05")
    with pytest.raises(ArchiveDamaged, match="minerdesk rebuild"):
        take_in(copy, closes(("2030-01-01", "1")))


def test_a_half_built_first_archive_is_finished_by_a_rebuild(tmp_path: Path, archive: Archive) -> None:
    """The cards of some snapshots are there, and no commit: a first build was killed."""
    for number, snapshot in enumerate(list(embedded.snapshots())[:5], 1):
        snapshots.keep(tmp_path, snapshots.card(snapshot, number), snapshot.content)
    assert digests(pipeline.rebuild(tmp_path)).keys() == digests(archive).keys()
    rows = {name: pinned.rows for name, pinned in open_archive(tmp_path).commit.tables.items()}
    assert rows == {name: pinned.rows for name, pinned in archive.commit.tables.items()}


def test_rebuild_takes_in_nothing_and_loses_nothing_while_another_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is taken in while a rebuild waits for the lock is in its result: it reads the cards inside."""
    take_in(tmp_path, closes(("2025-12-01", "1")))
    from minerdesk.store import archive as module

    locked = module.writing

    def writing_after_another(path: Path) -> Any:
        monkeypatch.setattr(module, "writing", locked)
        take_in(path, closes(("2025-12-02", "2")))
        return locked(path)

    monkeypatch.setattr(module, "writing", writing_after_another)
    assert set(prices(rebuild_tables(tmp_path, pipeline.parse), LATER)) == {"2025-12-01", "2025-12-02"}


def test_tables_declared_anew_rebuild_at_the_next_opening(
    copy: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minerdesk.store import archive as module

    assert pipeline.open_or_build(copy).commit == archive.commit
    monkeypatch.setattr(module, "layout", lambda: "another")
    opened = pipeline.open_or_build(copy)
    assert opened.commit.layout == "another"
    assert opened.commit.generation == archive.commit.generation + 1
    assert digests(opened) == digests(archive)


# --- damage -------------------------------------------------------------------------------------------
def test_a_changed_byte_in_a_snapshot(copy: Path) -> None:
    victim = next(s for s in embedded.snapshots() if s.name == "closes.csv")
    place = snapshots.path_of(copy, victim.sha256)
    raw = bytearray(place.read_bytes())
    raw[len(raw) // 2] ^= 1
    place.write_bytes(raw)
    with pytest.raises(ArchiveDamaged, match=victim.sha256):
        snapshots.content(copy, victim.sha256)
    with pytest.raises(ArchiveDamaged, match="no longer match"):
        pipeline.rebuild(copy)
    assert open_archive(copy).commit.number == 1, "the tables read before are read still"


def test_an_unknown_snapshot(copy: Path) -> None:
    with pytest.raises(UnknownReference, match="no snapshot"):
        snapshots.content(copy, "0" * 64)


def _commit_file(path: Path) -> Path:
    return commits.path_of(path, commits.numbers(path)[-1])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"",
        lambda raw: b"[]",
        lambda raw: b'{"tables": []}',
        lambda raw: b'{"tables": {"closes": 1}}',
        lambda raw: b"\xff\xfe\x00",
        lambda raw: raw.replace(b'"number":1', b'"number":7'),
        lambda raw: raw.replace(b'"rows"', b'"rose"'),
    ],
    ids=["cut", "empty", "list", "no tables", "no table", "no text", "number", "key"],
)
def test_a_damaged_commit_file(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    archive = take_in(tmp_path, closes(("2025-12-01", "1")))
    file = _commit_file(tmp_path)
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(ArchiveDamaged, match=f"{file.name}.*"):
        open_archive(tmp_path)
    with pytest.raises(ArchiveDamaged, match=f"{file.name}"):
        take_in(tmp_path, closes(("2030-01-01", "1")))
    assert digests(pipeline.rebuild(tmp_path)) == digests(archive)


def test_a_foreign_file_among_the_commits(copy: Path, archive: Archive) -> None:
    (copy / "commits" / "notes.json").write_text("{}")
    (copy / "tables" / ".DS_Store").write_text("")
    assert open_archive(copy).commit == archive.commit
    assert digests(pipeline.rebuild(copy)) == digests(archive)


@pytest.mark.parametrize("spoil", ["cut", "empty", "gone"])
def test_a_damaged_table_file(copy: Path, archive: Archive, spoil: str) -> None:
    file = Path(open_archive(copy).files("closes")[0])
    if spoil == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:100] if spoil == "cut" else b"")
    with pytest.raises(ArchiveDamaged, match="minerdesk rebuild"):
        Desk(open_archive(copy)).week("2025-12-05")
    assert digests(pipeline.rebuild(copy)) == digests(archive)


def test_a_damaged_card(copy: Path) -> None:
    card = next((copy / "snapshots").glob("*/*.json"))
    card.write_text("{")
    with pytest.raises(ArchiveDamaged, match=card.name):
        snapshots.cards(copy)


def test_a_lost_card_stops_a_rebuild_that_would_lose_rows(copy: Path) -> None:
    next((copy / "snapshots").glob("*/*.json")).unlink()
    with pytest.raises(ArchiveDamaged, match="missing"):
        pipeline.rebuild(copy)


def test_a_failed_write_leaves_the_last_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space, no right: the error is one of ours, and the archive is what it was."""
    archive = take_in(tmp_path, closes(("2025-12-01", "1")))

    def no_space(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    for module, name in ((commits, "_sync"), (snapshots, "write_file"), (commits, "write_file")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, no_space)
            with pytest.raises(ArchiveError, match="No space left"):
                take_in(tmp_path, closes(("2025-12-02", "2")))
        assert open_archive(tmp_path).commit == archive.commit
    assert set(prices(take_in(tmp_path, closes(("2025-12-02", "2"))), LATER)) == {"2025-12-01", "2025-12-02"}
