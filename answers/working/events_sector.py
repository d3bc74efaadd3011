"""Event studies with the cap-weighted sector without the name, with statsmodels.

python answers/working/events_sector.py writes answers/events_sector_2025-12-02.json. Like events.py (a 0/1 column
for each event session, t_test over their sum), but the sector is what the desk uses: start shares x price change
of all other names of the universe with a count, over their start cap, session by session in exact fractions.
"""

import math
from bisect import bisect_left
from statistics import NormalDist

import numpy as np
import statsmodels.api as sm
from facts import BTC, CLOSES, SESSIONS, F, shares, split_factor, table, universe, write

EVENT = SESSIONS.index("2025-12-02")
WEEK = SESSIONS.index("2025-12-05")


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


EFFECTS = [None] + [effects(i) for i in range(1, len(SESSIONS))]


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


def summed(fit, count):
    """CAR and its error: the sum of the last ``count`` coefficients."""
    test = fit.t_test(np.r_[np.zeros(3), np.ones(count)])
    car, error = float(test.effect[0]), float(np.squeeze(test.sd))
    return {
        "car": car,
        "car_fraction": math.expm1(car),
        "low_fraction": math.expm1(car - 1.96 * error),
        "high_fraction": math.expm1(car + 1.96 * error),
        "standard_error": error,
        "t": float(np.squeeze(test.tvalue)),
        "p_value": float(np.squeeze(test.pvalue)),
    }


def listed(ticker):
    return next(i for i, s in enumerate(SESSIONS) if ticker in CLOSES[s])


def three_sessions(ticker, at):
    """CAR[-1,+1] and its error; for a name of fewer than 60 sessions its return less the sector's, the error
    from the mean square of that over the estimation window."""
    if at - listed(ticker) >= 60:
        own = summed(study(ticker, at, -1, 1)[0], 3)
        return own["car"], own["standard_error"]
    less = lambda i: math.log1p(float(moved(ticker, i)[0] / moved(ticker, i)[1])) - sector_without(ticker, i)  # noqa: E731
    rows = [i for i in range(max(at - 130, 1), at - 10) if moved(ticker, i) is not None]
    square = math.fsum(less(i) ** 2 for i in rows) / len(rows)
    return math.fsum(less(at + k) for k in (-1, 0, 1)), math.sqrt(3 * square)


def leases():
    """CAR[-1,+1] of every announced lease of a universe name whose window lies in the sample, and BMP's t."""
    found = {}
    for r in table("deals.csv"):
        day, ticker = r["announced_date"], r["ticker"]
        if r["deal_type"] != "colocation_lease" or len(day) != 10 or ticker not in universe("2025-12-31"):
            continue
        at = bisect_left(SESSIONS, day)
        if not SESSIONS[0] < day <= SESSIONS[-2]:
            continue
        found[f"{ticker} {SESSIONS[at]}"] = three_sessions(ticker, at)
    scars = np.array([car / error for car, error in found.values()])
    return {
        "events": {k: {"car": c, "standard_error": e} for k, (c, e) in found.items()},
        "mean_car": float(np.mean([c for c, _ in found.values()])),
        "bmp_t": float(scars.mean() / (scars.std(ddof=1) / math.sqrt(len(scars)))),
    }


def radar():
    """Expected CAR[-1,+1] of ABTC after 2025-12-05: prior, and with the one unlock of the desk (the formula of
    events_longhand.md). The forecast error is that of the three newest sessions."""
    error = summed(study("ABTC", WEEK - 1, -1, 1)[0], 3)["standard_error"]
    past = summed(study("ABTC", EVENT, -1, 1)[0], 3)
    z = NormalDist().inv_cdf(0.95)
    prior_var, effect_var = 0.004**2 * 3, 0.05**2
    weight = 1 / (effect_var + past["standard_error"] ** 2)
    precision = 1 / prior_var + weight
    mean = (-0.011 / prior_var + past["car"] * weight) / precision
    out = {"error": error}
    for name, m, v in (("prior", -0.011, prior_var), ("updated", mean, 1 / precision)):
        half = z * math.sqrt(v + effect_var + error**2)
        out[name] = {"mean": math.expm1(m), "low": math.expm1(m - half), "high": math.expm1(m + half)}
    return out


def regime(ticker):
    """The last sixty sessions of 2025 on BTC and the AI basket (NVDA and CRWV in equal parts), HAC with 3 lags."""
    rows = range(len(SESSIONS) - 60, len(SESSIONS))
    own = lambda t, i: float(moved(t, i)[0] / moved(t, i)[1])  # noqa: E731
    y = np.array([math.log1p(own(ticker, i)) for i in rows])
    ai = [math.log1p((own("NVDA", i) + own("CRWV", i)) / 2) for i in rows]
    X = sm.add_constant(np.array([[bitcoin(i), a] for i, a in zip(rows, ai, strict=True)]))
    fit = sm.OLS(y, X).fit(cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": False})
    return {
        "beta_to_btc": float(fit.params[1]),
        "beta_to_btc_se": float(fit.bse[1]),
        "beta_to_ai": float(fit.params[2]),
        "beta_to_ai_se": float(fit.bse[2]),
    }


def main():
    values = {}
    for ticker in ("ABTC", "APLD", "CORZ", "HUT", "MARA"):
        own = {}
        for label, at, first, last in (
            ("ar_2025-12-02", EVENT, 0, 0),
            ("car_-1_+1", EVENT, -1, 1),
            ("car_-5_+5", EVENT, -5, 5),
            ("week_to_2025-12-05", WEEK, -4, 0),
        ):
            fit, rows = study(ticker, at, first, last)
            own[label] = summed(fit, last - first + 1) | {
                "observations": rows,
                "beta_to_btc": float(fit.params[1]),
                "beta_to_sector": float(fit.params[2]),
            }
        values[ticker] = own
    # CANG: 2 new for 1 old on 2025-11-17, within the week
    split_week = SESSIONS.index("2025-11-21")
    values["CANG"] = {"week_to_2025-11-21": summed(study("CANG", split_week, -4, 0)[0], 5)}
    values["leases"] = leases()
    values["radar_ABTC_2025-12-05"] = radar()
    values["regime_2025-12-31"] = {ticker: regime(ticker) for ticker in ("CORZ", "MARA")}
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
        "universe that have a count, in exact fractions. Leases: CAR[-1,+1] of every lease of deals.csv, names of "
        "fewer than 60 sessions by return less the sector's. Radar: the formula of events_longhand.md. Regime: HAC "
        "errors with 3 lags. By answers/working/events_sector.py; compare with rel 1e-9."
    )
    write("events_sector_2025-12-02.json", how, values)


main()
