"""The sector's cap: what prices did, what new shares did, and who carried it."""

from __future__ import annotations

import numpy as np

from minerdesk.desk.views import figure
from minerdesk.present import charts
from minerdesk.present.document import Block, Chart, Column, Runs, Section, Table
from minerdesk.present.narrative.edition import Edition, cell

_ = str


def section(edition: Edition) -> Section | None:
    week, say, show = edition.week, edition.words, edition.print
    if week["sector_return_fraction"].value is None:
        return None
    blocks: list[Block] = [
        edition.says(
            _(
                "Combined market cap went from {start} to {end} ({change}). Prices account for {price}, new "
                "and retired shares for {shares}. A change of cap is not a return: by price alone the sector "
                "moved {returned}."
            ),
            start=show.money(week["sector_cap_gross_start_usd"]),
            end=show.money(week["sector_cap_gross_end_usd"]),
            change=show.percent(week["cap_change_fraction"]),
            price=show.money(week["price_effect_usd"], digits=2, signed=True),
            shares=show.money(week["share_effect_usd"], digits=2, signed=True),
            returned=show.percent(week["sector_return_fraction"]),
        )
    ]
    rows = [r for r in week.tables["names"] if figure(r, "contribution_fraction").value is not None]
    blocks.append(
        Chart(
            "contributions",
            say("Contribution to the sector's return, in percentage points"),
            charts.contribution_waterfall(
                [str(r["ticker"]) for r in rows],
                np.array([float(figure(r, "contribution_fraction")) * 100 for r in rows]),
                rest_label=say("all others"),
                total_label=say("sector"),
                number=lambda v: show.decimal(v, 2, signed=True),
                language=edition.language,
            ),
            say("A waterfall from the largest contributors over all others to the sector's return."),
        )
    )
    blocks.append(_table(edition))
    if float(week["cross_held_end_usd"]):
        blocks.append(
            edition.note(
                _(
                    "Net of cross-holdings: what one name holds in another is counted once. The stake behind "
                    "it is contested; with the largest one told the net cap at the end is {alternative}."
                ),
                alternative=show.money(week["sector_cap_net_end_alternative_usd"]),
            )
        )
    return Section("cap", say("Market cap and contribution"), tuple(blocks))


def _table(edition: Edition) -> Table:
    week, say, show = edition.week, edition.words, edition.print

    def line(label: str, name: str, *, signed: bool = False) -> tuple[Runs, ...]:
        return (say.sentence(label), cell(show.money(week[name], digits=2, signed=signed)))

    rows = [
        line(_("Gross, at the start"), "sector_cap_gross_start_usd"),
        line(_("Price effect"), "price_effect_usd", signed=True),
        line(_("Share effect"), "share_effect_usd", signed=True),
    ]
    if week["entry_effect_usd"].value:
        rows.append(line(_("New listings"), "entry_effect_usd", signed=True))
    rows += [
        line(_("Gross, at the end"), "sector_cap_gross_end_usd"),
        line(_("Cross-holdings, at the end"), "cross_held_end_usd"),
        line(_("Net, at the start"), "sector_cap_net_start_usd"),
        line(_("Net, at the end"), "sector_cap_net_end_usd"),
    ]
    return Table(
        "cap-bridge",
        say("From the old cap to the new"),
        (Column(say("Item")), Column(say("Amount"), "end")),
        tuple(rows),
    )
