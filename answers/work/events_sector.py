"""Event study of the week to 2025-12-05 with the cap-weighted sector without the name, with statsmodels.

python answers/work/events_sector.py writes answers/events_sector_2025-12-02.json. Like events.py (a 0/1 column
for each event session, t_test over their sum), but the sector is what the desk uses: start shares x price change
of all other names of the universe with a count, over their start cap, session by session in exact fractions.
"""

import math

import numpy as np
import statsmodels.api as sm
from facts import BTC, CLOSES, SESSIONS, F, shares, split_factor, universe, write

EVENT = SESSIONS.index("2025-12-02")
WEEK = SESSIONS.index("2025-12-05")
KNOWN = SESSIONS[: WEEK + 1]


def moved(ticker, i):
    """Split-adjusted price change and start price of session i as fractions, or None."""
    before, now = CLOSES[SESSIONS[i - 1]].get(ticker), CLOSES[SESSIONS[i]].get(ticker)
    if before is None or now is None:
        return None
    return now * split_factor(ticker, SESSIONS[i - 1], SESSIONS[i]) - before, before


def effects(i):
    """{ticker: (start shares x price change, start cap)} of session i."""
    found = {}
    for ticker in universe(SESSIONS[i - 1]):
        count, change = shares(ticker, SESSIONS[i - 1]), moved(ticker, i)
        if count is not None and change is not None:
            found[ticker] = (count * change[0], count * change[1])
    return found


EFFECTS = [None] + [effects(i) for i in range(1, len(KNOWN))]


def sector_without(ticker, i):
    others = [pair for name, pair in EFFECTS[i].items() if name != ticker]
    return math.log1p(float(sum((e for e, _ in others), F(0)) / sum((c for _, c in others), F(0))))


def bitcoin(i):
    return math.log(float(BTC[SESSIONS[i]]) / float(BTC[SESSIONS[i - 1]]))


def study(ticker, at, first, last):
    rows = [i for i in range(max(at - 130, 1), at - 10) if moved(ticker, i) is not None]
    days = list(range(at + first, at + last + 1))
    every = rows + days
    y = np.array([math.log1p(float(moved(ticker, i)[0] / moved(ticker, i)[1])) for i in every])
    base = np.array([[1.0, bitcoin(i), sector_without(ticker, i)] for i in every])
    dummies = np.array([[float(i == d) for d in days] for i in every])
    return sm.OLS(y, np.hstack([base, dummies])).fit(), len(rows)


def main():
    values = {}
    for ticker in ("ABTC", "APLD", "CORZ", "HUT", "MARA"):
        own = {}
        for label, at, first, last in (
            ("ar_2025-12-02", EVENT, 0, 0),
            ("car_-1_+1", EVENT, -1, 1),
            ("week_to_2025-12-05", WEEK, -4, 0),
        ):
            fit, rows = study(ticker, at, first, last)
            test = fit.t_test(np.r_[np.zeros(3), np.ones(last - first + 1)])
            car, error = float(test.effect[0]), float(np.squeeze(test.sd))
            own[label] = {
                "car": car,
                "car_fraction": math.expm1(car),
                "low_fraction": math.expm1(car - 1.96 * error),
                "high_fraction": math.expm1(car + 1.96 * error),
                "standard_error": error,
                "t": float(np.squeeze(test.tvalue)),
                "p_value": float(np.squeeze(test.pvalue)),
                "observations": rows,
                "beta_to_btc": float(fit.params[1]),
                "beta_to_sector": float(fit.params[2]),
            }
        values[ticker] = own
    # the week with and without a name: start shares of the first close x price change over the week
    start, end = SESSIONS[WEEK - 5], SESSIONS[WEEK]
    pairs = {}
    for ticker in universe(end):
        count, before, now = shares(ticker, start), CLOSES[start].get(ticker), CLOSES[end].get(ticker)
        if count is not None and before is not None and now is not None:
            pairs[ticker] = (count * (now * split_factor(ticker, start, end) - before), count * before)
    whole = [sum((p[k] for p in pairs.values()), F(0)) for k in (0, 1)]
    values["sector_week"] = {
        "with_all_fraction": whole[0] / whole[1],
        "without_abtc_fraction": (whole[0] - pairs["ABTC"][0]) / (whole[1] - pairs["ABTC"][1]),
    }
    how = (
        "statsmodels OLS over the sessions [-130,-11] with a return and the event sessions together, a 0/1 column "
        "for each event session; a CAR is the sum of their coefficients (t_test), its interval 1.96 standard errors "
        "either way, exp(x) - 1 of each. Factors: BTC, UTC-day closes of the same dates; the cap-weighted sector "
        "without the name, ln(1 + sum(start shares x price change) / sum(start cap)) over all other names of the "
        "universe that have a count, in exact fractions. By answers/work/events_sector.py; compare with rel 1e-9."
    )
    write("events_sector_2025-12-02.json", how, values)


main()
