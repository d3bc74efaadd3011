"""The cost of a bitcoin: the sector's rungs and their age, the pair the press quotes, the nowcast, the curve."""

from __future__ import annotations

import numpy as np

from minerdesk.desk.views import View, figure
from minerdesk.present import charts
from minerdesk.present.document import Block, Chart, Name, Paragraph, Runs, Section
from minerdesk.present.narrative.cost_tables import break_even, ladder_table, rung_table, statement_table
from minerdesk.present.narrative.edition import Edition
from minerdesk.records import Figure

_ = str


def section(edition: Edition) -> Section | None:
    view = edition.views.get("cost")
    if view is None:
        return None
    blocks: list[Block] = [*_sector(edition, view), *_quoted(edition, view), *_nowcast(edition, view)]
    blocks += [*_curve(edition, view), *_bridge(edition, view)]
    blocks += [rung_table(edition, view), *statement_table(edition, view), ladder_table(edition, view)]
    blocks += [*break_even(edition, view), _left_out(edition, view)]
    return Section("cost", edition.words("The cost of a bitcoin"), tuple(blocks))


def _names(edition: Edition, tickers: list[str]) -> Runs:
    return edition.words.listed([Name(ticker) for ticker in tickers])


def _days(edition: Edition, figure: Figure) -> Runs:
    return edition.words.counted(_("{n} day"), _("{n} days"), edition.print.count(figure))


def _sector(edition: Edition, view: View) -> list[Block]:
    show = edition.print
    told: list[Block] = [
        edition.says(
            _(
                "In {quarter} a bitcoin cost {cash} in cash and {all_in} with stock pay and depreciation, "
                "weighted by coins over the companies that state every line: {names}. They mined {covered} "
                "of the {known} bitcoin on record. The quarter ended {age} before."
            ),
            quarter=Name(view.facts["quarter"]),
            cash=show.price(view["sector_cash_cost_usd_per_btc"]),
            all_in=show.price(view["sector_all_in_cost_usd_per_btc"]),
            names=_names(edition, view.facts["covered"].split()),
            covered=show.count(view["covered_btc"]),
            known=show.count(view["known_btc"]),
            age=_days(edition, view["age_days"]),
        )
    ]
    if view["btc_price_usd_per_btc"].value is not None:
        told.append(
            edition.says(
                _("At a price of {price} the margin on a coin is {cash} over cash cost and {whole} all-in."),
                price=show.price(view["btc_price_usd_per_btc"]),
                cash=show.percent(view["sector_cash_margin_fraction"]),
                whole=show.percent(view["sector_all_in_margin_fraction"]),
            )
        )
    return told


def _quoted(edition: Edition, view: View) -> list[Block]:
    """The sentence that dates the pair of figures everybody quotes."""
    show = edition.print
    pair = [view[f"published_{name}_cost_usd_per_btc"] for name in ("cash", "all_in")]
    if None in (pair[0].value, pair[1].value):
        return []
    said = edition.says(
        _(
            "The pair most often quoted, {cash} in cash and {all_in} all-in ({publisher}), is of {quarter}: at "
            "the week's end that quarter lay {age} back."
        ),
        cash=show.price(pair[0]),
        all_in=show.price(pair[1]),
        publisher=Name("CoinShares"),
        quarter=Name(view.facts["quoted_quarter"]),
        age=_days(edition, view["published_age_days"]),
    )
    return [said]


def _nowcast(edition: Edition, view: View) -> list[Block]:
    say, show = edition.words, edition.print
    point = view["nowcast_cash_cost_usd_per_btc"]
    if point.value is None:
        return [edition.says(_("No cost can be carried to this day: its difficulty is not on record."))]
    filings = [Name(f"{row['ticker']} {row['quarter']}") for row in view.tables["margins"]]
    told = say.sentence(
        _(
            "Costs age with difficulty. The last filed cost a petahash and day ({filings}), carried to the "
            "difficulty of the week's end, makes {nowcast} in cash for a bitcoin mined today."
        ),
        filings=say.listed([*filings]),
        nowcast=show.price(point),
    )
    low, high = (view[f"nowcast_cash_cost_{side}_usd_per_btc"] for side in ("low", "high"))
    if low.value is None:
        more = say.counted(
            _("No interval is given: {n} past error of this reach is on record, too few to go by."),
            _("No interval is given: {n} past errors of this reach are on record, too few to go by."),
            show.count(view["nowcast_cash_errors_used"]),
        )
    else:
        more = say.sentence(
            _("By {errors} past errors it lies between {low} and {high} nine times in ten."),
            errors=show.count(view["nowcast_cash_errors_used"]),
            low=show.price(low),
            high=show.price(high),
        )
    return [Paragraph(told + say.space + more)]


def _curve(edition: Edition, view: View) -> list[Block]:
    say, show = edition.words, edition.print
    rows, price = view.tables["curve"], view["btc_price_usd_per_btc"]
    if not rows or price.value is None:
        return []
    return [
        Chart(
            "cost-curve",
            say("Cost curve: cash cost by company, US dollars a bitcoin"),
            charts.step_cost_curve(
                [str(r["ticker"]) for r in rows],
                np.array([float(figure(r, "cost_usd_per_btc")) for r in rows]),
                np.array([float(figure(r, "mined_btc")) for r in rows]),
                float(price),
                price_label=say("price of bitcoin"),
                produced_label=say("bitcoin mined in the quarter"),
                number=lambda v: show.decimal(v, 0),
                produced_number=lambda v: show.decimal(v, 0),
                language=edition.language,
            ),
            say("Companies from the cheapest to the dearest, each as wide as the coins it mined."),
            say.sentence(
                _("Only companies that state every line of the rung; the price is that of the week's end.")
            ),
        )
    ]


def _bridge(edition: Edition, view: View) -> list[Block]:
    """From our cash cost to the published all-in cost, step by step, over the same names."""
    say, show = edition.words, edition.print
    stated = next(
        (r for r in view.tables["rosetta"] if r["subject"] == "sector" and r["rung"] == "all_in"), None
    )
    rungs = [view[f"sector_{name}_cost_usd_per_btc"].value for name in ("cash", "cash_and_sbc", "all_in")]
    if stated is None or None in rungs or figure(stated, "unexplained_usd_per_btc").value is None:
        return []
    cash, with_pay, whole = (float(value) for value in rungs if value is not None)
    steps = [with_pay - cash, whole - with_pay]
    steps += [float(figure(stated, f"{name}_usd_per_btc")) for name in ("allocation", "unexplained")]
    publisher = str(stated["publisher"])
    labels = [say("Stock pay"), say("Depreciation"), say("Overhead in full"), say("Unexplained")]
    return [
        Chart(
            "cost-bridge",
            say("From our cash cost to the published all-in cost, US dollars a bitcoin"),
            charts.bridge(
                say("Cash cost, ours"),
                cash,
                labels,
                np.array(steps),
                publisher,
                number=lambda v: show.decimal(v, 0),
                language=edition.language,
            ),
            say(
                "A bridge over stock pay, depreciation and overhead to the published figure; the rest is unexplained."
            ),
            say.sentence(
                _(
                    "Publishers charge overhead in full, we charge mining its share by revenue. The names behind "
                    "the published figure are not public."
                )
            ),
        )
    ]


def _left_out(edition: Edition, view: View) -> Block:
    return edition.note(
        _("Left out of the sector's figures, for want of a line or of any filing: {names}."),
        names=_names(edition, sorted(str(r["ticker"]) for r in view.tables["left_out"])),
    )
