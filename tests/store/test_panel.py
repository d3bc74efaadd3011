"""The panel: which share count, split and close is in force at a session, and what is told of the rest.

Figures of the embedded desk are those of its tables (the trap is named in each test); the small worlds beside
them are worked out by hand in the test.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minerdesk import pipeline
from minerdesk.desk import Desk
from minerdesk.records import Finding, Snapshot, end_of_day
from minerdesk.store.archive import ingest
from minerdesk.store.engine import duckdb_engine
from minerdesk.store.panel import MarketPanel, market_panel

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
SESSIONS = ["2025-11-10", "2025-11-11", "2025-11-12", "2025-11-13", "2025-11-14", "2025-11-17", "2025-11-18"]
CLOSES = "\n".join(f"{day},10" for day in SESSIONS)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
Build = Callable[..., MarketPanel]


@pytest.fixture(scope="module")
def panel(desk: Desk) -> MarketPanel:
    """The embedded desk as known at the end of 2025."""
    return market_panel(desk.engine, end_of_day(date(2025, 12, 31)))


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """``build(counts=..., splits=..., closes=...)``: a panel of AAA at a close of 10 on seven sessions.

    Each table is text of lines below its header; a list of texts comes as one snapshot after the other.
    """
    headers = {
        "closes.csv": "session,AAA",
        "shares.csv": "ticker,shares_outstanding,known_at,basis,source,note",
        "splits.csv": "ticker,effective_date,new_shares,old_shares,kind,source,note",
    }

    def built(
        counts: str | list[str] = "",
        splits: str | list[str] = "",
        closes: str | list[str] = CLOSES,
        as_of: datetime = NEW_YEAR,
    ) -> MarketPanel:
        arriving = []
        for name, told in (("closes.csv", closes), ("shares.csv", counts), ("splits.csv", splits)):
            for number, text in enumerate([told] if isinstance(told, str) else told):
                content = f"{headers[name]}\n{text.strip()}\n".encode()
                one = Snapshot("embedded", name, content, datetime(2025, 12, 1 + number, tzinfo=UTC))
                arriving.append((one, pipeline.parse(one)))
        return market_panel(duckdb_engine(ingest(tmp_path, arriving)), as_of)

    return built


def shares(panel: MarketPanel, session: str, ticker: str = "AAA") -> float:
    return float(panel.outstanding_shares[panel.row(date.fromisoformat(session)), panel.column(ticker)])


def told(panel: MarketPanel, kind: str) -> list[Finding]:
    return [finding for finding in panel.findings if finding.kind == kind]


# --- counts: the embedded desk ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ticker", "session", "expected"),
    [
        # filing of 2025-09-03; the vendor's 16,560,481 of 09-05 is Class A alone
        ("ABTC", "2025-09-03", 908_655_670),
        ("ABTC", "2025-09-05", 908_655_670),
        ("ABTC", "2025-09-08", 908_655_670),
        ("ABTC", "2025-12-05", 927_604_994),
        # ADS of two shares until 2025-11-14; the release of 11-17 counts shares
        ("CANG", "2025-11-14", 103_788_114),
        ("CANG", "2025-11-17", 366_000_000),
        # IREN's 288,642,592 is known on 2025-12-04, not before
        ("IREN", "2025-12-03", 283_465_490),
        ("IREN", "2025-12-04", 288_642_592),
        # 1:216 on 2025-12-12: 71,725,035 old ADS
        ("ARBK", "2025-12-11", 71_725_035),
        ("ARBK", "2025-12-12", 71_725_035 / 216),
        # 1:60 in January 2026 lies after the year
        ("BTOG", "2025-12-31", 88_610_522),
    ],
)
def test_counts_of_the_embedded_desk(panel: MarketPanel, ticker: str, session: str, expected: float) -> None:
    assert shares(panel, session, ticker) == pytest.approx(expected, rel=1e-12)


def test_the_vendor_row_of_abtc_is_told_of(panel: MarketPanel) -> None:
    [finding] = told(panel, "count_contradicts_filing")
    assert (finding.subject, finding.severity) == ("ABTC", "rejected")
    assert finding.day == date(2025, 9, 5)
    assert "16,560,481" in finding.detail
    assert "908,655,670" in finding.detail


def test_counts_that_leap_are_told_of(panel: MarketPanel) -> None:
    """SOS counts ordinary shares at first, BMNR's summer counts look far too small: kept, and flagged."""
    leaps = {(finding.subject, str(finding.day)) for finding in told(panel, "count_jump")}
    assert {("SOS", "2025-09-16"), ("BMNR", "2025-10-14")} <= leaps
    assert all(finding.severity == "suspect" for finding in told(panel, "count_jump"))


