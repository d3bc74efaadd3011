"""The movers: every name, what it did to the sector, and the cause where the rule finds one."""

from __future__ import annotations

import numpy as np

from minerdesk.desk.views import Row, figure
from minerdesk.present import charts
from minerdesk.present.document import Block, Bullets, Chart, Column, Name, Runs, Section, Table
from minerdesk.present.event_words import first_address, words_of
from minerdesk.present.narrative.causes import cause_of, causes_blocks, with_and_without
from minerdesk.present.narrative.edition import Edition, cell

_ = str
TOLD = 3


def section(edition: Edition) -> Section | None:
    week, say, show = edition.week, edition.words, edition.print
    rows = sorted(
        week.tables["names"],
        key=lambda r: (figure(r, "return_fraction").value is None, -_value(r, "return_fraction")),
    )
    known = [r for r in rows if figure(r, "return_fraction").value is not None]
    if not known:
        return None
    most = _most(known)
    blocks: list[Block] = [Bullets(tuple(_told(edition, r) for r in most))]
    without = with_and_without(edition, str(most[0]["ticker"]))
    if without:
        blocks.append(without)
    blocks.append(
        Chart(
            "returns",
            say("Return of every name over the week"),
            charts.movers(
                [str(r["ticker"]) for r in rows],
                np.array([_value(r, "return_fraction", np.nan) for r in rows]),
                number=show.percent_text,
                missing=say("no data"),
                language=edition.language,
            ),
            say("Bars of all names, sorted from the largest rise to the largest fall."),
        )
    )
    blocks += causes_blocks(edition)
    if week.tables["events"]:
        blocks.append(_events(edition))
    else:
        blocks.append(edition.note(_("No dated event of a name is on record for this week.")))
    blocks.append(_names(edition, rows))
    return Section("movers", say("Movers"), tuple(blocks))


def _value(row: Row, column: str, missing: float = 0.0) -> float:
    value = figure(row, column).value
    return missing if value is None else float(value)


def _most(rows: list[Row]) -> list[Row]:
    """The names that moved the sector most."""
    return sorted(rows, key=lambda r: -abs(_value(r, "contribution_fraction")))[:TOLD]


def _told(edition: Edition, row: Row) -> Runs:
    say, show = edition.words, edition.print
    change = figure(row, "return_fraction")
    split = figure(row, "close_start_usd").ref and "split" in "".join(change.inputs)
    if split:
        said = edition.moved(
            change,
            _("{ticker} rose {change}, its split taken out; {part} of the sector's move."),
            _("{ticker} fell {change}, its split taken out; {part} of the sector's move."),
            _("{ticker} was unchanged, its split taken out; {part} of the sector's move."),
            ticker=Name(str(row["ticker"])),
            part=show.points(figure(row, "contribution_fraction")),
        )
    else:
        said = edition.moved(
            change,
            _("{ticker} rose {change}, from {start} to {end}; {part} of the sector's move."),
            _("{ticker} fell {change}, from {start} to {end}; {part} of the sector's move."),
            _("{ticker} was unchanged, from {start} to {end}; {part} of the sector's move."),
            ticker=Name(str(row["ticker"])),
            start=show.price(figure(row, "close_start_usd")),
            end=show.price(figure(row, "close_end_usd")),
            part=show.points(figure(row, "contribution_fraction")),
        )
    return said + say.space + cause_of(edition, str(row["ticker"]))


def _events(edition: Edition) -> Table:
    say = edition.words
    return Table(
        "events",
        say("Dated events of the week"),
        (Column(say("Day")), Column(say("Name")), Column(say("Event")), Column(say("Source grade"))),
        tuple(
            (
                cell(say.day(e["day"], "short")),
                cell(Name(str(e["ticker"]))),
                say.sentence(words_of(e["event_type"])),
                cell(Name(str(e["source_tier"] or "–"), href=first_address(e["source_url"]))),
            )
            for e in edition.week.tables["events"]
        ),
        say.sentence(_("Source grades: A filing or release, B press, C aggregator.")),
    )


def _names(edition: Edition, rows: list[Row]) -> Table:
    say, show = edition.words, edition.print
    return Table(
        "names",
        say("All names"),
        (
            Column(say("Name")),
            Column(say("Start, US$"), "end"),
            Column(say("End, US$"), "end"),
            Column(say("Return"), "end"),
            Column(say("Contribution"), "end"),
            Column(say("Market cap"), "end"),
            Column(say("Turnover"), "end"),
            Column(say("Age of share count"), "end"),
        ),
        tuple(
            (
                cell(Name(str(r["ticker"]))),
                cell(show.bare_price(figure(r, "close_start_usd"))),
                cell(show.bare_price(figure(r, "close_end_usd"))),
                cell(show.percent(figure(r, "return_fraction"))),
                cell(show.points(figure(r, "contribution_fraction"))),
                cell(show.money(figure(r, "market_cap_end_usd"))),
                cell(show.money(figure(r, "turnover_usd"))),
                cell(show.days(figure(r, "count_age_days"))),
            )
            for r in rows
        ),
        say.sentence(_("Closes as traded; returns with splits taken out.")),
        fold=True,
    )
