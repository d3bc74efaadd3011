"""What to watch: the unlock radar and the dates known at the time that still lie ahead."""

from __future__ import annotations

from datetime import date

from minerdesk.desk.views import Row, figure
from minerdesk.present.document import Block, Column, Name, Run, Runs, Section, Table
from minerdesk.present.event_words import first_address, words_of
from minerdesk.present.narrative.edition import Edition, cell

_ = str
CERTAINTY = {"announced": _("announced"), "rule": _("by rule"), "forecast": _("forecast")}
SECTOR = "sector"


def section(edition: Edition) -> Section:
    say = edition.words
    title = say("What to watch")
    view = edition.views.get("events")
    if view is None or not view.tables["calendar"]:
        return Section("watch", title, (edition.says(_("No dated event ahead was on record at the time.")),))
    blocks: list[Block] = []
    if view.tables["unlocks"]:
        blocks += _radar(edition, view.tables["unlocks"])
    blocks.append(_calendar(edition, view.tables["calendar"]))
    return Section("watch", title, tuple(blocks))


def _radar(edition: Edition, rows: tuple[Row, ...]) -> list[Block]:
    say, show = edition.words, edition.print
    view = edition.views["events"]
    table = Table(
        "unlocks",
        say("Unlock radar"),
        (
            Column(say("Day")),
            Column(say("Name")),
            Column(say("Shares freed"), "end"),
            Column(say("Of the float"), "end"),
            Column(say("Days of volume"), "end"),
            Column(say("Holders' gain"), "end"),
            Column(say("Expected, literature"), "end"),
            Column(say("Expected, updated"), "end"),
            Column(say("Source grade")),
        ),
        tuple(
            (
                cell(say.day(r["day"])),
                cell(Name(str(r["ticker"]))),
                cell(show.big(figure(r, "unlock_shares"))),
                cell(show.percent(figure(r, "of_float_fraction"), signed=False)),
                cell(show.plain(figure(r, "volume_sessions"), digits=1)),
                cell(show.percent(figure(r, "holder_gain_fraction"))),
                _interval(edition, r, "prior"),
                _interval(edition, r, "updated"),
                cell(Name(str(r["source_tier"] or "–"), href=first_address(r["source_url"]))),
            )
            for r in rows
        ),
        say.sentence(
            _(
                "Expected: the move over three sessions beyond Bitcoin and the sector, within the bounds at ninety "
                "per cent; from the literature on lock-ups ({authors}), then with the desk's own past unlocks "
                "({n}). A dash: no source states it. The float takes out only what listed holders own."
            ),
            authors=Name("Field, Hanka"),
            n=show.count(view["past_unlocks"]),
        ),
    )
    return [table]


def _interval(edition: Edition, row: Row, kind: str) -> Runs:
    low, high = (figure(row, f"car_{kind}_{side}_fraction") for side in ("low", "high"))
    if low.value is None:
        return cell(edition.print.percent(low))
    return edition.words.sentence(
        _("{low} to {high}"),
        low=edition.print.percent(low, digits=0),
        high=edition.print.percent(high, digits=0),
    )


def _calendar(edition: Edition, rows: tuple[Row, ...]) -> Table:
    """One line a day and kind: names that share both stand together."""
    say = edition.words
    grouped: dict[tuple[object, str, str], list[str]] = {}
    for row in rows:
        key = (row["day"], str(row["event_type"]), str(row["certainty"]))
        grouped.setdefault(key, []).append(str(row["ticker"]))
    return Table(
        "ahead",
        say("Known dates ahead"),
        (Column(say("Day")), Column(say("Name")), Column(say("Event")), Column(say("Known by"))),
        tuple(
            (
                cell(say.day(day if isinstance(day, date) else None)),
                say.listed([_name(edition, ticker) for ticker in tickers]),
                say.sentence(words_of(kind)),
                say.sentence(CERTAINTY[certainty]),
            )
            for (day, kind, certainty), tickers in grouped.items()
        ),
        say.sentence(
            _(
                "Only what was known by the date of this report. Retargets are forecast from the pace of blocks; "
                "reports due show the last legal day."
            )
        ),
    )


def _name(edition: Edition, ticker: str) -> Run:
    if ticker == SECTOR:
        return edition.words.sentence(_("the sector"))[0]
    return Name(ticker)
