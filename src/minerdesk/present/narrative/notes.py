"""Data notes: coverage, ages, disagreements, and everything odd that was found."""

from __future__ import annotations

from minerdesk.present.document import Block, Bullets, Column, Name, Runs, Section, Table
from minerdesk.present.narrative.edition import Edition, cell

_ = str
KINDS = {
    "no_volume": _("no share volume on record"),
    "no_return": _("no close at one end of the week"),
    "no_cap": _("no share count or no close"),
    "old_share_count": _("share count older than a third of a year"),
    "share_count_remark": _("a remark on the share count"),
    "count_contradicts_filing": _("a vendor's share count contradicts the filing; not used"),
    "count_in_thousands": _("a share count in thousands; not used"),
    "price_jump": _("a jump in price that no split on record explains"),
    "split_twice": _("a split told twice; counted once"),
    "return_holds_dilution": _("the return holds a dilution, not a trade"),
    "impossible_price": _("an impossible price; not used"),
    "impossible_volume": _("an impossible volume; not used"),
    "impossible_split": _("an impossible split; not used"),
    "impossible_share_count": _("an impossible share count; not used"),
    "contradicting_row": _("two rows say different things; the first is used"),
    "duplicate_row": _("a row stands twice; counted once"),
    "out_of_order": _("rows out of order"),
    "imprecise_date": _("an event dated to the month or year only"),
    "week_to_date": _("the week may not be over"),
}


def section(edition: Edition) -> Section:
    week, say, show = edition.week, edition.words, edition.print
    lines: list[Runs] = [
        say.sentence(
            _("Everything here was known on {day}; later filings and corrections are not used."),
            day=Name(week.as_of),
        ),
        say.sentence(
            _(
                "Bitcoin is taken at the close of the UTC day, stocks at the close in New York: hourly "
                "prices are not on record, so the two clocks differ by some hours."
            )
        ),
        say.sentence(
            _("Returns cover {known} of {names} names, caps {capped}, turnover {traded}."),
            known=show.count(week["names_with_return"]),
            names=show.count(week["names"]),
            capped=show.count(week["names_with_cap"]),
            traded=show.count(week["turnover_names"]),
        ),
    ]
    blocks: list[Block] = [Bullets(tuple(lines))]
    kinds: dict[str, list[str]] = {}
    for finding in week.findings:
        kinds.setdefault(finding.kind, []).append(finding.subject)
    if kinds:
        rows = []
        for kind, subjects in sorted(kinds.items()):
            told = sorted(set(subjects))
            rows.append(
                (
                    say.sentence(KINDS.get(kind, _("other remarks"))),
                    cell(show.count(week.nodes[f"{week.ref}/findings/{kind}"])),
                    say.listed([Name(subject) for subject in told]),
                )
            )
        blocks.append(
            Table(
                "findings",
                say("Findings about the data of this week"),
                (Column(say("Finding")), Column(say("Names"), "end"), Column(say("Which"))),
                tuple(rows),
            )
        )
    return Section("notes", say("Data notes"), tuple(blocks))
