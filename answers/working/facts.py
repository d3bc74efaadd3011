"""Reads ../shared/sample as exact fractions; imports nothing of the product."""

import csv
import json
from datetime import date
from fractions import Fraction as F
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / ".." / "shared" / "sample"
ANSWERS = ROOT / "answers"
RANK = {"filing": 3, "release": 2, "vendor": 1}  # on one day: filing before release before vendor


def table(name):
    with open(SAMPLE / name, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


COMPANIES = table("companies.csv")
FROM = {r["ticker"]: r["in_universe_from"] for r in COMPANIES}
TO = {r["ticker"]: r["in_universe_to"] for r in COMPANIES}
CLOSES = {r["session"]: {k: F(v) for k, v in r.items() if k != "session" and v} for r in table("closes.csv")}
SESSIONS = sorted(CLOSES)
VOLUMES = {
    r["session"]: {k: int(v) for k, v in r.items() if k != "session" and v} for r in table("volumes.csv")
}
BTC = {r["day"]: F(r["close"]) for r in table("btc_usd.csv")}
SPLITS = [
    (r["ticker"], r["effective_date"], F(r["new_shares"]), F(r["old_shares"])) for r in table("splits.csv")
]
EVENTS = table("events.csv")
STAKES = [r for r in table("cross_holdings.csv") if r["held"] in FROM]


def universe(day):
    return [t for t in FROM if FROM[t] <= day and (not TO[t] or day <= TO[t])]


def split_factor(ticker, after, to):
    """New shares for one old share over splits effective in (after, to]."""
    factor = F(1)
    for name, effective, new, old in SPLITS:
        if name == ticker and after < effective <= to:
            factor *= new / old
    return factor


def _count_rows():
    rows, rejected = [], []
    for r in table("shares.csv"):
        rows.append((r["ticker"], r["known_at"], r["basis"], int(r["shares_outstanding"])))
    kept = []
    for t, known, basis, n in rows:
        bad = None
        if basis == "vendor":
            for t2, known2, basis2, n2 in rows:
                if t2 != t or basis2 != "filing" or split_factor(t, known2, known) != 1:
                    continue
                age = (date.fromisoformat(known) - date.fromisoformat(known2)).days
                if 0 <= age <= 60 and not n2 <= 3 * n <= 9 * n2:  # off by more than a factor of three
                    bad = (t, known, n, known2, n2)
        if bad:
            rejected.append(bad)
        else:
            kept.append((t, known, basis, n))
    return kept, rejected


COUNTS, REJECTED = _count_rows()


def count_row(ticker, day):
    rows = [r for r in COUNTS if r[0] == ticker and r[1] <= day]
    return max(rows, key=lambda r: (r[1], RANK[r[2]])) if rows else None


def shares(ticker, day):
    """Shares known at the close of `day`, in the share basis of that day; None where no count is known."""
    row = count_row(ticker, day)
    return None if row is None else row[3] * split_factor(ticker, row[1], day)


def number(x):
    """Fraction or float -> JSON number; exact integer, else 15 significant digits."""
    if isinstance(x, F):
        return int(x) if x.denominator == 1 else float(f"{float(x):.15g}")
    return float(f"{x:.15g}") if isinstance(x, float) else x


def tidy(x):
    if isinstance(x, dict):
        return {k: tidy(v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return [tidy(v) for v in x]
    return number(x)


def write(name, how, values):
    text = json.dumps({"how": how, "values": tidy(values)}, indent=1, ensure_ascii=False)
    (ANSWERS / name).write_text(text + "\n", encoding="utf-8")
