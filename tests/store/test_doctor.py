"""The doctor sees every kind of damage, names every leftover, and tidies only what nobody needs."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from minerdesk import pipeline
from minerdesk.records import Rows, Snapshot
from minerdesk.store import append, commits, doctor, snapshots
from minerdesk.store.archive import Archive, ingest, open_archive
from minerdesk.store.digest import digests

DAYS = 3 * 86_400.0


@pytest.fixture
def copy(archive: Archive, tmp_path: Path) -> Path:
    shutil.copytree(archive.path, tmp_path / "copy", ignore=shutil.ignore_patterns("answers"))
    return tmp_path / "copy"


def kinds(path: Path) -> set[str]:
    return {finding.kind for finding in pipeline.examine(path)}


def files(path: Path, table: str = "closes") -> list[Path]:
    return [Path(file) for file in open_archive(path).files(table)]


def age(path: Path) -> None:
    """Everything below ``path`` as if it were three days old."""
    then = time.time() - DAYS
    for place in [path, *path.rglob("*")]:
        os.utime(place, (then, then))


def test_a_sound_archive_has_no_findings(archive: Archive) -> None:
    assert pipeline.examine(archive.path) == ()


def test_no_archive(tmp_path: Path) -> None:
    assert kinds(tmp_path) == {"archive_missing"}


def spoil_snapshot(path: Path) -> None:
    data = next(p for p in (path / "snapshots").glob("*/*") if p.suffix == "")
    data.write_bytes(data.read_bytes() + b"\n")


def lose_bytes(path: Path) -> None:
    next(p for p in (path / "snapshots").glob("*/*") if p.suffix == "").unlink()


def lose_card(path: Path) -> None:
    next((path / "snapshots").glob("*/*.json")).unlink()


def spoil_card(path: Path) -> None:
    next((path / "snapshots").glob("*/*.json")).write_text("[]")


def spoil_commit(path: Path) -> None:
    commits.path_of(path, 1).write_text('{"number": 1')


def lose_data(path: Path) -> None:
    files(path)[0].unlink()


def cut_data(path: Path) -> None:
    file = files(path)[0]
    file.write_bytes(file.read_bytes()[:-20])


def drop_a_row(path: Path) -> None:
    file = files(path)[0]
    table = pq.read_table(file)
    pq.write_table(table.slice(1), file)


def double_a_row(path: Path) -> None:
    import pyarrow as pa

    file = files(path)[0]
    table = pq.read_table(file)
    pq.write_table(pa.concat_tables([table.slice(1), table.slice(5, 1)]), file)


def change_a_cell(path: Path) -> None:
    import pyarrow as pa

    file = files(path)[0]
    table = pq.read_table(file)
    cells = table["close_usd"].to_pylist()
    cells[7] += 1e-9
    place = table.schema.get_field_index("close_usd")
    pq.write_table(table.set_column(place, table.schema.field(place), pa.array(cells)), file)


def drop_a_column(path: Path) -> None:
    file = files(path)[0]
    pq.write_table(pq.read_table(file).drop_columns(["locator"]), file)


def point_elsewhere(path: Path) -> None:
    import pyarrow as pa

    file = files(path)[0]
    table = pq.read_table(file)
    place = table.schema.get_field_index("snapshot")
    elsewhere = pa.array(["0" * 64] * table.num_rows)
    pq.write_table(table.set_column(place, table.schema.field(place), elsewhere), file)


def forget_a_table(path: Path) -> None:
    file = commits.path_of(path, 1)
    raw = json.loads(file.read_text())
    del raw["tables"]["volumes"]
    file.write_text(json.dumps(raw))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (spoil_snapshot, {"snapshot_damaged"}),
        (lose_bytes, {"snapshot_damaged"}),
        (lose_card, {"snapshot_missing"}),
        (spoil_card, {"snapshot_card_unreadable"}),
        (spoil_commit, {"commit_unreadable"}),
        (lose_data, {"table_unreadable"}),
        (cut_data, {"table_unreadable"}),
        (drop_a_row, {"row_count"}),
        (double_a_row, {"key_twice", "ref_twice"}),
        (change_a_cell, {"rebuild_differs"}),
        (drop_a_column, {"table_schema"}),
        (point_elsewhere, {"row_without_snapshot"}),
        (forget_a_table, {"table_missing"}),
    ],
)
def test_every_damage_is_seen(copy: Path, spoil: Callable[[Path], None], expected: set[str]) -> None:
    spoil(copy)
    found = pipeline.examine(copy)
    assert expected <= {finding.kind for finding in found}
    assert all(finding.severity == "suspect" for finding in found if finding.kind in expected)
    assert all(finding.detail and finding.subject for finding in found)


def test_a_parser_that_reads_otherwise_today(archive: Archive) -> None:
    def without_the_last(snapshot: Snapshot) -> Rows:
        rows = pipeline.parse(snapshot)
        return Rows({name: every[:-1] for name, every in rows.tables.items()}, rows.findings)

    found = doctor.examine(archive.path, without_the_last)
    assert {finding.kind for finding in found} == {"rebuild_differs"}
    filled = {name for name, pinned in archive.commit.tables.items() if pinned.rows}
    assert {finding.subject for finding in found} == filled - {"snapshots", "findings"}


# --- leftovers ----------------------------------------------------------------------------------------
@pytest.fixture
def littered(tmp_path: Path, writer: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small archive with an old generation, files from before a compaction and what dead writers leave."""
    monkeypatch.setattr(append, "COMPACT_FROM_FILES", 2)
    path = tmp_path / "littered"
    for number in range(2):
        writer.take_in(path, number)
    pipeline.rebuild(path)
    for number in range(2, 5):
        writer.take_in(path, number)
    head = open_archive(path).commit
    dead = writer.snapshot(99)
    snapshots.keep(path, snapshots.card(dead, 99), dead.content)
    room = path / "tables" / str(head.generation) / "closes"
    (room / "part-00000-dead.snappy.parquet").write_bytes(b"PAR1")
    (room / "part-00000-dead.snappy.parquet#1").write_bytes(b"PA")
    (room / "_delta_log" / "_commit_dead.json.tmp").write_bytes(b"{")
    (path / "commits" / ".00000099.json.4242").write_bytes(b"{")
    (path / "snapshots" / "ab").mkdir(exist_ok=True)
    (path / "snapshots" / "ab" / ("ab" + "0" * 62)).write_bytes(b"never taken in")
    (path / "tables" / "9").mkdir()
    return path


