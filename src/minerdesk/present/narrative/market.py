"""The market against bitcoin, on one clock."""

from __future__ import annotations

from datetime import date

import numpy as np

from minerdesk.desk.views import Row, figure
from minerdesk.present import charts
from minerdesk.present.document import Block, Chart, Column, Name, Paragraph, Section, Table
from minerdesk.present.narrative.edition import Edition, cell

_ = str
VARIANTS = {
    "cap": _("Weighted by market cap"),
    "capped": _("No name above the cap"),
    "equal": _("Equal weights"),
}


def section(edition: Edition) -> Section:
    week, say, show = edition.week, edition.words, edition.print
    blocks: list[Block] = []
    sector, bitcoin = week["sector_return_fraction"], week["btc_return_fraction"]
    if bitcoin.value is not None and sector.value is not None:
        blocks.append(_direction(edition))
    if week["beta_to_btc"].value is not None:
        blocks.append(
            edition.says(
                _(
                    "Over the past sixty sessions the sector's beta to Bitcoin was {beta} (standard error {se}). "
                    "Measured together with an AI basket ({basket}), its exposure was {two} to Bitcoin and {ai} "
                    "to the basket."
                ),
                beta=show.plain(week["beta_to_btc"]),
                se=show.plain(week["beta_to_btc_se"]),
                basket=say.listed([Name("NVDA"), Name("CRWV")]),
                two=show.plain(week["two_factor_beta_to_btc"]),
                ai=show.plain(week["two_factor_beta_to_ai"]),
            )
        )
    rows = [r for r in week.tables["sessions"] if figure(r, "btc_close_usd").value is not None]
    if len(rows) > 2:
        blocks.append(_chart(edition, rows))
    weeks = week.tables["weeks"]
    if len(weeks) > 1:
        blocks.append(_breadth(edition, weeks))
    blocks.append(
        Table(
            "indices",
            say("The sector as an index"),
            (
                Column(say("Weighting")),
                Column(say("At the start"), "end"),
                Column(say("At the end"), "end"),
                Column(say("Change"), "end"),
            ),
            tuple(
                (
                    say.sentence(VARIANTS[str(r["variant"])]),
                    cell(show.plain(figure(r, "level_start"), digits=1)),
                    cell(show.plain(figure(r, "level_end"), digits=1)),
                    cell(show.percent(figure(r, "return_fraction"))),
                )
                for r in week.tables["indices"]
            ),
            say.sentence(
                _(
                    "The index moves only with prices: its divisor takes in new shares, splits, entries and "
                    "exits. The first line differs from the sector's return where shares were issued within "
                    "the week."
                )
            ),
        )
    )
    return Section("market", say("The market against Bitcoin"), tuple(blocks))


def _direction(edition: Edition) -> Paragraph:
    """Whether the sector went with bitcoin. "Against the trend" is said only where the two went opposite
    ways on one clock."""
    week, show = edition.week, edition.print
    z = show.plain(week["divergence_z"], signed=True)
    opposite = float(week["sector_return_fraction"]) * float(week["btc_return_fraction"]) < 0
    if week["divergence_z"].value is None:
        return edition.says(
            _("The sector and Bitcoin moved in opposite directions on one clock.")
            if opposite
            else _("The sector and Bitcoin moved in the same direction on one clock.")
        )
    unusual = abs(float(week["divergence_z"])) > 1.96
    if opposite:
        return edition.says(
            _(
                "The sector moved against the trend of Bitcoin on one clock. Measured by its beta the "
                "divergence is beyond the usual range (z {z})."
            )
            if unusual
            else _(
                "The sector moved against the trend of Bitcoin on one clock. Measured by its beta the "
                "divergence is within the usual range (z {z})."
            ),
            z=z,
        )
    return edition.says(
        _(
            "The sector and Bitcoin moved in the same direction on one clock. Measured by its beta, the "
            "difference is beyond the usual range (z {z})."
        )
        if unusual
        else _(
            "The sector and Bitcoin moved in the same direction on one clock. Measured by its beta, the "
            "difference is within the usual range (z {z})."
        ),
        z=z,
    )


def _chart(edition: Edition, rows: list[Row]) -> Chart:
    say, show = edition.words, edition.print
    days = [r["session"] for r in rows if isinstance(r["session"], date)]
    marks, month = [], 0
    for place, day in enumerate(days):
        if day.month != month and place < len(days) - 3:
            marks.append((place, say.day(day, "short").text))
            month = day.month
    first = max(0, days.index(edition.start) if edition.start in days else 0)
    lines = [
        charts.Line(say("Miners"), np.array([float(figure(r, "sector_index")) for r in rows])),
        charts.Line(say("Bitcoin"), np.array([float(figure(r, "btc_close_usd")) for r in rows])),
    ]
    svg = charts.sector_against_bitcoin(
        lines,
        (first, len(rows) - 1),
        number=lambda v: show.decimal(v, 0),
        marks=marks,
        week_label=say("the week"),
        language=edition.language,
    )
    return Chart(
        "sector-against-bitcoin",
        say("Miners and Bitcoin, rebased at the first session shown"),
        svg,
        say("Two lines on one clock: the sector's cap-weighted index and the price of Bitcoin."),
        say.sentence(
            _(
                "Cap-weighted index and Bitcoin (UTC-day close, hours after the New York close), "
                "{first} to {last}."
            ),
            first=say.day(days[0]),
            last=say.day(days[-1]),
        ),
    )


def _breadth(edition: Edition, weeks: tuple[Row, ...]) -> Chart:
    say, show = edition.words, edition.print
    days = [r["week_ending"] for r in weeks]
    svg = charts.breadth(
        [say.day(d, "short").text for d in days],
        np.array([float(figure(r, "advancers")) for r in weeks]),
        np.array([float(figure(r, "decliners")) for r in weeks]),
        advancers_label=say("rose"),
        decliners_label=say("fell"),
        number=lambda v: show.decimal(v, 0),
        language=edition.language,
    )
    return Chart(
        "breadth",
        say("Names that rose and fell, by week"),
        svg,
        say("Columns above the line count names that rose, columns below it names that fell."),
    )
