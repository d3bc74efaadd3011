"""Event study of ABTC, APLD and CORZ around 2025-12-02 with statsmodels and one dummy a session.

python answers/working/events.py writes answers/events_abtc_2025-12-02.json. A regression over the estimation and
the event sessions together with a 0/1 column for each event session gives the abnormal returns as the
coefficients of those columns and their forecast errors as standard errors [Salkever 1976; Karafiath 1988];
a CAR is the sum of such coefficients, tested by statsmodels' t_test. No forecast formula is used.
"""

import math

import numpy as np
import statsmodels.api as sm
from facts import BTC, CLOSES, FROM, SESSIONS, split_factor, write

EVENT = SESSIONS.index("2025-12-02")
WEEK = SESSIONS.index("2025-12-05")


def simple(ticker, i):
    """Split-adjusted simple return of session i, or None."""
    before, now = CLOSES[SESSIONS[i - 1]].get(ticker), CLOSES[SESSIONS[i]].get(ticker)
    if i == 0 or before is None or now is None:
        return None
    return float(now * split_factor(ticker, SESSIONS[i - 1], SESSIONS[i]) / before) - 1


def sector_without(ticker, i):
    others = [r for t in FROM if t != ticker and (r := simple(t, i)) is not None]
    return math.log1p(math.fsum(others) / len(others))


def bitcoin(i):
    return math.log(float(BTC[SESSIONS[i]]) / float(BTC[SESSIONS[i - 1]]))


def study(ticker, at, first, last):
    """Abnormal returns at sessions first..last around row ``at`` with the model of [-130, -11]."""
    rows = [i for i in range(max(at - 130, 1), at - 10) if simple(ticker, i) is not None]
    days = list(range(at + first, at + last + 1))
    every = rows + days
    y = np.array([math.log1p(simple(ticker, i)) for i in every])
    base = np.array([[1.0, bitcoin(i), sector_without(ticker, i)] for i in every])
    dummies = np.array([[float(i == d) for d in days] for i in every])
    return sm.OLS(y, np.hstack([base, dummies])).fit(), len(rows)


def summed(fit, count):
    test = fit.t_test(np.r_[np.zeros(3), np.ones(count)])
    return {
        "car": float(test.effect[0]),
        "standard_error": float(np.squeeze(test.sd)),
        "t": float(np.squeeze(test.tvalue)),
        "p_value": float(np.squeeze(test.pvalue)),
    }


def main():
    values = {}
    for ticker in ("ABTC", "APLD", "CORZ", "HUT"):
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
                "alpha": float(fit.params[0]),
                "beta_to_btc": float(fit.params[1]),
                "beta_to_sector": float(fit.params[2]),
                "residual_sd": math.sqrt(float(fit.ssr) / (rows - 3)),
            }
        values[ticker] = own
    how = (
        "statsmodels OLS over the sessions [-130,-11] that have a return and the event sessions together, a 0/1 "
        "column for each event session; a CAR is the sum of their coefficients (t_test). Log returns of "
        "split-adjusted closes; BTC: UTC-day closes of the same dates; sector: ln(1 + mean simple return of all "
        "other names of companies.csv with a return that session), equal-weighted. By "
        "answers/working/events.py; compare with rel 1e-9."
    )
    write("events_abtc_2025-12-02.json", how, values)


main()
