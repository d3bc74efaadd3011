"""The network: difficulty, hashprice, hashrate with its interval, the next retarget, machines."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from minerdesk.consensus import BLOCKS_PER_EPOCH
from minerdesk.desk.views import View, figure
from minerdesk.present import charts, charts_network
from minerdesk.present.document import Block, Chart, Column, Name, Paragraph, Section, Table
from minerdesk.present.drawing import Floats
from minerdesk.present.narrative.edition import Edition, cell

_ = str
#: Words under a time axis.
MARKS = 4


def section(edition: Edition) -> Section | None:
    view = edition.views.get("network")
    if view is None:
        return None
    blocks: list[Block] = [*_earnings(edition, view), *_hashrate(edition, view)]
    blocks += [*_outlook(edition, view), *_machines(edition, view)]
    blocks.append(edition.note(_("Which pool found a block is not on record here, so no shares are told.")))
    return Section("network", edition.words("The network"), tuple(blocks))


def _day(view: View, name: str) -> date:
    return date.fromisoformat(view.facts[name])


def _earnings(edition: Edition, view: View) -> list[Block]:
    say, show = edition.words, edition.print
    blocks: list[Block] = [
        edition.says(
            _("Difficulty has stood at {difficulty} since {start}, {change} against the epoch before."),
            difficulty=show.big(view["difficulty"], digits=2),
            start=say.day(_day(view, "epoch_start")),
            change=show.percent(figure(view.tables["epochs"][0], "change_fraction"), digits=2),
        )
    ]
    if view["hashprice_usd_per_ph_day"].value is None:
        blocks.append(edition.says(_("No Bitcoin price is on record for the day, so no hashprice is told.")))
        return blocks
    blocks.append(
        edition.says(
            _(
                "At the close of {day} one petahash per second earned {hashprice} a day (hashprice). All "
                "miners together were paid {revenue} that day, {fees} of it fees."
            ),
            day=say.day(_day(view, "day")),
            hashprice=show.price(view["hashprice_usd_per_ph_day"]),
            revenue=show.money(view["miner_revenue_usd"]),
            fees=show.percent(view["fee_share_fraction"], digits=2, signed=False),
        )
    )
    hashprice = _column(view, "hashprice_usd_per_ph_day")
    if np.isfinite(hashprice).sum() > 1:
        blocks.append(
            Chart(
                "hashprice",
                say("Hashprice, US dollars per petahash per second and day"),
                charts.band_line(
                    hashprice,
                    hashprice,
                    hashprice,
                    label=say("hashprice"),
                    number=lambda v: show.decimal(v, 1),
                    marks=_marks(edition, view),
                    language=edition.language,
                ),
                say("A line of hashprice by day."),
                say.sentence(
                    _("By the difficulty in force, the day's mean fee and the close of the UTC day: exact.")
                ),
            )
        )
    return blocks


def _hashrate(edition: Edition, view: View) -> list[Block]:
    say, show = edition.words, edition.print
    if view["network_hashrate_eh_s"].value is None:
        return [edition.says(_("Too few days are on record for an estimate of hashrate."))]
    blocks: list[Block] = [
        Paragraph(
            say.counted(
                "Hashrate is not seen, it is estimated from the blocks found: {rate} EH/s from the {n} block "
                "of {first} to {last}. Nineteen times in twenty it lies between {low} and {high} EH/s.",
                "Hashrate is not seen, it is estimated from the blocks found: {rate} EH/s from the {n} blocks "
                "of {first} to {last}. Nineteen times in twenty it lies between {low} and {high} EH/s.",
                show.count(view["window_blocks"]),
                rate=show.count(view["network_hashrate_eh_s"]),
                first=say.day(_day(view, "window_first_day"), "short"),
                last=say.day(_day(view, "day")),
                low=show.count(view["network_hashrate_low_eh_s"]),
                high=show.count(view["network_hashrate_high_eh_s"]),
            )
        ),
        edition.says(
            _(
                "The probability that it was above one zetahash per second is {probability} in this window; "
                "other windows say otherwise, as the table shows."
            ),
            probability=show.percent(view["probability_above_1_zh_s_fraction"], digits=0, signed=False),
        ),
    ]
    rates = {end: _column(view, f"window_hashrate{end}_eh_s") for end in ("", "_low", "_high")}
    if np.isfinite(rates[""]).sum() > 1:
        implied = _column(view, "difficulty") * float(view["difficulty_hashrate_eh_s"])
        blocks.append(
            Chart(
                "hashrate",
                say("Hashrate and difficulty"),
                charts_network.hashrate_band(
                    rates[""],
                    rates["_low"],
                    rates["_high"],
                    implied / float(view["difficulty"]),
                    hashrate_label=say("by blocks found"),
                    implied_label=say("by difficulty"),
                    number=lambda v: show.decimal(v, 0),
                    marks=_marks(edition, view),
                    language=edition.language,
                ),
                say("A line of estimated hashrate in its interval, and steps of difficulty as hashrate."),
                say.sentence(
                    _(
                        "In EH/s. The band holds nineteen times in twenty, for a window of {days} that ends with the "
                        "day. Steps: the hashrate at which a block would come every ten minutes."
                    ),
                    days=show.days(view["window_days"]),
                ),
            )
        )
    blocks.append(
        Table(
            "windows",
            say("One day, several windows"),
            (
                Column(say("Window")),
                Column(say("Blocks"), "end"),
                Column(say("Hashrate, EH/s"), "end"),
                Column(say("Lower end"), "end"),
                Column(say("Upper end"), "end"),
                Column(say("Above one ZH/s"), "end"),
            ),
            tuple(
                (
                    cell(show.days(figure(r, "days"))),
                    cell(show.count(figure(r, "blocks"))),
                    cell(show.count(figure(r, "hashrate_eh_s"))),
                    cell(show.count(figure(r, "hashrate_low_eh_s"))),
                    cell(show.count(figure(r, "hashrate_high_eh_s"))),
                    cell(
                        show.percent(figure(r, "probability_above_1_zh_s_fraction"), digits=0, signed=False)
                    ),
                )
                for r in view.tables["windows"]
                if r["blocks"] is not None
            ),
            say.sentence(_("Windows are whole UTC days; the last column is a probability, not a finding.")),
        )
    )
    return blocks


def _outlook(edition: Edition, view: View) -> list[Block]:
    say, show = edition.words, edition.print
    blocks: list[Block] = []
    if view["next_retarget_fraction"].value is None:
        blocks.append(edition.says(_("The epoch is too young for a forecast of the next retarget.")))
    else:
        blocks.append(
            Paragraph(
                say.counted(
                    "The next retarget is {n} block away, about {day}: at this pace difficulty changes by "
                    "{change}, nineteen times in twenty by {low} to {high}.",
                    "The next retarget is {n} blocks away, about {day}: at this pace difficulty changes by "
                    "{change}, nineteen times in twenty by {low} to {high}.",
                    show.count(view["epoch_left_blocks"]),
                    day=say.day(_day(view, "next_retarget_day")),
                    change=show.percent(view["next_retarget_fraction"]),
                    low=show.percent(view["next_retarget_low_fraction"]),
                    high=show.percent(view["next_retarget_high_fraction"]),
                )
            )
        )
        clock = charts_network.Clock(
            done=int(float(view["epoch_done_blocks"])),
            blocks=BLOCKS_PER_EPOCH,
            change=float(view["next_retarget_fraction"]),
            low=float(view["next_retarget_low_fraction"]),
            high=float(view["next_retarget_high_fraction"]),
        )
        blocks.append(
            Chart(
                "retarget",
                say("Retarget clock"),
                charts_network.retarget_clock(
                    clock,
                    done_label=say("blocks of this epoch"),
                    change_label=say("forecast change of difficulty"),
                    number=lambda v: show.percent_text(v, 0),
                    blocks=lambda v: show.decimal(v, 0),
                    language=edition.language,
                ),
                say("A bar of the epoch's blocks so far; the forecast change as a point in its band."),
            )
        )
    blocks.append(
        Paragraph(
            say.counted(
                "The next halving of the subsidy is {n} block away, about {day}.",
                "The next halving of the subsidy is {n} blocks away, about {day}.",
                show.count(view["halving_left_blocks"]),
                day=say.day(_day(view, "halving_day")),
            )
        )
    )
    return blocks


def _machines(edition: Edition, view: View) -> list[Block]:
    say, show = edition.words, edition.print
    tiers = view.tables["switch_off"]
    if not tiers or view["under_water_fraction"].value is None:
        return []
    return [
        edition.says(
            _(
                "At {power} per kWh, machines up to {worst} J/TH earn their power. Of a stated fleet of "
                "{mean} J/TH on average, {share} would not."
            ),
            power=show.price(view["power_price_usd_per_kwh"]),
            worst=show.plain(view["break_even_efficiency_j_per_th"], digits=1),
            mean=show.plain(view["fleet_efficiency_j_per_th"], digits=1),
            share=show.percent(view["under_water_fraction"], signed=False),
        ),
        Table(
            "switch_off",
            say("Who switches off first"),
            (
                Column(say("Machine")),
                Column(say("J/TH"), "end"),
                Column(say("Share of fleet"), "end"),
                Column(say("Breaks even at, US dollars per kWh"), "end"),
                Column(say("Off below hashprice"), "end"),
            ),
            tuple(
                (
                    cell(Name(str(r["model"]))),
                    cell(show.plain(figure(r, "efficiency_j_per_th"), digits=1)),
                    cell(show.percent(figure(r, "share_fraction"), digits=0, signed=False)),
                    cell(show.plain(figure(r, "break_even_power_price_usd_per_kwh"), digits=3)),
                    cell(show.price(figure(r, "switch_off_usd_per_ph_day"))),
                )
                for r in tiers
            ),
            say.sentence(
                _(
                    "Fleet and power price are stated, not measured: each year's growth of hashrate at the "
                    "efficiency of one machine of that year, scrapped after five years."
                )
            ),
        ),
    ]


def _column(view: View, name: str) -> Floats:
    """A column of the table of days, shape (days,); NaN where missing."""
    values = [figure(row, name).value for row in view.tables["days"]]
    return np.array([np.nan if v is None else float(v) for v in values])


def _marks(edition: Edition, view: View) -> list[tuple[int, str]]:
    """Some days, evenly apart, for a time axis."""
    days: list[Any] = [row["day"] for row in view.tables["days"]]
    places = np.linspace(0, len(days) - 1, min(MARKS, len(days))).round().astype(int)
    return [(int(k), edition.words.day(days[k], "short").text) for k in places]
