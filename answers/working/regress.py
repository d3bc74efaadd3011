"""Beta, divergence and two-factor exposure of a week with statsmodels, HAC errors checked by hand in numpy.

python answers/working/regress.py 2025-11-28 2025-12-05 writes answers/beta_2025-12-05.json.
"""

import math
import sys
from itertools import pairwise

import numpy as np
import statsmodels.api as sm
from facts import BTC, CLOSES, SESSIONS, write
from sector import cap_returns

RETURNS = cap_returns()
LOG_SECTOR = {s: math.log1p(float(r)) for s, (r, _) in RETURNS.items()}
PAIRS = list(pairwise(SESSIONS))
LOG_BTC = {b: math.log(float(BTC[b]) / float(BTC[a])) for a, b in PAIRS}
SIMPLE_AI = {b: sum(CLOSES[b][t] / CLOSES[a][t] - 1 for t in ("NVDA", "CRWV")) / 2 for a, b in PAIRS}
LOG_AI = {s: math.log1p(float(r)) for s, r in SIMPLE_AI.items()}


def newey_west(x, residual, lags):
    """Newey-West covariance with Bartlett weights and no small-sample factor, written out."""
    bread = np.linalg.inv(x.T @ x)
    score = x * residual[:, None]
    meat = score.T @ score
    for lag in range(1, lags + 1):
        gamma = score[lag:].T @ score[:-lag]
        meat += (1 - lag / (lags + 1)) * (gamma + gamma.T)
    return np.sqrt(np.diag(bread @ meat @ bread))


def fit(window, factors):
    y = np.array([LOG_SECTOR[s] for s in window])
    x = sm.add_constant(np.column_stack([[f[s] for s in window] for f in factors]))
    model = sm.OLS(y, x).fit(cov_type="HAC", cov_kwds={"maxlags": 5, "use_correction": False})
    solved = np.linalg.solve(x.T @ x, x.T @ y)
    assert np.allclose(solved, model.params, rtol=1e-9, atol=1e-14)
    assert np.allclose(newey_west(x, y - x @ solved, 5), model.bse, rtol=1e-9)
    return model, y, x


def divergence(model, week, factors, residual_sd):
    errors = [
        LOG_SECTOR[s]
        - float(model.params[0] + sum(b * f[s] for b, f in zip(model.params[1:], factors, strict=True)))
        for s in week
    ]
    return {
        "residuals": dict(zip(week, errors, strict=True)),
        "residual_sum": math.fsum(errors),
        "divergence_z": math.fsum(errors) / (residual_sd * math.sqrt(len(week))),
    }


def one(window, week, factors, names):
    model, _, _ = fit(window, factors)
    n, k = len(window), len(factors) + 1
    rss = float(model.ssr)
    sd = math.sqrt(rss / (n - k))
    out = {
        "first_session": window[0],
        "last_session": window[-1],
        "observations": n,
        "alpha": float(model.params[0]),
        "alpha_se_hac": float(model.bse[0]),
    }
    for i, name in enumerate(names, 1):
        out[f"beta_to_{name}"] = float(model.params[i])
        out[f"beta_to_{name}_se_hac"] = float(model.bse[i])
    out |= {
        "r_squared": float(model.rsquared),
        "residual_sum_of_squares": rss,
        "residual_sd": sd,
        "residual_sd_ddof": k,
    }
    if k != 2:
        out["residual_sd_with_ddof_2"] = math.sqrt(rss / (n - 2))
    return out | {"week": divergence(model, week, factors, sd)}


def main(start, end):
    i, j = SESSIONS.index(start), SESSIONS.index(end)
    week = SESSIONS[i + 1 : j + 1]
    to_end, to_start = SESSIONS[j - 59 : j + 1], SESSIONS[i - 59 : i + 1]
    two, names = (LOG_BTC, LOG_AI), ("btc", "ai_basket")
    mean_log = {b: sum(math.log(CLOSES[b][t] / CLOSES[a][t]) for t in ("NVDA", "CRWV")) / 2 for a, b in PAIRS}
    how = (
        "statsmodels OLS with constant, cov_type HAC, maxlags 5, use_correction False, in doubles; "
        "coefficients and HAC errors checked against the normal equations and Newey-West sums written out in "
        "numpy (rtol 1e-9). Dependent: ln(1 + daily return of the cap-weighted gross sector, as in "
        "index_2025.json). BTC: ln of UTC-day closes on the same two dates. AI basket: ln(1 + mean of the "
        "simple returns of NVDA and CRWV). By answers/working/regress.py; compare with rel 1e-9."
    )
    write(
        f"beta_{end}.json",
        how,
        {
            "week_start": start,
            "week_end": end,
            "sessions_in_week": len(week),
            "in_sample": one(to_end, week, (LOG_BTC,), ("btc",)),
            "out_of_sample": one(to_start, week, (LOG_BTC,), ("btc",)),
            "two_factor_in_sample": one(to_end, week, two, names),
            "two_factor_out_of_sample": one(to_start, week, two, names),
            "two_factor_in_sample_ai_as_mean_of_logs": one(to_end, week, (LOG_BTC, mean_log), names),
            "week_log_returns": {
                "sector": math.fsum(LOG_SECTOR[s] for s in week),
                "btc": math.fsum(LOG_BTC[s] for s in week),
                "ai_basket": math.fsum(LOG_AI[s] for s in week),
            },
            "series": {
                s: {"sector": LOG_SECTOR[s], "btc": LOG_BTC[s], "ai_basket": LOG_AI[s]}
                for s in SESSIONS[i - 59 : j + 1]
            },
        },
    )


main(*sys.argv[1:3])
