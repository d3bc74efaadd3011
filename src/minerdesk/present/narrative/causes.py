"""What the cause rule says, in words: a cause is named only where it finds one (definitions, section 5)."""

from __future__ import annotations

from minerdesk.desk.views import Row, View, figure
from minerdesk.models.cause import LEAST_T
from minerdesk.present.document import Block, Column, Name, Paragraph, Run, Runs, Table
from minerdesk.present.event_words import first_address, words_of
from minerdesk.present.narrative.edition import Edition, cell

_ = str


def cause_of(edition: Edition, ticker: str) -> Runs:
    """The abnormal return of a name's week and the verdict, as sentences."""
    say, show = edition.words, edition.print
    row = _row(edition.views.get("causes"), ticker)
    if row is None or figure(row, "car_t").value is None:
        return say.sentence(_("The move cannot be tested: no cause is named."))
    measured = say.sentence(
        _("Beyond what Bitcoin and the sector explain it moved {car} ({low} to {high}, t {t}).")
        if row["model"] == "market"
        else _("Against the sector alone, its record being short, it moved {car} ({low} to {high}, t {t})."),
        car=show.percent(figure(row, "car_fraction")),
        low=show.percent(figure(row, "car_low_fraction")),
        high=show.percent(figure(row, "car_high_fraction")),
        t=show.plain(figure(row, "car_t"), digits=1, signed=True),
    )
    return measured + say.space + _verdict(edition, row)


def _verdict(edition: Edition, row: Row) -> Runs:
    say = edition.words
    if row["verdict"] == "no_test":
        return say.sentence(_("The move cannot be tested: no cause is named."))
    if row["verdict"] == "no_dated_event":
        return say.sentence(
            _("That is beyond chance; no dated event found.")
            if _beyond(row)
            else _("That is within chance; no dated event found.")
        )
    told: dict[str, Run | str] = {
        "what": say(words_of(row["event_type"])),
        "day": say.day(row["event_day"]),
        "grade": Name(str(row["source_tier"] or "–"), href=first_address(row["source_url"])),
    }
    if row["verdict"] == "named":
        return say.sentence(_("Cause by the rule: {what} on {day} (source grade {grade})."), **told)
    return say.sentence(
        _("A dated event lies near ({what} on {day}, source grade {grade}), but the move is within chance: no "
          "cause is named."),
        **told,
    )  # fmt: skip


def _beyond(row: Row) -> bool:
    return abs(float(figure(row, "car_t"))) > LEAST_T


def with_and_without(edition: Edition, ticker: str) -> Paragraph | None:
    """The sector's week with all names and without ``ticker``."""
    view = edition.views.get("causes")
    row = _row(view, ticker)
    if view is None or row is None or figure(row, "sector_without_fraction").value is None:
        return None
    return edition.says(
        _("The sector's week was {all} with all names and {without} without {ticker}."),
        all=edition.print.percent(view["sector_return_fraction"]),
        without=edition.print.percent(figure(row, "sector_without_fraction")),
        ticker=Name(ticker),
    )


def causes_blocks(edition: Edition) -> list[Block]:
    """Every name's verdict as a table, those farthest from chance first."""
    say, show = edition.words, edition.print
    view = edition.views.get("causes")
    tested = [r for r in view.tables["causes"] if figure(r, "car_t").value is not None] if view else []
    if not tested:
        return [edition.note(_("No move of this week can be tested: prices on record are too few."))]
    tested.sort(key=lambda r: -abs(float(figure(r, "car_t"))))
    table = Table(
        "causes",
        say("Moves beyond Bitcoin and the sector, and their causes"),
        (
            Column(say("Name")),
            Column(say("Abnormal return"), "end"),
            Column(say("Cause by the rule")),
            Column(say("t"), "end"),
            Column(say("Lower bound"), "end"),
            Column(say("Upper bound"), "end"),
        ),
        tuple(
            (
                cell(Name(str(r["ticker"]))),
                cell(show.percent(figure(r, "car_fraction"))),
                _short(edition, r),
                cell(show.plain(figure(r, "car_t"), digits=1, signed=True)),
                cell(show.percent(figure(r, "car_low_fraction"))),
                cell(show.percent(figure(r, "car_high_fraction"))),
            )
            for r in tested
        ),
        say.sentence(
            _(
                "Return of the week beyond what Bitcoin and the sector without the name explain, with its bounds "
                "at ninety-five per cent. A cause is named only with a dated event within three sessions and a "
                "move beyond chance; it says that both happened, not how. By chance alone one name in twenty "
                "lies beyond the bounds."
            )
        ),
        fold=True,
    )
    blocks: list[Block] = [table]
    young = [Name(str(r["ticker"])) for r in tested if r["model"] != "market"]
    if young:
        names = say.listed(list(young))
        blocks.append(
            edition.note(
                _("Measured against the sector alone, because their prices on record are few: {names}."),
                names=names,
            )
        )
    return blocks


def _short(edition: Edition, row: Row) -> Runs:
    say = edition.words
    if row["verdict"] == "no_test":
        return say.sentence(_("cannot be tested"))
    if row["verdict"] == "no_dated_event":
        return say.sentence(_("no dated event found"))
    told: dict[str, Run | str] = {
        "what": say(words_of(row["event_type"])),
        "day": say.day(row["event_day"], "short"),
    }
    if row["verdict"] == "named":
        told["grade"] = Name(str(row["source_tier"] or "–"), href=first_address(row["source_url"]))
        return say.sentence(_("{what}, {day} ({grade})"), **told)
    return say.sentence(_("none; near: {what}, {day}"), **told)


def _row(view: View | None, ticker: str) -> Row | None:
    rows = view.tables["causes"] if view else ()
    return next((r for r in rows if r["ticker"] == ticker), None)
