"""The view of cost of 2025-12-05 by other means: exact fractions on the sample's files. Imports no product code.

Run from the checkout: ``python answers/working/cost.py > answers/cost_view.json``.
"""

from __future__ import annotations

import csv
import itertools
import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction as F
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "sample"
DAY = date(2025, 12, 5)


def table(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# lines in thousand USD, typed from the filings' pages (cost_ladder.md); SBC of RIOT as in the sample (the note)
COLUMNS = ("btc", "site", "sga", "sbc", "interest", "da", "mining", "total")
LINES = {
    key: dict(zip(COLUMNS, row, strict=True))
    for key, row in {
        ("RIOT", "2025Q1"): (1530, 74818 - 7801, 71448, 29576, 2308, 77926, 142859, 161387),
        ("RIOT", "2025Q2"): (1426, 78175 - 8313, 75902, 30121, 6093, 83197, 140889, 152988),
        ("RIOT", "2025Q3"): (1406, 95765 - 30634, 69832, 32858, 8052, 82929, 160792, 180229),
        ("CLSK", "2025Q2"): (2012, 90128, 35968, 4488, 3454, 94880, 198644, 198644),
    }.items()
}


def rungs(key: tuple[str, str], in_full: bool) -> dict[str, F]:
    x = LINES[key]
    share = F(1) if in_full else F(x["mining"], x["total"])
    cash = F(x["site"]) + (x["sga"] - x["sbc"] + x["interest"]) * share
    whole = cash + (x["sbc"] + x["da"]) * share
    return {"cash": cash * 1000 / x["btc"], "all_in": whole * 1000 / x["btc"]}


def weighted(name: str, in_full: bool) -> F:
    keys = [("RIOT", "2025Q2"), ("CLSK", "2025Q2")]
    return sum(rungs(k, in_full)[name] * LINES[k]["btc"] for k in keys) / sum(LINES[k]["btc"] for k in keys)


def difficulty(bits: str) -> F:
    value = int(bits, 16)
    return F(0xFFFF << 208, (value & 0xFFFFFF) << 8 * ((value >> 24) - 3))


EPOCHS = [
    (
        int(r["first_height"]),
        datetime.fromisoformat(r["first_block_time_utc"].replace("Z", "+00:00")),
        r["bits"],
    )
    for r in table("bitcoin_epochs.csv")
]


def mean_difficulty(quarter: str) -> F:
    """Difficulty a block of the quarter had on average: blocks of an epoch go by its time."""
    year, number = int(quarter[:4]), int(quarter[5])
    start = datetime(year, 3 * number - 2, 1, tzinfo=UTC)
    end = datetime(year + number // 4, 3 * number % 12 + 1, 1, tzinfo=UTC)
    blocks = work = F(0)
    for (_, first, bits), (_, after, _) in itertools.pairwise(EPOCHS):
        seconds = (min(after, end) - max(first, start)).total_seconds()
        if seconds > 0:
            found = 2016 * F(int(seconds), int((after - first).total_seconds()))
            blocks += found
            work += found * difficulty(bits)
    return work / blocks


def main() -> None:
    midnight = datetime.combine(DAY + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    today = difficulty([e for e in EPOCHS if e[1] <= midnight][-1][2])
    # the subsidy cancels: a coin costs as many hashes more as difficulty has grown
    last = {"RIOT": ("RIOT", "2025Q3"), "CLSK": ("CLSK", "2025Q2")}
    days = {"2025Q2": 91, "2025Q3": 92}
    nowcasts, hashrates = {}, {}
    for ticker, key in last.items():
        mean = mean_difficulty(key[1])
        nowcasts[ticker] = rungs(key, False)["cash"] * today / mean
        hashes = LINES[key]["btc"] / F(25, 8) * mean * F(2**48, 65535)
        hashrates[ticker] = hashes / (days[key[1]] * 86400) / 10**18
    total = sum(hashrates.values())
    fee = next(r for r in table("bitcoin_daily.csv") if r["day"] == str(DAY))
    price = F(next(r for r in table("btc_usd.csv") if str(DAY) in r.values())["close"])
    reward = F(25, 8) + F(fee["fees_btc"]) / int(fee["blocks"])
    past = {}
    for first, later in (("2025Q1", "2025Q2"), ("2025Q2", "2025Q3")):
        told = rungs(("RIOT", first), False)["cash"] * mean_difficulty(later) / mean_difficulty(first)
        past[f"RIOT {later}"] = {
            "nowcast": float(told), "error": float(rungs(("RIOT", later), False)["cash"] / told - 1)
        }  # fmt: skip
    values = {
        "sector_cash_cost_usd_per_btc": float(weighted("cash", False)),
        "sector_all_in_cost_usd_per_btc": float(weighted("all_in", False)),
        "in_full_cash_cost_usd_per_btc": float(weighted("cash", True)),
        "in_full_all_in_cost_usd_per_btc": float(weighted("all_in", True)),
        "covered_btc": 1426 + 2012,
        "sector_cash_margin_fraction": float(1 - weighted("cash", False) / price),
        "nowcast_cash_cost_usd_per_btc": float(sum(nowcasts[t] * hashrates[t] for t in last) / total),
        "nowcast_of": {t: float(v) for t, v in nowcasts.items()},
        "realised_hashrate_eh_s": {t: float(v) for t, v in hashrates.items()},
        "hashprice_usd_per_ph_day": float(reward * 86400 * 10**15 / (today * 2**32) * price),
        "past": past,
        "age_days": (DAY - date(2025, 6, 30)).days,
        "riot_balance": riot(price),
    }
    print(json.dumps({"how": __doc__, "values": values}, indent=1))


def riot(price: F) -> dict[str, float]:
    """RIOT at the close of 2025-12-05, from the sample: counts and closes, the 10-Q of September."""
    counts = [r for r in table("shares.csv") if r["ticker"] == "RIOT" and r["known_at"] <= str(DAY)]
    order = ("vendor", "release", "filing")
    shares = F(max(counts, key=lambda r: (r["known_at"], order.index(r["basis"])))["shares_outstanding"])
    close = F(next(r for r in table("closes.csv") if str(DAY) in r.values())["RIOT"])
    cap = shares * close
    ev = cap + 839_744_000 - 330_745_000
    coins = 19_287 * price
    return {
        "market_cap_usd": float(cap),
        "enterprise_value_usd": float(ev),
        "hodl_adjusted_ev_usd": float(ev - coins),
        "ev_usd_per_eh_s": float(ev / F("36.5")),
        "mnav_ratio": float(cap / coins),
        "dilution_year_fraction": float(shares / 324_280_388 - 1),
    }


if __name__ == "__main__":
    main()
