"""Liquidity: turnover in dollars and volume in shares, apart, with coverage."""

from __future__ import annotations

import numpy as np

from minerdesk.desk.views import figure
from minerdesk.present import charts
from minerdesk.present.document import Block, Chart, Name, Section
from minerdesk.present.narrative.edition import Edition

_ = str


def section(edition: Edition) -> Section | None:
    week, say, show = edition.week, edition.words, edition.print
    if week["turnover_usd"].value is None:
        return Section(
            "liquidity",
            say("Liquidity"),
            (edition.says(_("No share volume is on record for this week.")),),
        )
    blocks: list[Block] = [
        edition.says(
            _("Over the week {turnover} changed hands in {shares} shares, at the {known} names of {names} "
              "whose volume is known."),
            turnover=show.money(week["turnover_usd"]),
            shares=show.big(week["share_volume"]),
            known=show.count(week["turnover_names"]),
            names=show.count(week["names"]),
        )
    ]  # fmt: skip
    if "turnover_change_fraction" in week.figures and week["turnover_change_fraction"].value is not None:
        blocks.append(
            edition.says(
                _(
                    "Against the week before, turnover changed by {change}, and by {session} per session; the "
                    "weeks have {now} and {then} sessions."
                ),
                change=show.percent(week["turnover_change_fraction"]),
                session=show.percent(week["turnover_per_session_change_fraction"]),
                now=show.count(week["sessions"]),
                then=show.count(week["previous_sessions"]),
            )
        )
    rows = week.tables["weeks"]
    values = np.array([np.nan if (v := figure(r, "turnover_usd").value) is None else float(v) for r in rows])
    if np.isfinite(values).any():
        blocks.append(
            Chart(
                "turnover",
                say("Turnover by week"),
                charts.turnover(
                    [say.day(r["week_ending"], "short").text for r in rows],
                    values,
                    frozenset({len(rows) - 1}),
                    number=show.money_text,
                    note="",
                    language=edition.language,
                ),
                say("A column a week; weeks without volume on record are empty."),
                say.sentence(_("Weeks without volume on record are empty, not zero.")),
            )
        )
    missing = [f.subject for f in week.findings if f.kind == "no_volume"]
    if missing:
        blocks.append(
            edition.note(
                _("No volume on record: {names}."),
                names=say.listed([Name(ticker) for ticker in sorted(missing)]),
            )
        )
    return Section("liquidity", say("Liquidity"), tuple(blocks))