def test_btog_split_of_january_changes_no_count_of_december(desk: Desk) -> None:
    """A reverse split of 2026 must not change what 2025 showed, whenever it is read."""
    late = market_panel(desk.engine, datetime(2026, 12, 31, tzinfo=UTC))
    early = market_panel(desk.engine, end_of_day(date(2025, 12, 31)))
    assert shares(late, "2025-12-31", "BTOG") == shares(early, "2025-12-31", "BTOG") == 88_610_522
    np.testing.assert_array_equal(late.outstanding_shares, early.outstanding_shares)
    np.testing.assert_array_equal(late.close_usd, early.close_usd)
    np.testing.assert_array_equal(late.split_ratio, early.split_ratio)


def test_splits_of_the_embedded_desk(panel: MarketPanel) -> None:
    rows, places = np.nonzero(panel.split_ratio != 1)
    found = {
        (panel.tickers[c], str(panel.sessions[r])): panel.split_ratio[r, c]
        for r, c in zip(rows, places, strict=True)
    }
    assert found == {
        ("ABTC", "2025-09-03"): 1 / 5,
        ("CANG", "2025-11-17"): 2.0,
        ("ARBK", "2025-12-12"): 1 / 216,
    }
    [dilution] = told(panel, "return_holds_dilution")
    assert (dilution.subject, dilution.day) == ("ARBK", date(2025, 12, 12))


def test_every_count_names_its_row(panel: MarketPanel) -> None:
    known = np.isfinite(panel.outstanding_shares)
    named = np.array([[bool(ref) for ref in line] for line in panel.count_refs])
    np.testing.assert_array_equal(known, named)


# --- counts: rules ------------------------------------------------------------------------------------
def test_the_latest_count_known_at_the_close_is_in_force(build: Build) -> None:
    panel = build("AAA,100,2025-11-11,vendor,,\nAAA,120,2025-11-13,vendor,,\nAAA,130,2025-11-15,vendor,,")
    assert [shares(panel, day) for day in SESSIONS[1:]] == [100, 100, 120, 120, 130, 130]
    assert np.isnan(shares(panel, "2025-11-10"))


def test_on_one_day_filing_before_release_before_vendor(build: Build) -> None:
    panel = build("AAA,90,2025-11-11,filing,,\nAAA,100,2025-11-11,vendor,,\nAAA,95,2025-11-11,release,,")
    assert shares(panel, "2025-11-12") == 90


@pytest.mark.parametrize(("known_on", "expected"), [("2025-11-11", 90), ("2025-09-11", 25)])
def test_a_vendor_count_against_a_filing(build: Build, known_on: str, expected: float) -> None:
    """More than three times off a filing of the last sixty days: not used. After that the vendor is."""
    panel = build(f"AAA,90,{known_on},filing,,\nAAA,25,2025-11-12,vendor,,")
    assert shares(panel, "2025-11-12") == expected
    assert len(told(panel, "count_contradicts_filing")) == (expected == 90)


def test_a_filing_against_a_vendor_is_taken(build: Build) -> None:
    panel = build("AAA,90,2025-11-11,vendor,,\nAAA,25,2025-11-12,filing,,")
    assert shares(panel, "2025-11-12") == 25


