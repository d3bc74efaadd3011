"""Bad input in every table of the embedded desk: a finding each, nothing lost, good rows untouched."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minerdesk import pipeline
from minerdesk.records import Rows, Snapshot, end_of_day
from minerdesk.sources import embedded
from minerdesk.sources.cells import finite, iso_day, last_day, whole

KNOWN_AT = datetime(2026, 11, 22, tzinfo=UTC)
FILES = sorted(embedded.FILES)
Check = Callable[[Rows], None]


def parse(name: str, text: str | bytes) -> Rows:
    raw = text.encode() if isinstance(text, str) else text
    return pipeline.parse(Snapshot("embedded", name, raw, KNOWN_AT))


def kinds(rows: Rows) -> list[str]:
    return [finding.kind for finding in rows.findings]


def closes(rows: Rows) -> dict[tuple[str, str], float]:
    return {(row["ticker"], str(row["session"])): row["close_usd"] for row in rows.tables["closes"]}


# --- prices -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ("-4.24", "impossible_price"),
        ("0", "impossible_price"),
        ("0.00", "impossible_price"),
        ("1000000", "impossible_price"),
        ("4.24e9", "impossible_price"),
        ("NaN", "unreadable_cell"),
        ("nan", "unreadable_cell"),
        ("inf", "unreadable_cell"),
        ("-inf", "unreadable_cell"),
        ("1e999", "unreadable_cell"),
        ("n/a", "unreadable_cell"),
        ("4,24", "unreadable_cell"),
        ("1_000", "unreadable_cell"),
        ("$4.24", "unreadable_cell"),
        ("4.24 USD", "unreadable_cell"),
    ],
)
def test_a_bad_price_is_told_of_and_its_neighbours_stay(bad: str, kind: str) -> None:
    rows = parse("closes.csv", f'session,ABTC,APLD\n2025-12-04,4.24,30\n2025-12-05,"{bad}",31.22\n')
    assert closes(rows) == {
        ("ABTC", "2025-12-04"): 4.24,
        ("APLD", "2025-12-04"): 30,
        ("APLD", "2025-12-05"): 31.22,
    }
    [finding] = rows.findings
    assert (finding.kind, finding.severity) == (kind, "rejected")
    assert finding.locator == "line=3;column=ABTC"
    if kind == "impossible_price":
        assert (finding.subject, finding.day) == ("ABTC", date(2025, 12, 5))


def test_a_blank_is_no_figure_and_no_finding() -> None:
    rows = parse("closes.csv", "session,ABTC,APLD\n2025-12-05,,31.22\n")
    assert closes(rows) == {("APLD", "2025-12-05"): 31.22}
    assert rows.findings == ()


def test_a_repeated_session() -> None:
    rows = parse(
        "closes.csv",
        "session,ABTC\n2025-12-04,4.24\n2025-12-05,2.23\n2025-12-05,2.23\n2025-12-04,9.99\n2025-12-08,2.5\n",
    )
    assert closes(rows) == {
        ("ABTC", "2025-12-04"): 4.24,
        ("ABTC", "2025-12-05"): 2.23,
        ("ABTC", "2025-12-08"): 2.5,
    }
    assert [(f.kind, f.severity, f.locator) for f in rows.findings] == [
        ("duplicate_row", "note", "line=4;column=session"),
        ("contradicting_row", "rejected", "line=5;column=session"),
    ]


def test_sessions_out_of_order_are_all_kept() -> None:
    rows = parse("closes.csv", "session,ABTC\n2025-12-05,2.23\n2025-12-03,4\n2025-12-04,4.24\n")
    assert len(closes(rows)) == 3
    assert kinds(rows) == ["out_of_order", "out_of_order"]
    assert [finding.day for finding in rows.findings] == [date(2025, 12, 3), date(2025, 12, 4)]


@pytest.mark.parametrize(
    "bad", ["2025-13-01", "2025-02-30", "05/12/2025", "2025-12", "20251205", "2025-W49-5", "x"]
)
def test_a_bad_session(bad: str) -> None:
    rows = parse("closes.csv", f"session,ABTC\n2025-12-04,4.24\n{bad},1\n2025-12-05,2.23\n")
    assert set(closes(rows)) == {("ABTC", "2025-12-04"), ("ABTC", "2025-12-05")}
    assert kinds(rows) == ["unreadable_cell"]


def test_a_line_without_session() -> None:
    rows = parse("closes.csv", "session,ABTC\n,4.24\n2025-12-05,2.23\n")
    assert kinds(rows) == ["missing_cell"]
    assert len(closes(rows)) == 1


def test_columns_may_come_in_any_order() -> None:
    """The session need not be the first column, and is never taken for a ticker."""
    rows = parse("closes.csv", "ABTC,session,APLD\n2.23,2025-12-05,31.22\n")
    assert closes(rows) == {("ABTC", "2025-12-05"): 2.23, ("APLD", "2025-12-05"): 31.22}


def test_a_renamed_session_column() -> None:
    rows = parse("closes.csv", "sessions,ABTC\n2025-12-05,2.23\n")
    assert closes(rows) == {}
    [finding] = rows.findings
    assert (finding.kind, finding.detail) == ("wrong_columns", "missing: session (renamed to sessions?)")


@pytest.mark.parametrize("name", ["abtc", "", "ABTC close", "Unnamed: 3", "12"])
def test_a_column_that_is_no_ticker_is_noted(name: str) -> None:
    rows = parse("closes.csv", f"session,APLD,{name}\n2025-12-05,31.22,7\n")
    assert closes(rows) == {("APLD", "2025-12-05"): 31.22}
    assert kinds(rows) == ["extra_columns"]
    assert repr(name) in rows.findings[0].detail


@pytest.mark.parametrize("bad", ["-1", "1e13"])
def test_an_impossible_volume(bad: str) -> None:
    rows = parse("volumes.csv", f"session,ABTC,APLD\n2025-12-05,{bad},5\n")
    assert [row["ticker"] for row in rows.tables["volumes"]] == ["APLD"]
    assert kinds(rows) == ["impossible_volume"]


def test_no_volume_traded_is_a_volume() -> None:
    assert parse("volumes.csv", "session,ABTC\n2025-12-05,0\n").tables["volumes"][0]["share_volume"] == 0


@pytest.mark.parametrize("bad", ["0", "-5", "1e12", "nan", "x"])
def test_a_bad_bitcoin_price(bad: str) -> None:
    rows = parse("btc_usd.csv", f"day,close\n2025-12-04,92000\n2025-12-05,{bad}\n")
    assert len(rows.tables["bitcoin_closes"]) == 1
    assert kinds(rows) in (["impossible_price"], ["unreadable_cell"])


# --- counts and splits --------------------------------------------------------------------------------
COUNT = "ticker,shares_outstanding,known_at,basis,source,note\n"


@pytest.mark.parametrize(
    "bad",
    [
        "ABTC,-5,2025-12-05,filing,,",
        "ABTC,0,2025-12-05,filing,,",
        "ABTC,,2025-12-05,filing,,",
        "ABTC,1e15,2025-12-05,filing,,",
        "ABTC,100,,filing,,",
        "ABTC,100,2025-12-05,rumour,,",
        ",100,2025-12-05,filing,,",
    ],
)
def test_an_impossible_count(bad: str) -> None:
    rows = parse("shares.csv", f"{COUNT}{bad}\nABTC,900,2025-12-05,filing,,\n")
    assert [row["outstanding_shares"] for row in rows.tables["share_counts"]] == [900]
    assert kinds(rows) == ["impossible_share_count"]


def test_a_count_told_twice_and_otherwise() -> None:
    rows = parse(
        "shares.csv",
        f"{COUNT}ABTC,900,2025-12-05,filing,,\nABTC,900,2025-12-05,filing,,\nABTC,901,2025-12-05,filing,,\n"
        "ABTC,902,2025-12-05,vendor,,\n",
    )
    assert [row["outstanding_shares"] for row in rows.tables["share_counts"]] == [900, 902]
    assert kinds(rows) == ["duplicate_row", "contradicting_row"]


SPLITS = "ticker,effective_date,new_shares,old_shares,kind,source,note\n"


@pytest.mark.parametrize(
    "bad",
    [
        "ABTC,2025-12-05,0,5,,,",
        "ABTC,2025-12-05,1,0,,,",
        "ABTC,2025-12-05,-1,5,,,",
        "ABTC,2025-12-05,,5,,,",
        "ABTC,2025-12-05,1e300,1e-300,,,",
        "ABTC,2025-12-05,1e9,1,,,",
        "ABTC,,1,5,,,",
        "ABTC,soon,1,5,,,",
        ",2025-12-05,1,5,,,",
    ],
)
def test_an_impossible_split(bad: str) -> None:
    rows = parse("splits.csv", f"{SPLITS}{bad}\nCANG,2025-11-17,2,1,,,\n")
    assert [row["ticker"] for row in rows.tables["splits"]] == ["CANG"]
    assert "impossible_split" in kinds(rows)


def test_a_split_recorded_twice() -> None:
    rows = parse(
        "splits.csv",
        f"{SPLITS}CANG,2025-11-17,2,1,a,x,\nCANG,2025-11-19,4,2,b,y,\nCANG,2025-11-17,2,1,a,x,\n",
    )
    assert len(rows.tables["splits"]) == 1
    assert [(f.kind, f.severity, f.subject) for f in rows.findings] == [
        ("split_twice", "rejected", "CANG")
    ] * 2


def test_two_ratios_for_one_split() -> None:
    rows = parse("splits.csv", f"{SPLITS}CANG,2025-11-17,2,1,,,\nCANG,2025-11-17,3,1,,,\n")
    assert [row["new_shares"] for row in rows.tables["splits"]] == [2]
    assert kinds(rows) == ["contradicting_row"]


# --- the other tables ---------------------------------------------------------------------------------
def test_a_company_without_ticker_or_first_day(embedded_files: dict[str, Snapshot]) -> None:
    header, first, second, *_ = embedded_files["companies.csv"].content.decode().splitlines()
    nameless = "," + first.split(",", 1)[1]
    dateless = second.replace("2025-06-02", "")
    rows = parse("companies.csv", "\n".join([header, nameless, dateless, first, first, ""]))
    assert [row["ticker"] for row in rows.tables["companies"]] == ["ABTC"]
    assert kinds(rows) == ["missing_cell", "missing_cell", "duplicate_row"]


EPOCHS = "first_height,first_block_time_utc,bits\n"


@pytest.mark.parametrize(
    "bad",
    [
        "x,2009-01-27T13:38:51Z,1d00ffff",
        "99999999999999999999,2009-01-27T13:38:51Z,1d00ffff",
        "2016,2009-01-27T13:38:51,1d00ffff",
        "2016,0001-01-01T00:00:00+14:00,1d00ffff",
        "2016,,1d00ffff",
    ],
)
def test_a_bad_epoch(bad: str) -> None:
    rows = parse("bitcoin_epochs.csv", f"{EPOCHS}0,2009-01-03T18:15:05Z,1d00ffff\n{bad}\n")
    assert [row["first_height"] for row in rows.tables["difficulty_epochs"]] == [0]
    assert "missing_cell" in kinds(rows)


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    rows = parse("bitcoin_epochs.csv", f"{EPOCHS}0,2009-01-03T20:15:05+02:00,1d00ffff\n")
    assert rows.tables["difficulty_epochs"][0]["known_at"] == datetime(2009, 1, 3, 18, 15, 5, tzinfo=UTC)


def test_one_figure_stated_twice_is_two_statements_in_order() -> None:
    """Sources differ: both stay, and a row put in front of them by a later file moves neither key."""
    header = (
        "ticker,company,period_start,period_end,fiscal_label,item,value,unit,source_url,source_date,note\n"
    )
    one = "RIOT,Riot,2025-01-01,2025-03-31,Q1 2025,revenue_total,161.4,USD,u1,2025-05-01,\n"
    two = "RIOT,Riot,2025-01-01,2025-03-31,Q1 2025,revenue_total,160,USD,u2,2025-05-02,\n"
    other = "MARA,Mara,2025-01-01,2025-03-31,Q1 2025,revenue_total,214,USD,u,2025-05-08,\n"

    def stated(text: str) -> list[tuple[Any, ...]]:
        table = parse("filing_facts.csv", header + text).tables["filing_facts"]
        return [(row["ticker"], row["item"], row["occurrence"], row["value"]) for row in table]

    told = [("RIOT", "revenue_total", 1, 161.4), ("RIOT", "revenue_total", 2, 160.0)]
    assert stated(one + two) == told
    assert stated(other + one + two)[1:] == told
    assert kinds(parse("filing_facts.csv", header + one + one)) == ["duplicate_row"]


def test_a_figure_without_day_of_publication_counts_as_known_after_the_deadline() -> None:
    header = (
        "ticker,company,period_start,period_end,fiscal_label,item,value,unit,source_url,source_date,note\n"
    )
    line = "RIOT,Riot,2025-01-01,2025-03-31,Q1 2025,revenue_total,161.4,USD,u,{},\n"
    for told in ("", "2025-03-01"):
        rows = parse("filing_facts.csv", header + line.format(told))
        assert rows.tables["filing_facts"][0]["known_at"] == end_of_day(date(2025, 5, 15))
        assert "publication_day_assumed" in kinds(rows)
    rows = parse("filing_facts.csv", header + line.format("2025-05-01"))
    assert rows.tables["filing_facts"][0]["known_at"] == end_of_day(date(2025, 5, 1))


@pytest.mark.parametrize("bad", ["2024Q5", "2024Q0", "2024", "Q1 2024", "0000Q4", "9999Q4", ""])
def test_a_bad_quarter(bad: str) -> None:
    header = "calendar_quarter,publisher,company,publisher_measure,cost_usd_per_btc,source,note\n"
    rows = parse(
        "published_costs.csv", f"{header}{bad},CoinShares,sector,cash,1,x,\n2024Q2,C,sector,cash,49500,x,\n"
    )
    assert [row["calendar_quarter"] for row in rows.tables["published_costs"]] == ["2024Q2"]
    assert rows.tables["published_costs"][0]["known_at"] == end_of_day(date(2024, 10, 28))
    assert kinds(rows) == ["missing_cell"]


def test_events_dated_to_a_month_or_a_year_are_known_at_its_end(embedded_files: dict[str, Snapshot]) -> None:
    header = embedded_files["events.csv"].content.decode().splitlines()[0]
    lines = "".join(
        f"{day},RIOT,other,,,,something {day},u,,A,,,\n" for day in ("2025-06", "2024", "2025-06-31", "?")
    )
    rows = parse("events.csv", f"{header}\n{lines}")
    assert [(row["day"], row["known_at"]) for row in rows.tables["events"]] == [
        (None, end_of_day(date(2025, 6, 30))),
        (None, end_of_day(date(2024, 12, 31))),
    ]
    assert kinds(rows) == ["imprecise_date", "imprecise_date", "unreadable_cell", "unreadable_cell"]


# --- cells --------------------------------------------------------------------------------------------
@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_days(day: date) -> None:
    assert iso_day(day.isoformat()) == day
    assert last_day(f"{day:%Y-%m}") == (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(
        days=1
    )
    assert last_day(f"{day:%Y}") == date(day.year, 12, 31)


@given(st.text(max_size=12))
def test_cells_are_read_or_refused(raw: str) -> None:
    for read in (finite, whole, iso_day):
        try:
            value = read(raw)
        except ValueError:
            continue
        assert isinstance(value, date) or math.isfinite(value)
    assert last_day(raw) is None or raw.isdigit() or "-" in raw


# --- laws ---------------------------------------------------------------------------------------------
@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.sampled_from(FILES), st.binary(max_size=300))
def test_any_bytes_give_rows(check_rows: Check, name: str, raw: bytes) -> None:
    check_rows(parse(name, raw))


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_cells_under_the_right_header_give_rows(
    check_rows: Check, embedded_files: dict[str, Snapshot], data: st.DataObject
) -> None:
    """The header stands, the cells are anything: odd numbers, days, words, quotes, cells of other rows."""
    name = data.draw(st.sampled_from(FILES))
    header, *lines = embedded_files[name].content.decode().splitlines()[:6]
    odd = [
        "nan",
        "-1",
        "0",
        "1e308",
        "9" * 25,
        "2025-12-05",
        "9999-12-31",
        "0001-01-01",
        "2025-06",
        "9999",
        '"',
        "",
    ]
    cell = (
        st.sampled_from(odd + header.split(","))
        | st.text(max_size=6)
        | st.sampled_from(",".join(lines).split(","))
    )
    width = header.count(",") + 1
    drawn = data.draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=6))
    check_rows(parse(name, "\n".join([header, *(",".join(row) for row in drawn), *lines, ""])))


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_good_rows_survive_bad_neighbours(embedded_files: dict[str, Snapshot], data: st.DataObject) -> None:
    """Junk between the lines of a real file: every row of it is there, and the junk is told of."""
    name = data.draw(st.sampled_from(FILES))
    header, *lines = embedded_files[name].content.splitlines()[:9]
    good = parse(name, b"\n".join([header, *lines, b""]))
    junk = data.draw(st.binary(min_size=1, max_size=40))
    junk = b"?" + junk.replace(b"\n", b"").replace(b"\r", b"").replace(b'"', b"").replace(b",", b"")
    lines.insert(data.draw(st.integers(0, len(lines))), junk)
    rows = parse(name, b"\n".join([header, *lines, b""]))

    def told(one: Rows) -> list[tuple[Any, ...]]:
        return [
            tuple((k, v) for k, v in row.items() if k != "locator") for t in one.tables.values() for row in t
        ]

    assert told(rows) == told(good)
    assert len(rows.findings) > len(good.findings)
