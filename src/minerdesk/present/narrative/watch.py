"""What to watch: dated events that were known at the time and still lie ahead."""

from __future__ import annotations

from minerdesk.present.document import Column, Name, Section, Table
from minerdesk.present.narrative.edition import Edition, cell
from minerdesk.present.narrative.movers import EVENT_WORDS

_ = str


def section(edition: Edition) -> Section:
    say = edition.words
    ahead = edition.week.tables["ahead"]
    title = say("What to watch")
    if not ahead:
        return Section("watch", title, (edition.says(_("No dated event ahead was on record at the time.")),))
    table = Table(
        "ahead",
        say("Known dates ahead"),
        (Column(say("Day")), Column(say("Name")), Column(say("Event"))),
        tuple(
            (
                cell(say.day(e["day"])),
                cell(Name(str(e["ticker"]))),
                say.sentence(EVENT_WORDS.get(str(e["event_type"]), EVENT_WORDS["other"])),
            )
            for e in ahead
        ),
        say.sentence(_("Only what had been announced by the date of this report.")),
    )
    return Section("watch", title, (table,))