def test_a_vendor_count_is_compared_across_a_split(build: Build) -> None:
    """1:10 between filing and vendor: the vendor's tenth is right."""
    panel = build("AAA,9000,2025-11-11,filing,,\nAAA,905,2025-11-14,vendor,,", "AAA,2025-11-13,1,10,,,")
    assert [shares(panel, day) for day in SESSIONS[1:6]] == [9000, 9000, 900, 905, 905]
    assert not told(panel, "count_contradicts_filing")


def test_a_count_in_thousands(build: Build) -> None:
    panel = build(
        "AAA,90000000,2025-11-10,filing,,\nAAA,90100,2025-11-12,vendor,,\nAAA,91000000,2025-11-14,filing,,"
    )
    assert [shares(panel, day) for day in ("2025-11-11", "2025-11-12", "2025-11-14")] == [9e7, 9e7, 9.1e7]
    [finding] = told(panel, "count_in_thousands")
    assert (finding.severity, finding.day) == ("rejected", date(2025, 11, 12))


def test_a_first_count_in_thousands_spoils_only_its_own_days(build: Build) -> None:
    panel = build(
        "AAA,90000,2025-11-10,vendor,,\nAAA,90100000,2025-11-12,vendor,,\nAAA,91000000,2025-11-14,filing,,"
    )
    assert [shares(panel, day) for day in ("2025-11-12", "2025-11-14")] == [9.01e7, 9.1e7]
    [finding] = told(panel, "count_in_thousands")
    assert (finding.severity, finding.day) == ("suspect", date(2025, 11, 10))


def test_a_count_a_thousand_times_too_large(build: Build) -> None:
    panel = build(
        "AAA,90000,2025-11-10,filing,,\nAAA,90100,2025-11-11,filing,,\nAAA,90200000,2025-11-12,filing,,\n"
        "AAA,91000,2025-11-13,filing,,"
    )
    assert [shares(panel, day) for day in SESSIONS[:4]] == [90_000, 90_100, 90_100, 91_000]


def test_a_reverse_split_of_a_thousand_is_no_unit_error(build: Build) -> None:
    panel = build(
        "AAA,90000000,2025-11-10,filing,,\nAAA,90000,2025-11-13,filing,,", "AAA,2025-11-12,1,1000,,,"
    )
    assert [shares(panel, day) for day in SESSIONS[:4]] == [9e7, 9e7, 9e4, 9e4]
    assert not told(panel, "count_in_thousands")


def test_a_split_before_the_first_session_carries_an_older_count(build: Build) -> None:
    panel = build("AAA,1000,2025-10-01,filing,,", "AAA,2025-10-20,1,10,,,")
    assert shares(panel, "2025-11-10") == 100


def test_a_count_known_on_the_day_of_a_split_is_after_it(build: Build) -> None:
    panel = build("AAA,1000,2025-11-12,filing,,", "AAA,2025-11-12,1,10,,,")
    assert shares(panel, "2025-11-12") == 1000


def test_a_split_on_a_day_without_session_takes_effect_on_the_next(build: Build) -> None:
    """Saturday; a count of that Saturday is told after the fact, one of the Friday is not."""
    panel = build("AAA,1000,2025-11-14,filing,,", "AAA,2025-11-15,1,10,,,")
    assert panel.split_ratio[panel.row(date(2025, 11, 17)), 0] == 0.1
    assert [shares(panel, day) for day in ("2025-11-14", "2025-11-17")] == [1000, 100]


# --- splits -------------------------------------------------------------------------------------------
SPLIT = "AAA,2025-11-12,1,10,reverse split,one,"


