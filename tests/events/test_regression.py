"""OLS and Newey-West against NIST's certified values and statsmodels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from minerdesk.errors import InputError
from minerdesk.models.regression import newey_west_lags, ols


def sample(seed: int, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_t(4, size=(n, k)) * 0.03
    noise = rng.standard_normal(n) * 0.02 * (1 + 5 * np.abs(X[:, 0]))
    return 0.001 + X @ np.linspace(0.5, 1.5, k) + noise + 0.4 * np.roll(noise, 1), X


def test_longley_has_the_certified_values(answers: Callable[[str], dict[str, Any]]) -> None:
    expected = answers("events_published")["longley"]
    data = sm.datasets.longley.load()
    fit = ols(data.endog.to_numpy(), data.exog.to_numpy())
    np.testing.assert_allclose(fit.coefficients, expected["coefficients"], rtol=1e-9)
    np.testing.assert_allclose(fit.standard_errors, expected["standard_errors"], rtol=1e-9)
    assert fit.residual_sd == pytest.approx(expected["residual_sd"], rel=1e-9)
    assert fit.r_squared == pytest.approx(expected["r_squared"], rel=1e-12)
    assert fit.degrees_of_freedom == 9


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(12, 130),
    k=st.integers(1, 3),
    lags=st.one_of(st.none(), st.integers(0, 8)),
    intercept=st.booleans(),
)
def test_agrees_with_statsmodels(seed: int, n: int, k: int, lags: int | None, intercept: bool) -> None:
    y, X = sample(seed, n, k)
    model = sm.OLS(y, sm.add_constant(X) if intercept else X)
    theirs = model.fit() if lags is None else model.fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    ours = ols(y, X, hac_lags=lags, intercept=intercept)
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(ours.covariance, theirs.cov_params(), rtol=1e-8, atol=1e-16)
    np.testing.assert_allclose(ours.t_values, theirs.tvalues, rtol=1e-8)
    np.testing.assert_allclose(ours.residuals, theirs.resid, atol=1e-13)
    assert ours.r_squared == pytest.approx(theirs.rsquared, rel=1e-9)
    assert ours.residual_sd == pytest.approx(np.sqrt(theirs.mse_resid), rel=1e-10)
    assert (ours.observations, ours.degrees_of_freedom) == (n, n - k - intercept)
    assert len(ours.slopes) == len(ours.slope_errors) == k


def test_forecast_error_agrees_with_statsmodels() -> None:
    y, X = sample(3, 120, 2)
    new = np.array([[0.01, -0.02], [0.05, 0.0], [-0.1, 0.2]])
    theirs = sm.OLS(y, sm.add_constant(X)).fit().get_prediction(sm.add_constant(new))
    ours = ols(y, X)
    np.testing.assert_allclose(ours.predict(new), theirs.predicted_mean, rtol=1e-10)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.forecast_covariance(new))), theirs.se_obs, rtol=1e-10)


def test_one_column_may_be_a_vector() -> None:
    y, X = sample(1, 30, 1)
    np.testing.assert_array_equal(ols(y, X[:, 0]).coefficients, ols(y, X).coefficients)


@pytest.mark.parametrize(
    ("y", "X", "lags"),
    [
        ([1.0, 2.0], [[1.0], [2.0]], None),  # no degree of freedom
        ([1.0, 2.0, 3.0, 4.0], [[1.0], [2.0], [np.nan], [4.0]], None),
        ([1.0, 2.0, np.inf, 3.0], [[1.0], [2.0], [3.0], [5.0]], None),
        ([1.0, 2.0, 3.0, 4.0], [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [5.0, 10.0]], None),
        ([1.0, 2.0, 3.0, 4.0], [[0.0], [0.0], [0.0], [0.0]], None),
        ([1.0, 2.0, 3.0], [[1.0], [2.0], [4.0], [8.0]], None),  # lengths
        ([1.0, 2.0, 3.0, 5.0], [[1.0], [2.0], [4.0], [8.0]], 4),  # lags
        ([1.0, 2.0, 3.0, 5.0], [[1.0], [2.0], [4.0], [8.0]], -1),
        ([1.0, 2.0, 3.0, 5.0], np.zeros((4, 1, 1)), None),
    ],
)
def test_refuses_what_it_cannot_fit(y: list[float], X: Any, lags: int | None) -> None:
    with pytest.raises(InputError):
        ols(y, X, hac_lags=lags)


@pytest.mark.parametrize(("n", "lags"), [(50, 3), (60, 3), (100, 4), (250, 4), (1000, 6)])
def test_lag_rule(n: int, lags: int) -> None:
    assert newey_west_lags(n) == lags
