"""Machines at a hashprice, and a stated fleet: who is under water, who switches off first."""

from __future__ import annotations

from typing import Any

from minerdesk.desk.book import Book
from minerdesk.desk.network.days import Chain
from minerdesk.desk.views import Row
from minerdesk.errors import InputError
from minerdesk.measures import mining
from minerdesk.measures.network import difficulty_hashrate_eh_s
from minerdesk.models.fleet import FleetMix, switch_off_tiers, under_water_fraction, vintage_mix
from minerdesk.records import Figure

#: Nobody publishes what the world's miners pay: a round figure near the usual estimates, stated as such.
DEFAULT_POWER_USD_PER_KWH = 0.06
#: The machine that stands for what a year added (none on record was released in 2025: the S21 Pro stands for
#: that year), and after how many years a vintage is scrapped. Stated, not measured.
VINTAGES = {
    2019: "Antminer S17",
    2020: "Antminer S19",
    2021: "Antminer S19j Pro",
    2022: "Antminer S19j Pro+",
    2023: "Antminer S19 XP",
    2024: "Antminer S21",
    2025: "Antminer S21 Pro",
}
LIFETIME_YEARS = 5


def fleet(
    book: Book, chain: Chain, hashprice: Figure, power_price: float
) -> tuple[dict[str, Figure], dict[str, tuple[Row, ...]]]:
    """Figures of the stated fleet, and the tables ``machines`` and ``switch_off``.

    Raises :class:`InputError` for a power price that is not above zero.
    """
    if not power_price > 0:
        raise InputError(f"a power price is above zero, not {power_price}")
    power = book.model(
        "power_price_usd_per_kwh", power_price, "usd_per_kwh", "stated", (), "an assumption, stated"
    )
    machines = {(row["model"], row["efficiency_j_per_th"]): row for row in reversed(chain.machines)}
    rows = [
        _machine(book, row, hashprice, power)
        for _, row in sorted(machines.items(), key=lambda item: (item[0][1], item[0][0]))
    ]
    # of variants under one name the most efficient stands for it
    named = {str(row["model"]): row for row in reversed(rows)}
    mix, refs = _mix(chain, named)
    known = mix is not None and hashprice.value is not None
    figures = {
        "power_price_usd_per_kwh": power,
        "under_water_fraction": book.model(
            "under_water_fraction",
            under_water_fraction(mix, float(hashprice), power_price) if mix and known else None,
            "fraction",
            "models.fleet.under_water_fraction",
            (hashprice.ref, power.ref, *refs),
            mix.basis if mix else "no machine known for a year of the stated fleet",
        ),
        "fleet_efficiency_j_per_th": book.model(
            "fleet_efficiency_j_per_th",
            mix.mean_efficiency_j_per_th if mix else None,
            "j_per_th",
            "models.fleet.vintage_mix",
            refs,
            mix.basis if mix else "no machine known for a year of the stated fleet",
        ),
        "break_even_efficiency_j_per_th": book.derive(
            "break_even_efficiency_j_per_th",
            mining.break_even_efficiency_j_per_th,
            hashprice_usd_per_ph_day=hashprice,
            power_price_usd_per_kwh=power,
        ),
    }
    tiers = _tiers(book, mix, refs, named, power) if mix else ()
    return figures, {"machines": tuple(rows), "switch_off": tiers}


def _machine(book: Book, row: dict[str, Any], hashprice: Figure, power: Figure) -> Row:
    """A machine's break-even power price, the hashprice at which it burns money, and its margin."""
    at = f"/{row['ref'].split('/', 1)[1]}"
    efficiency = book.observed(row["ref"], row["efficiency_j_per_th"], "j_per_th")
    cost = book.derive(
        f"switch_off_usd_per_ph_day{at}",
        mining.energy_cost_usd_per_ph_day,
        efficiency_j_per_th=efficiency,
        power_price_usd_per_kwh=power,
    )
    return {
        "model": row["model"],
        "manufacturer": row["manufacturer"],
        "release": row["release"],
        "efficiency_j_per_th": efficiency,
        "break_even_power_price_usd_per_kwh": book.derive(
            f"break_even_power_price_usd_per_kwh{at}",
            mining.break_even_power_price_usd_per_kwh,
            hashprice_usd_per_ph_day=hashprice,
            efficiency_j_per_th=efficiency,
        ),
        "switch_off_usd_per_ph_day": cost,
        "margin_usd_per_ph_day": book.derive(
            f"margin_usd_per_ph_day{at}",
            mining.mining_margin_usd_per_ph_day,
            hashprice_usd_per_ph_day=hashprice,
            hashcost_usd_per_ph_day=cost,
        ),
    }


def _mix(chain: Chain, machines: dict[str, Row]) -> tuple[FleetMix | None, tuple[str, ...]]:
    """The stated mix of vintages up to the day, and what it rests on; none where a machine is not known."""
    years = [year for year in VINTAGES if year <= chain.day.year]
    levels = [machines[VINTAGES[y]]["efficiency_j_per_th"] for y in years if VINTAGES[y] in machines]
    if len(levels) < len(years) or not years:
        return None, ()
    ends = [[e for e in chain.epochs if e.start.year <= year][-1] for year in years]
    ends[-1] = chain.epochs[-1]
    mix = vintage_mix(
        years,
        [difficulty_hashrate_eh_s(e.difficulty) for e in ends],
        [float(level) for level in levels if isinstance(level, Figure)],
        LIFETIME_YEARS,
    )
    machine_refs = [level.ref for level in levels if isinstance(level, Figure)]
    return mix, tuple(dict.fromkeys([*(e.ref for e in ends), *machine_refs]))


def _tiers(
    book: Book, mix: FleetMix, refs: tuple[str, ...], machines: dict[str, Row], power: Figure
) -> tuple[Row, ...]:
    """The stated fleet's tiers in the order in which a falling hashprice switches them off."""
    stated = {float(m["efficiency_j_per_th"]): m for n in VINTAGES.values() if (m := machines.get(n))}  # type: ignore[arg-type]
    rows: list[Row] = []
    for tier in switch_off_tiers(mix, float(power)):
        machine = stated[tier.efficiency_j_per_th]
        at = f"/{machine['model']}"
        rows.append(
            {
                "model": machine["model"],
                "efficiency_j_per_th": machine["efficiency_j_per_th"],
                "share_fraction": book.model(
                    f"share_fraction{at}", tier.share_fraction, "fraction", "models.fleet.vintage_mix", refs
                ),
                "break_even_power_price_usd_per_kwh": machine["break_even_power_price_usd_per_kwh"],
                "switch_off_usd_per_ph_day": machine["switch_off_usd_per_ph_day"],
                "off_fraction": book.model(
                    f"off_fraction{at}",
                    tier.off_fraction,
                    "fraction",
                    "models.fleet.switch_off_tiers",
                    (*refs, power.ref),
                    "of the stated fleet: this tier and all worse ones",
                ),
            }
        )
    return tuple(rows)
