"""The headline: what happened, in two sentences and eight numbers."""

from __future__ import annotations

from minerdesk.desk.views import figure
from minerdesk.present.document import Block, KeyFigure, KeyFigures, Name, Paragraph, Runs, Section
from minerdesk.present.narrative.edition import Edition

_ = str


def section(edition: Edition) -> Section:
    week, say, show = edition.week, edition.words, edition.print
    sector, bitcoin = week["sector_return_fraction"], week["btc_return_fraction"]
    lead = edition.moved(
        sector,
        _("Listed Bitcoin miners rose {change} in the week to {end}."),
        _("Listed Bitcoin miners fell {change} in the week to {end}."),
        _("Listed Bitcoin miners ended the week to {end} where they began."),
        end=say.day(edition.end),
    )
    if bitcoin.value is not None:
        lead += say.space + edition.moved(
            bitcoin,
            _("Bitcoin rose {change}, from {start} to {end}, on the same days."),
            _("Bitcoin fell {change}, from {start} to {end}, on the same days."),
            _("Bitcoin stood still, from {start} to {end}, on the same days."),
            start=show.price(week["btc_close_start_usd"]),
            end=show.price(week["btc_close_end_usd"]),
        )
    blocks: list[Block] = [Paragraph(lead, kind="lead"), Paragraph(_one_or_all(edition))]
    tiles = [
        KeyFigure(
            say("Sector, by price"),
            show.percent(sector),
            say.sentence(_("weighted by market cap")),
        ),
        KeyFigure(
            say("Without names with an event"),
            show.percent(week["ex_event_return_fraction"]),
            _left_out(edition),
        ),
        KeyFigure(
            say("Bitcoin, same days"),
            show.percent(bitcoin),
            say.sentence(_("UTC-day closes")),
        ),
        KeyFigure(
            say("Market cap, gross"),
            show.money(week["sector_cap_gross_end_usd"]),
            say.sentence(
                _("{change} on the week, new shares included"),
                change=show.percent(week["cap_change_fraction"]),
            ),
        ),
        KeyFigure(
            say("Market cap, net of cross-holdings"),
            show.money(week["sector_cap_net_end_usd"]),
            say.sentence(_("was {start}"), start=show.money(week["sector_cap_net_start_usd"])),
        ),
        KeyFigure(
            say("Names up"),
            show.count(week["advancers"]),
            say.sentence(
                _("{down} down, {still} unchanged, {none} without data"),
                down=show.count(week["decliners"]),
                still=show.count(week["unchanged"]),
                none=show.count(week["no_data"]),
            ),
        ),
        KeyFigure(
            say("Turnover"),
            show.money(week["turnover_usd"]),
            say.sentence(
                _("{known} of {names} names report volume"),
                known=show.count(week["turnover_names"]),
                names=show.count(week["names"]),
            ),
        ),
        KeyFigure(
            say("Beta to Bitcoin"),
            show.plain(week["beta_to_btc"]),
            say.sentence(
                _("standard error {se}; divergence z {z}"),
                se=show.plain(week["beta_to_btc_se"]),
                z=show.plain(week["divergence_z"], signed=True),
            ),
        ),
    ]
    blocks.append(KeyFigures(tuple(tiles)))
    return Section("headline", say("The week in brief"), tuple(blocks))


def _one_or_all(edition: Edition) -> Runs:
    """The first question of every report: was it the sector, or one stock?"""
    week, say, show = edition.week, edition.words, edition.print
    rows = [r for r in week.tables["names"] if figure(r, "contribution_fraction").value is not None]
    if not rows:
        return say.sentence(_("No name has a return for this week."))
    most = max(rows, key=lambda r: abs(float(figure(r, "contribution_fraction"))))
    own, total = figure(most, "contribution_fraction"), week["sector_return_fraction"]
    same = float(own) * float(total) > 0
    said = say.sentence(
        _("Was it the sector or one stock? {ticker} alone accounts for {part} of the sector's {total}.")
        if same
        else _("Was it the sector or one stock? {ticker} weighed most, {part} against the sector's {total}."),
        ticker=Name(str(most["ticker"])),
        part=show.points(own),
        total=show.percent(total),
    )
    breadth = say.counted(
        _("{n} of {names} names rose"),
        _("{n} of {names} names rose"),
        show.count(week["advancers"]),
        names=show.count(week["names"]),
    )
    fell = say.counted(_("{n} fell."), _("{n} fell."), show.count(week["decliners"]))
    return said + say.space + say.sentence(_("{rose}; {fell}"), rose=breadth, fell=fell)


def _left_out(edition: Edition) -> Runs:
    names = edition.week.facts["ex_event_names"].split()
    if not names:
        return edition.words.sentence(_("no name had a dated event"))
    listed = edition.words.listed([Name(ticker) for ticker in names])
    return edition.words.sentence(_("leaves out {names}"), names=listed)
