"""From a filer's own tags to the items of the cost ladder.

Filers do not tag alike: RIOT's interest expense sits under ``us-gaap:OtherNonoperatingExpense``, CLSK's
overhead is three lines, mining's cost of revenue is a member of an axis. Each reading here was checked
against the page of the filing. A filer that is not listed gives no items and a finding; nothing is guessed
from a concept's name. BTC produced and CLSK's energy are tagged by nobody: they come from releases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from minerdesk.records import Finding
from minerdesk.sources.ixbrl_facts import Row

Period = tuple[date | None, date]

_MINING = "srt:ProductOrServiceAxis=riot:MiningMember"
_SEGMENT = (
    "srt:ConsolidationItemsAxis=us-gaap:OperatingSegmentsMember;"
    "us-gaap:StatementBusinessSegmentsAxis=riot:BitcoinMiningSegmentMember"
)
_BTBT_MINING = "srt:ProductOrServiceAxis=btbt:DigitalAssetMiningMember"
_BTBT_SEGMENT = f"srt:ConsolidationItemsAxis=us-gaap:OperatingSegmentsMember;{_BTBT_MINING}"
#: Kinds of period a cost line is read for; an instant is read for what is held or outstanding.
_FLOWS = frozenset({"quarter", "half", "nine_months", "year"})


@dataclass(frozen=True)
class Reading:
    """An item as a filer tags it: the sum of ``concepts``, in one dimension, times ``sign``."""

    item: str
    concepts: tuple[str, ...]
    dimensions: str = ""
    sign: int = 1
    unit: str = "USD"
    instant: bool = False


def _flow(item: str, concepts: str, dimensions: str = "", sign: int = 1) -> Reading:
    return Reading(item, tuple(concepts.split()), dimensions, sign)


def _held(item: str, concepts: str, unit: str = "USD", dimensions: str = "") -> Reading:
    return Reading(item, tuple(concepts.split()), dimensions, unit=unit, instant=True)


_COMMON = (
    _flow("depreciation_amortization", "us-gaap:DepreciationAndAmortization"),
    _held("cash_and_equivalents", "us-gaap:CashAndCashEquivalentsAtCarryingValue"),
    _held("shares_outstanding", "dei:EntityCommonStockSharesOutstanding", "shares"),
    _held("preferred", "us-gaap:PreferredStockValue"),
    _held("minority_interest", "us-gaap:MinorityInterest"),
)
_RIOT_CONVERT = "us-gaap:DebtInstrumentAxis=us-gaap:ConvertibleNotesPayableMember"
#: CIK -> readings; of two for one item the first that the filing has is taken.
FILERS: dict[str, tuple[Reading, ...]] = {
    "0001167419": (  # RIOT
        _flow("revenue_total", "us-gaap:Revenues"),
        _flow("revenue_self_mining", "us-gaap:Revenues", _MINING),
        _flow("cost_of_revenue_ex_da", "us-gaap:CostOfRevenue", _MINING),
        _flow("power_cost_mining", "riot:PowerExpenses", _SEGMENT),
        _flow("power_curtailment_credits", "riot:PowerCurtailmentCredits", sign=-1),
        _flow("sga_expense", "us-gaap:SellingGeneralAndAdministrativeExpense"),
        _flow("stock_based_compensation", "us-gaap:StockIssuedDuringPeriodValueShareBasedCompensation"),
        _flow("interest_expense", "us-gaap:OtherNonoperatingExpense"),
        _flow("income_tax_current", "us-gaap:CurrentIncomeTaxExpenseBenefit"),
        _held("debt_total", "us-gaap:LongTermDebtCurrent us-gaap:LongTermDebtNoncurrent"),
        _held("btc_held", "us-gaap:CryptoAssetNumberOfUnits", "riot:item"),
        _held("convertible_principal", "us-gaap:DebtInstrumentFaceAmount", "USD", _RIOT_CONVERT),
        _held("convertible_principal", "us-gaap:DebtInstrumentCarryingAmount", "USD", _RIOT_CONVERT),
        _held(
            "conversion_price",
            "us-gaap:DebtInstrumentConvertibleConversionPrice1",
            "USD/shares",
            _RIOT_CONVERT,
        ),
        *_COMMON,
    ),
    "0000827876": (  # CLSK, fiscal year to September
        _flow("revenue_total", "clsk:DigitalCurrencyMiningRevenues"),
        _flow("revenue_self_mining", "clsk:DigitalCurrencyMiningRevenues"),
        _flow("cost_of_revenue_ex_da", "us-gaap:CostOfRevenue"),
        _flow(
            "sga_expense",
            "us-gaap:ProfessionalFees us-gaap:OtherLaborRelatedExpenses "
            "us-gaap:GeneralAndAdministrativeExpense",
        ),
        _flow("stock_based_compensation", "clsk:OptionsAndRestrictedStockUnitsIssuedForServices"),
        _flow("interest_expense", "us-gaap:InterestExpense"),
        _held("debt_total", "us-gaap:LoansPayableCurrent us-gaap:LongTermLoansPayable"),
        *_COMMON,
    ),
    "0001710350": (  # BTBT
        _flow("revenue_total", "us-gaap:Revenues"),
        _flow("revenue_self_mining", "us-gaap:CryptoAssetMining"),
        _flow("cost_of_revenue_ex_da", "us-gaap:CostOfRevenue", _BTBT_MINING),
        _flow("power_cost_mining", "btbt:ElectricityCosts", _BTBT_SEGMENT),
        _flow("sga_expense", "us-gaap:GeneralAndAdministrativeExpense"),
        _flow("stock_based_compensation", "us-gaap:ShareBasedCompensation"),
        *_COMMON,
    ),
}


def items(facts: Sequence[Row]) -> tuple[list[Row], tuple[Finding, ...]]:
    """Item rows from the fact rows of one filing: the columns of ``filing_facts`` and the facts behind them.

    A row has ``item``, ``value``, ``unit``, the period, ``concept``, ``context``, ``accession``, and as
    ``locator`` the facts it was read from. Suspect facts and other currencies are not read.
    """
    findings: list[Finding] = []
    ciks = sorted({fact["cik"] for fact in facts})
    for cik in ciks:
        if cik not in FILERS:
            findings.append(
                Finding("unread_filer", "note", cik, f"no reading of the tags of CIK {cik} is on file")
            )
    places: defaultdict[tuple[str, str, str], dict[Period, Row]] = defaultdict(dict)
    for fact in facts:
        period = (fact["period_start"], fact["period_end"])
        if fact["value"] is None or fact["suspect"]:
            continue
        known = places[fact["cik"], fact["concept"], fact["dimensions"]]
        # the same fact in the statement and, rounded to 0.1 million, in a sentence: the statement's counts
        if period not in known or _precision(fact) > _precision(known[period]):
            known[period] = fact
    rows: list[Row] = []
    for cik in ciks:
        taken: set[tuple[str, Period]] = set()
        for reading in FILERS.get(cik, ()):
            columns = [places[cik, concept, reading.dimensions] for concept in reading.concepts]
            for period in sorted(set.intersection(*(set(column) for column in columns)), key=str):
                parts = [column[period] for column in columns]
                if (reading.item, period) in taken or not _fits(reading, parts):
                    continue
                taken.add((reading.item, period))
                rows.append(_row(reading, parts))
    return rows, tuple(findings)


def restatements(rows: Iterable[Row]) -> tuple[Finding, ...]:
    """A note for each item and period that a later filing states differently; both rows are kept."""
    vintages: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        vintages[row["ticker"], row["item"], row["period_start"], row["period_end"]].append(row)
    findings = []
    for (ticker, item, start, end), stated in vintages.items():
        ordered = sorted(stated, key=lambda row: row["known_at"])
        for before, after in pairwise(ordered):
            if before["value"] != after["value"]:
                told = [f"{v['value']:,.10g} known {v['known_at']:%Y-%m-%d}" for v in (before, after)]
                detail = f"{item} from {start} to {end}: {', '.join(told)}"
                findings.append(
                    Finding("restated", "note", ticker, detail, locator=after["locator"], day=end)
                )
    return tuple(findings)


def _precision(fact: Row) -> float:
    return float("inf") if fact["decimals"] is None else float(fact["decimals"])


def _fits(reading: Reading, parts: Sequence[Row]) -> bool:
    return all(
        part["unit"] == reading.unit
        and (part["period_kind"] == "instant" if reading.instant else part["period_kind"] in _FLOWS)
        for part in parts
    )


def _row(reading: Reading, parts: Sequence[Row]) -> Row:
    first = parts[0]
    label = {"instant": "at", "quarter": "3M to", "half": "6M to", "nine_months": "9M to", "year": "12M to"}
    return {
        "ticker": first["ticker"],
        "period_start": first["period_start"],
        "period_end": first["period_end"],
        "fiscal_label": f"{label[first['period_kind']]} {first['period_end']}",
        "item": reading.item,
        "value": reading.sign * sum(part["value"] for part in parts),
        "unit": "BTC" if reading.item == "btc_held" else reading.unit,
        "note": "sum of the facts named" if len(parts) > 1 else "",
        "concept": " + ".join(part["concept"] for part in parts),
        "context": first["context"],
        "dimensions": first["dimensions"],
        "accession": first["accession"],
        "known_at": first["known_at"],
        "locator": " ".join(part["locator"] for part in parts),
    }
