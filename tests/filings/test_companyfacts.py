"""SEC company facts: vintages, units, and what is no fact."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from minerdesk.records import Rows, Snapshot
from minerdesk.sources.companyfacts import parse
from minerdesk.sources.ixbrl_facts import COLUMNS

OLD, NEW = "0001167419-24-000041", "0001167419-25-000033"
#: In the shape of data.sec.gov/api/xbrl/companyfacts; figures of RIOT's filings of 2024 and 2025.
DOCUMENT: dict[str, Any] = {
    "cik": 1167419,
    "entityName": "RIOT PLATFORMS, INC.",
    "facts": {
        "dei": {
            "EntityCommonStockSharesOutstanding": {
                "label": "Shares",
                "units": {
                    "shares": [
                        {"end": "2025-07-29", "val": 369623180, "accn": "0001167419-25-000033", "fy": 2025,
                         "fp": "Q2", "form": "10-Q", "filed": "2025-07-31", "frame": "CY2025Q2I"}
                    ]
                },
            }
        },
        "us-gaap": {
            "SellingGeneralAndAdministrativeExpense": {
                "label": "SG&A",
                "units": {
                    "USD": [
                        {"start": "2024-04-01", "end": "2024-06-30", "val": 61189000, "accn": OLD,
                         "fy": 2024, "fp": "Q2", "form": "10-Q", "filed": "2024-07-31"},
                        {"start": "2024-04-01", "end": "2024-06-30", "val": 61189000, "accn": NEW,
                         "fy": 2025, "fp": "Q2", "form": "10-Q", "filed": "2025-07-31", "frame": "CY2024Q2"},
                    ]
                },
            },
            "EarningsPerShareDiluted": {
                "label": "EPS",
                "units": {
                    "USD/shares": [
                        {"start": "2025-04-01", "end": "2025-06-30", "val": 0.58, "accn": NEW,
                         "fy": 2025, "fp": "Q2", "form": "10-Q", "filed": "2025-07-31"}
                    ]
                },
            },
        },
        "riot": {"PowerCurtailmentCredits": {"units": {"USD": []}}},
    },
}  # fmt: skip
SGA = ("us-gaap", "SellingGeneralAndAdministrativeExpense", "USD")


def read(document: Any) -> Rows:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse(Snapshot("sec", "CIK0001167419.json", content, datetime(2026, 1, 1, tzinfo=UTC)), "RIOT")


def spoilt(**change: Any) -> Rows:
    document = deepcopy(DOCUMENT)
    entry = document["facts"]["us-gaap"]["SellingGeneralAndAdministrativeExpense"]["units"]["USD"][0]
    for name, value in change.items():
        if value is ...:
            del entry[name]
        else:
            entry[name] = value
    return read(document)


def test_rows_have_the_columns_of_any_fact_and_their_own_vintage() -> None:
    parsed = read(DOCUMENT)
    rows = parsed.tables["xbrl_facts"]
    assert parsed.findings == ()
    assert all(tuple(sorted(row)) == tuple(sorted(COLUMNS)) for row in rows)
    first, second = (row for row in rows if row["concept"].endswith("AdministrativeExpense"))
    assert (first["value"], first["period_kind"], first["cik"]) == (61_189_000.0, "quarter", "0001167419")
    assert first["known_at"] == datetime(2024, 8, 1, tzinfo=UTC)
    assert second["known_at"] == datetime(2025, 8, 1, tzinfo=UTC)
    assert first["accession"] == "0001167419-24-000041"


def test_locators_are_pointers_into_the_document() -> None:
    for row in read(DOCUMENT).tables["xbrl_facts"]:
        place: Any = DOCUMENT
        for part in row["locator"].split("/")[1:]:
            step = part.replace("~1", "/").replace("~0", "~")
            place = place[int(step)] if isinstance(place, list) else place[step]
        assert place["val"] == row["value"]


def test_an_instant_has_no_start() -> None:
    (count,) = (row for row in read(DOCUMENT).tables["xbrl_facts"] if row["unit"] == "shares")
    assert (count["period_start"], count["period_end"]) == (None, date(2025, 7, 29))


@pytest.mark.parametrize(
    "change",
    [
        {"end": ...},
        {"val": ...},
        {"filed": ...},
        {"end": "2024-13-01"},
        {"val": "61189000"},
        {"val": True},
        {"val": float("nan")},
        {"start": "2025-01-01"},
    ],
)
def test_an_entry_that_is_no_fact(change: dict[str, Any]) -> None:
    parsed = spoilt(**change)
    assert len(parsed.tables["xbrl_facts"]) == 3
    (finding,) = parsed.findings
    assert (finding.kind, finding.severity) == ("unreadable_fact", "rejected")
    assert finding.locator.endswith("/USD/0")


def test_two_values_in_one_filing() -> None:
    parsed = spoilt(accn="0001167419-25-000033", val=61_000_000)
    assert [f.kind for f in parsed.findings] == ["conflicting_values"]
    doubted = [r["value"] for r in parsed.tables["xbrl_facts"] if r["suspect"]]
    assert doubted == [61_000_000.0, 61_189_000.0]


def test_a_restatement_is_two_vintages_and_no_conflict() -> None:
    parsed = spoilt(val=60_000_000)
    assert parsed.findings == ()
    assert not any(row["suspect"] for row in parsed.tables["xbrl_facts"])


def test_a_year_of_53_weeks() -> None:
    assert [f.kind for f in spoilt(start="2023-06-26").findings] == ["odd_period"]


def test_other_money() -> None:
    document = deepcopy(DOCUMENT)
    units = document["facts"]["us-gaap"]["SellingGeneralAndAdministrativeExpense"]["units"]
    units["CAD"] = units.pop("USD")
    assert [f.kind for f in read(document).findings] == ["other_currency"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"cik": 1}',
        b'{"cik": "x", "facts": {}}',
        b'{"cik": 1, "facts": 2}',
        b'{"cik": 1, "facts": {"us-gaap": 2}}',
        b'{"cik": 1, "facts": {"us-gaap": {"A": {"units": {"USD": 3}}}}}',
    ],
)
def test_bytes_that_are_not_this_document(content: bytes) -> None:
    parsed = read(content)
    assert parsed.tables["xbrl_facts"] == []
    assert [f.kind for f in parsed.findings] == ["not_company_facts"]