LITTER = {
    "tables of no commit": 1,
    "data file of no commit": 1,
    "draft of a dead writer": 3,
    "card of a snapshot never taken in": 1,
    "bytes never taken in": 2,
}


def test_leftovers_are_named_with_their_size(littered: Path) -> None:
    found = [f for f in pipeline.examine(littered) if f.kind == "leftover"]
    assert all(finding.severity == "note" and "bytes" in finding.detail for finding in found)
    assert len(found) == sum(LITTER.values())
    counted = {what: sum(what == left.what for left in doctor.leftovers(littered)) for what in LITTER}
    assert counted == LITTER
    assert not any(f.severity == "suspect" for f in pipeline.examine(littered))


def test_a_table_ahead_of_its_commit(copy: Path) -> None:
    from deltalake import DeltaTable

    [file] = files(copy)
    DeltaTable(str(file.parent)).delete()
    [finding] = pipeline.examine(copy)
    assert (finding.kind, finding.severity, finding.subject) == ("table_ahead", "note", "closes")


def test_tidy_spares_what_is_young(littered: Path) -> None:
    before = sorted(p for p in littered.rglob("*"))
    assert doctor.tidy(littered) == ()
    assert sorted(p for p in littered.rglob("*")) == before


def test_tidy_takes_leftovers_old_generations_and_what_was_before_a_compaction(littered: Path) -> None:
    age(littered)
    archive = open_archive(littered)
    before = digests(archive)
    gone = doctor.tidy(littered)
    assert set(LITTER) <= {left.what for left in gone}
    assert not (littered / "tables" / "1").exists()
    assert sum(left.size_bytes for left in gone) > 0
    assert digests(open_archive(littered)) == before
    assert pipeline.examine(littered) == ()
    head = archive.commit.number
    assert commits.numbers(littered)[-1] == head
    named = {f"{littered}/{f}" for p in archive.commit.tables.values() for f in p.files}
    assert {str(p) for p in (littered / "tables").rglob("*.parquet")} == named
    assert doctor.tidy(littered) == ()


def test_after_tidying_the_next_write_and_a_rebuild_go_on(littered: Path, writer: Any) -> None:
    age(littered)
    doctor.tidy(littered)
    writer.take_in(littered, 200)
    assert pipeline.examine(littered) == ()
    assert digests(pipeline.rebuild(littered)) == digests(open_archive(littered))


def test_tidy_keeps_the_commits_a_reader_may_hold(littered: Path, writer: Any) -> None:
    """Old by its files, but superseded only now: a reader that opened it a moment ago still reads."""
    age(littered)
    reader = open_archive(littered)
    before = digests(reader)
    pipeline.rebuild(littered)
    doctor.tidy(littered)
    assert digests(reader) == before


def test_tidy_keeps_earlier_commits_whose_files_are_all_there(tmp_path: Path, writer: Any) -> None:
    for number in range(3):
        writer.take_in(tmp_path, number)
    age(tmp_path)
    assert doctor.tidy(tmp_path) == ()
    assert commits.numbers(tmp_path) == [1, 2, 3]


def test_tidy_takes_nothing_where_no_commit_says_what_is_needed(littered: Path) -> None:
    shutil.rmtree(littered / "commits")
    age(littered)
    before = sorted(p for p in littered.rglob("*"))
    assert doctor.tidy(littered) == ()
    assert sorted(p for p in littered.rglob("*")) == before


def test_a_snapshot_taken_in_is_never_tidied(tmp_path: Path, writer: Any) -> None:
    one = writer.snapshot(0)
    ingest(tmp_path, [(one, Rows({}))])
    age(tmp_path)
    doctor.tidy(tmp_path)
    assert snapshots.content(tmp_path, one.sha256) == one.content
