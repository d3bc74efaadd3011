"""The tables of the cost section: rungs, publishers, companies, break-even."""

from __future__ import annotations

from minerdesk.desk.views import Row, View, figure
from minerdesk.present.document import Column, Name, Runs, Table
from minerdesk.present.narrative.edition import Edition, cell
from minerdesk.records import Figure

_ = str
RUNGS = {
    "power": _("Power, net of credits"),
    "site": _("and site: staff, hosting, pool fees"),
    "operating": _("and overhead in cash"),
    "cash": _("and interest, cash tax: cash cost"),
    "cash_and_sbc": _("and stock pay"),
    "all_in": _("and depreciation: all-in"),
}
SHORT = {
    "power": _("Power"),
    "site": _("Site"),
    "operating": _("Operating"),
    "cash": _("Cash"),
    "cash_and_sbc": _("With stock pay"),
    "all_in": _("All-in"),
}
ABOUT = {"sector": _("sector"), "sector median": _("sector, median")}


def rung_table(edition: Edition, view: View) -> Table:
    """The ladder of the sector: each rung weighted and as a median."""
    say, show = edition.words, edition.print
    rows = [
        (
            say.sentence(text),
            cell(show.bare_price(view[f"sector_{name}_cost_usd_per_btc"])),
            cell(show.bare_price(view[f"median_{name}_cost_usd_per_btc"])),
            cell(show.count(view[f"{name}_names"])),
        )
        for name, text in RUNGS.items()
    ]
    return Table(
        "cost-rungs",
        say("The ladder of the sector, US dollars a bitcoin"),
        (
            Column(say("Rung")),
            Column(say("Weighted"), "end"),
            Column(say("Median"), "end"),
            Column(say("Names"), "end"),
        ),
        tuple(rows),
        say.sentence(
            _(
                "Each rung rests on the names that state all its lines, so a higher rung with fewer names can "
                "stand beside a lower one with more. Whole-company lines are charged by mining's share of revenue."
            )
        ),
    )


def statement_table(edition: Edition, view: View) -> list[Table]:
    """What publishers state of the quarter, beside ours."""
    say, show = edition.words, edition.print
    rows = [r for r in view.tables["rosetta"] if r["rung"]]
    if not rows:
        return []

    def about(row: Row) -> Runs:
        name = str(row["subject"])
        return say.sentence(ABOUT[name]) if name in ABOUT else cell(Name(name))

    return [
        Table(
            "cost-rosetta",
            say("What publishers state of the quarter, US dollars a bitcoin"),
            (
                Column(say("Publisher")),
                Column(say("About")),
                Column(say("Rung")),
                Column(say("Stated"), "end"),
                Column(say("Ours, overhead in full"), "end"),
                Column(say("Unexplained"), "end"),
            ),
            tuple(
                (
                    cell(Name(str(r["publisher"]))),
                    about(r),
                    say.sentence(SHORT[str(r["rung"])]),
                    cell(show.bare_price(figure(r, "stated_usd_per_btc"))),
                    cell(show.bare_price(figure(r, "in_full_usd_per_btc"))),
                    cell(show.plain(figure(r, "unexplained_usd_per_btc"), digits=0, signed=True)),
                )
                for r in rows
            ),
            say.sentence(_("A dash where our data lack a line of that rung: nothing is filled in.")),
        )
    ]


def ladder_table(edition: Edition, view: View) -> Table:
    """The ladders of the companies that have at least one rung."""
    say, show = edition.words, edition.print
    names = [f"{name}_cost_usd_per_btc" for name in SHORT]
    rows = [r for r in view.tables["ladder"] if any(figure(r, n).value is not None for n in names)]

    def mined(row: Row) -> Runs:
        count = row["mined_btc"]
        return cell(show.count(count)) if isinstance(count, Figure) else cell(Name("–"))

    return Table(
        "cost-ladder",
        say("The ladder by company, US dollars a bitcoin"),
        (
            Column(say("Ticker")),
            *(Column(say(text), "end") for text in SHORT.values()),
            Column(say("Bitcoin mined"), "end"),
            Column(say("Age"), "end"),
        ),
        tuple(
            (
                cell(Name(str(r["ticker"]))),
                *(cell(show.bare_price(figure(r, n))) for n in names),
                mined(r),
                cell(show.days(figure(r, "age_days"))),
            )
            for r in rows
        ),
        say.sentence(
            _("Quarter {quarter}. A dash is a line nobody stated, not a zero."),
            quarter=Name(view.facts["quarter"]),
        ),
        fold=True,
    )


def break_even(edition: Edition, view: View) -> list[Table]:
    """Where each company with a filed hashcost stands at the week's end."""
    say, show = edition.words, edition.print
    rows = view.tables["margins"]
    if not rows or view["hashprice_usd_per_ph_day"].value is None:
        return []
    return [
        Table(
            "cost-break-even",
            say("Break-even at the week's end"),
            (
                Column(say("Ticker")),
                Column(say("Filed quarter")),
                Column(say("Break-even price of bitcoin"), "end"),
                Column(say("Margin a coin"), "end"),
                Column(say("Hashcost"), "end"),
                Column(say("Hashprice"), "end"),
                Column(say("Realised EH/s"), "end"),
                Column(say("Age"), "end"),
            ),
            tuple(
                (
                    cell(Name(str(r["ticker"]))),
                    cell(Name(str(r["quarter"]))),
                    cell(show.price(figure(r, "break_even_price_usd_per_btc"))),
                    cell(show.percent(figure(r, "margin_fraction"))),
                    cell(show.price(figure(r, "hashcost_usd_per_ph_day"))),
                    cell(show.price(figure(r, "hashprice_usd_per_ph_day"))),
                    cell(show.plain(figure(r, "realised_hashrate_eh_s"), digits=1)),
                    cell(show.days(figure(r, "age_days"))),
                )
                for r in rows
            ),
            say.sentence(
                _(
                    "Cash cost. Hashcost and hashprice are US dollars a petahash per second and day; realised "
                    "hashrate is what the coins mined imply. Where fees of the filed quarter are not on record, both "
                    "leave fees out."
                )
            ),
        )
    ]
