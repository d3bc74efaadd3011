"""A fictitious weekly report in three languages: the size and shape of the real one, invented figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from minerdesk.present import charts
from minerdesk.present.charts import Line
from minerdesk.present.document import (
    Bullets,
    Chart,
    Column,
    Document,
    KeyFigure,
    KeyFigures,
    Name,
    Number,
    Paragraph,
    Provenance,
    Runs,
    Section,
    Table,
    Text,
)
from minerdesk.records import Figure

TICKERS = (
    "ABTC APLD CORZ MARA RIOT CLSK IREN CIFR WULF HUT BITF BTDR HIVE BTBT CAN CANG BTCM GREE SLNH ARBK DGXX "
    "LMFA ANY BTOG SAIH BTCS BMNR NA EBON FUFU SOS GPUS GLXY BGIN"
).split()

#: The sentences of the sample and the fixed labels: English, Arabic, Chinese of each.
_SPOKEN = json.loads((Path(__file__).parent / "sample_words.json").read_text(encoding="utf-8"))
TOLD: dict[str, list[str]] = _SPOKEN["told"]
WORDS: dict[str, list[str]] = _SPOKEN["words"]
LANGUAGES = ("en", "ar", "zh")
COMPANY = ("American Holdings Corporation of Texas", "شركة التعدين القابضة", "矿业控股公司")


@dataclass
class Writer:
    """Words of one language, and the appendix that grows with each number written."""

    language: str
    entries: dict[str, Provenance] = field(default_factory=dict)

    def __call__(self, key: str) -> str:
        return TOLD[key][LANGUAGES.index(self.language)]

    def text(self, key: str, strong: bool = False) -> Text:
        return Text(self(key), strong)

    def per_cent(self, value: float) -> str:
        return f"{100 * value:+.1f}%".replace("-", "\u2212")

    def billions(self, value: float) -> str:
        return {
            "en": f"${value / 1e9:.1f} bn",
            "ar": f"{value / 1e9:.1f} مليار دولار",
            "zh": f"{value / 1e8:,.0f} 亿美元",
        }[self.language]

    def number(
        self, ref: str, value: float, text: str, tone: int = 0, inputs: tuple[str, ...] = ()
    ) -> Number:
        ref = f"week/2025-12-05/{ref}"
        number = Number(
            Figure(value, "usd", ref, "2025-12-05", "market.some_usd" if inputs else ""), text, tone
        )
        if inputs:
            made = Provenance(ref, (number,), "market.price_return_fraction", "definitions §2", inputs)
        else:
            sha = hashlib.sha256(ref.encode()).hexdigest()
            made = Provenance(
                ref,
                (number,),
                snapshot=sha,
                place="line 131, column ABTC",
                origin="embedded desk: closes.csv",
            )
        self.entries.setdefault(ref, made)
        return number

    def signed(self, ref: str, value: float, inputs: tuple[str, ...] = ()) -> Number:
        return self.number(ref, value, self.per_cent(value), int(np.sign(value)), inputs)


def sample(language: str) -> Document:
    random = np.random.default_rng(7)
    w = Writer(language)
    returns = np.clip(random.normal(-0.03, 0.08, len(TICKERS)), -0.3, 0.3)
    returns[0], returns[1], returns[30] = -0.474, 0.152, np.nan
    caps = random.lognormal(20.8, 1.3, len(TICKERS))
    weights = np.nan_to_num(returns) * caps / caps.sum()
    closes = random.lognormal(2, 1, len(TICKERS))

    rows: list[tuple[Runs, ...]] = []
    for at, ticker in enumerate(TICKERS):
        start = w.number(f"close_start_usd/{ticker}", closes[at], f"{closes[at]:,.2f}")
        cells: list[Runs] = [
            (Name(ticker),),
            (Text(COMPANY[LANGUAGES.index(language)]),),
            (start,),
            (
                w.number(
                    f"close_end_usd/{ticker}",
                    closes[at],
                    f"{closes[at] * (1 + np.nan_to_num(returns[at])):,.2f}",
                ),
            ),
        ]
        inputs = (start.figure.ref, f"week/2025-12-05/close_end_usd/{ticker}")
        if np.isfinite(returns[at]):
            cells.append((w.signed(f"return_fraction/{ticker}", returns[at], inputs),))
        else:
            cells.append((Text("—"),))
        cells.append(
            (w.number(f"contribution_fraction/{ticker}", 0.0, f"{100 * weights[at]:+.2f}", 0, inputs),)
        )
        cells.append((w.number(f"market_cap_end_usd/{ticker}", caps[at], w.billions(caps[at]), 0, inputs),))
        rows.append(tuple(cells))
    every = (*(f"week/2025-12-05/close_start_usd/{t}" for t in TICKERS), "week/2025-12-05/split/all")
    total = w.signed("sector_return_fraction", -0.047, every)
    ex_event = w.signed("ex_event_return_fraction", -0.028, every)
    btc = w.signed("btc_return_fraction", -0.017, ("btc_usd/2025-11-28", "btc_usd/2025-12-05"))
    cap_end = w.number("sector_cap_gross_end_usd", 92e9, w.billions(92e9), 0, every)
    cap_start = w.number("sector_cap_gross_start_usd", 96.2e9, w.billions(96.2e9), 0, every)
    z = w.number("divergence_z", -1.3, "\u22121.3", 0, every)
    beta = w.number("beta_to_btc", 1.62, "1.62", 0, every)
    shares = w.number("share_effect_usd", -0.3e9, "-" + w.billions(0.3e9), 0, every)
    tiles = KeyFigures(
        (
            KeyFigure(w("k1"), total, (w.text("beta"), beta)),
            KeyFigure(w("k2"), btc, (w.text("from"), w.number("btc_start_usd", 90919, "90,919"))),
            KeyFigure(w("k3"), cap_end, (w.text("from"), cap_start)),
            KeyFigure(w("k4"), w.number("advancers", 9, "9", 0, every), ()),
        )
    )
    sections = (
        Section(
            "headline",
            w("headline"),
            (
                Paragraph(
                    (
                        *(w.text("lead1"), total, w.text("lead2"), btc, w.text("lead3")),
                        *(Name("ABTC"), w.text("lead4"), ex_event, w.text("stop")),
                    ),
                    "lead",
                ),
                tiles,
            ),
        ),
        Section(
            "market",
            w("market"),
            (
                Paragraph((w.text("against"), z, w.text("sd"))),
                Chart("chart-market", w("c1"), market_chart(w), w("alt"), (w.text("cap1"),)),
            ),
        ),
        Section(
            "movers",
            w("movers"),
            (
                Paragraph(
                    (
                        Name("ABTC"),
                        w.text("why"),
                        Name(w("date"), "https://example.org/filing"),
                        w.text("stop"),
                    )
                ),
                Paragraph((Name("APLD"), w.text("none"))),
                Chart("chart-movers", w("c2"), movers_chart(w, returns), w("alt"), (w.text("n1"),)),
                Table(
                    "names",
                    w("tnames"),
                    (
                        Column(w("ticker")),
                        Column(w("company")),
                        *(Column(w(k), "end") for k in ("close0", "close1", "return", "contribution", "cap")),
                    ),
                    tuple(rows),
                    (w.text("capnote"),),
                    fold=True,
                ),
            ),
        ),
        Section(
            "contribution",
            w("contrib"),
            (
                Paragraph((w.text("contribtext"), shares, w.text("stop"))),
                Chart(
                    "chart-contribution", w("c3"), waterfall_chart(w, weights), w("alt"), (w.text("capnote"),)
                ),
            ),
        ),
        Section(
            "liquidity",
            w("liquidity"),
            (
                Chart("chart-turnover", w("c4"), turnover_chart(w), w("alt"), (w.text("covered"),)),
                Chart("chart-breadth", w("c5"), breadth_chart(w), w("alt")),
            ),
        ),
        Section(
            "watch",
            w("watch"),
            (
                Bullets(
                    tuple(
                        (w.text("w1"), Name(t), w.text("w2"), Name(w("date")), w.text("stop"))
                        for t in TICKERS[:3]
                    )
                ),
            ),
        ),
        Section("notes", w("notes"), (Paragraph((w.text("n1"),)), Paragraph((w.text("capnote"),), "note"))),
        Section("disclaimer", w("disclaimer"), (Paragraph((w.text("d1"),), "note"),)),
    )
    at = LANGUAGES.index(language)
    return Document(
        language,
        "rtl" if language == "ar" else "ltr",
        w("title"),
        (w.text("week"), Name(w("date")), w.text("after")),
        sections,
        tuple(w.entries.values()),
        {key: told[at] for key, told in WORDS.items()},
        "2025-12-05",
    )


def market_chart(w: Writer) -> str:
    random = np.random.default_rng(3)
    walk = [100 * np.exp(np.cumsum(random.normal(0, s, 60))) for s in (0.03, 0.02, 0.018)]
    walk[0][:4] = np.nan
    names = (w("sector"), w("bitcoin"), w("ai"))
    marks = [(0, "09-12"), (14, "10-01"), (37, "11-03"), (56, "12-01")]
    return charts.sector_against_bitcoin(
        [Line(name, values) for name, values in zip(names, walk, strict=True)],
        (54, 59),
        number=lambda v: f"{v:.0f}",
        marks=marks,
        week_label=w("thisweek"),
        language=w.language,
    )


def movers_chart(w: Writer, returns: np.ndarray) -> str:
    return charts.movers(TICKERS, returns, number=w.per_cent, missing=w("missing"), language=w.language)


def waterfall_chart(w: Writer, weights: np.ndarray) -> str:
    return charts.contribution_waterfall(
        TICKERS,
        weights,
        rest_label=w("rest"),
        total_label=w("total"),
        number=lambda v: f"{100 * v:+.2f}".replace("-", "\u2212"),
        language=w.language,
    )


def turnover_chart(w: Writer) -> str:
    values = np.random.default_rng(5).lognormal(22.5, 0.3, 20)
    values[18] = np.nan
    return charts.turnover(
        [f"11-{3 + k:02d}" for k in range(20)],
        values,
        frozenset(range(15, 20)),
        number=w.billions,
        note=w("covered"),
        language=w.language,
    )


def breadth_chart(w: Writer) -> str:
    ups = np.array([20.0, 12, 5, 27, 18, 9, 14, 30, 3, 16, 22, 9])
    return charts.breadth(
        [f"09-{k + 10}" for k in range(12)],
        ups,
        34 - ups,
        advancers_label=w("upword"),
        decliners_label=w("downword"),
        number=lambda v: f"{v:.0f}",
        language=w.language,
    )


@pytest.fixture(scope="session")
def document() -> Callable[[str], Document]:
    """``document("ar")``: the sample in a language, made once."""
    made: dict[str, Document] = {}

    def get(language: str) -> Document:
        if language not in made:
            made[language] = sample(language)
        return made[language]

    return get