@pytest.mark.parametrize(
    "twice",
    [
        f"{SPLIT}\nAAA,2025-11-12,1,10,reverse split,two,",
        f"{SPLIT}\nAAA,2025-11-14,2,20,reverse split,two,",
        [SPLIT, "AAA,2025-11-13,1,10,reverse split,two,"],
        [SPLIT, f"{SPLIT}\nAAA,2025-11-14,10,100,reverse split,two,"],
    ],
    ids=["same day", "days apart", "two snapshots", "both"],
)
def test_a_split_told_twice_counts_once(build: Build, tmp_path: Path, twice: str | list[str]) -> None:
    panel = build("AAA,1000,2025-11-10,filing,,", twice)
    assert panel.split_ratio.prod() == pytest.approx(0.1)
    assert shares(panel, "2025-11-18") == pytest.approx(100)
    from minerdesk.store import frames
    from minerdesk.store.archive import open_archive

    stored = frames.findings(duckdb_engine(open_archive(tmp_path)), NEW_YEAR)
    kinds = {row["kind"] for row in stored} | {finding.kind for finding in panel.findings}
    assert kinds & {"split_twice", "duplicate_row"}


def test_two_different_splits_within_days_both_count(build: Build) -> None:
    panel = build("", f"{SPLIT}\nAAA,2025-11-14,2,1,split,two,")
    assert panel.split_ratio.prod() == pytest.approx(0.2)


def test_the_same_split_a_month_later_is_another(build: Build) -> None:
    panel = build("", "AAA,2025-10-01,1,10,,,\nAAA,2025-11-12,1,10,,,")
    assert panel.split_ratio.prod() == pytest.approx(0.1)
    assert not told(panel, "split_twice")


def test_a_split_is_unknown_before_its_day(build: Build) -> None:
    assert (build("", SPLIT, as_of=end_of_day(date(2025, 11, 11))).split_ratio == 1).all()


# --- closes -------------------------------------------------------------------------------------------
def test_a_jump_is_kept_and_told_of(build: Build) -> None:
    panel = build(closes="2025-11-10,10\n2025-11-11,1000\n2025-11-12,10")
    np.testing.assert_array_equal(panel.close_usd[:, 0], [10, 1000, 10])
    assert [finding.day for finding in told(panel, "price_jump")] == [date(2025, 11, 11), date(2025, 11, 12)]


def test_a_split_explains_its_jump(build: Build) -> None:
    panel = build("", "AAA,2025-11-11,1,100,,,", closes="2025-11-10,10\n2025-11-11,1000\n2025-11-12,990")
    assert not told(panel, "price_jump")
    assert panel.growth(0, 2).tolist() == [0.01]
    assert panel.growth(1, 2).tolist() == [1.0]


def test_carried_closes_by_hand() -> None:
    nan = np.nan
    panel = MarketPanel(
        sessions=tuple(date(2025, 11, day) for day in (10, 11, 12, 13)),
        tickers=("AAA", "BBB"),
        close_usd=np.array([[nan, 5.0], [3.0, nan], [nan, nan], [31.0, 7.0]]),
        share_volume=np.full((4, 2), nan),
        split_ratio=np.array([[1, 1], [1, 1], [0.1, 1], [1, 1.0]]),
        outstanding_shares=np.full((4, 2), nan),
        count_refs=(("", ""),) * 4,
        split_refs={},
        findings=(),
    )
    carried = panel.carried_close_usd()
    assert np.isnan(carried[0, 0])
    np.testing.assert_allclose(carried[1:, 0], [3, 30, 31])
    np.testing.assert_allclose(carried[:, 1], [5, 5, 5, 7])
    assert np.isnan(panel.close_usd[2, 0]), "the close as traded stays missing"


def test_nothing_known_yet(desk: Desk) -> None:
    panel = market_panel(desk.engine, datetime(2025, 5, 1, tzinfo=UTC))
    assert panel.sessions == ()
    assert panel.tickers == ()


def test_closes_and_volumes_are_those_of_the_table(panel: MarketPanel, answer: Any) -> None:
    week = answer("week_2025-12-05")
    start, end = panel.row(date(2025, 11, 28)), panel.row(date(2025, 12, 5))
    for name in week["names"]:
        place = panel.column(name["ticker"])
        assert panel.close_usd[start, place] == name["close_start_usd"]
        assert panel.close_usd[end, place] == name["close_end_usd"]
        assert panel.outstanding_shares[end, place] == pytest.approx(name["shares_end"], rel=1e-12)
    assert panel.share_volume.shape == panel.close_usd.shape == panel.outstanding_shares.shape
