"""Ordinary least squares with classical or Newey-West (HAC) standard errors, in NumPy.

statsmodels takes more than a second to import, so the product computes these few lines itself; the tests
hold it to statsmodels. The HAC covariance is that of Newey and West, "A simple, positive semi-definite,
heteroskedasticity and autocorrelation consistent covariance matrix", Econometrica 55 (1987), 703-708:
Bartlett weights ``1 - lag / (lags + 1)``, no small-sample factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minerdesk.errors import InputError

Floats = NDArray[np.float64]

#: Above this condition number of the design with unit-length columns, a slope is noise.
CONDITION_LIMIT = 1e10


@dataclass(frozen=True)
class Regression:
    """A fitted regression of ``n`` rows on ``k`` columns, the intercept first where there is one.

    ``residual_sd`` divides by ``n - k``. ``bread`` is ``inv(X'X)``, kept for forecast errors; ``covariance``
    is that of the coefficients, classical or HAC (``hac_lags`` is ``None`` for classical).
    """

    coefficients: Floats
    standard_errors: Floats
    covariance: Floats
    residuals: Floats
    residual_sd: float
    r_squared: float
    observations: int
    degrees_of_freedom: int
    intercept: bool
    hac_lags: int | None
    bread: Floats

    @property
    def slopes(self) -> Floats:
        """Coefficients without the intercept, ``(k - intercept,)``."""
        return self.coefficients[1:] if self.intercept else self.coefficients

    @property
    def slope_errors(self) -> Floats:
        """Standard errors of :attr:`slopes`."""
        return self.standard_errors[1:] if self.intercept else self.standard_errors

    @property
    def t_values(self) -> Floats:
        """Coefficients over their standard errors, ``(k,)``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.coefficients / self.standard_errors

    def predict(self, X: ArrayLike) -> Floats:
        """Fitted values at the rows of ``X`` ``(m, regressors)`` (no intercept column) -> ``(m,)``."""
        return _design(X, self.intercept) @ self.coefficients

    def forecast_covariance(self, X: ArrayLike) -> Floats:
        """Covariance of the forecast errors at rows outside the sample, ``(m, m)``.

        ``s**2 (I + X inv(X'X) X')``: the disturbance of each row and the error of the coefficients, which
        all rows share [Campbell, Lo and MacKinlay 1997, eq. 4.4.9].
        """
        rows = _design(X, self.intercept)
        spread: Floats = self.residual_sd**2 * (np.eye(len(rows)) + rows @ self.bread @ rows.T)
        return spread


def ols(y: ArrayLike, X: ArrayLike, *, hac_lags: int | None = None, intercept: bool = True) -> Regression:
    """Regress ``y`` ``(n,)`` on the columns of ``X`` ``(n,)`` or ``(n, regressors)``, all finite.

    An intercept column is put first unless ``intercept`` is false. ``hac_lags`` gives Newey-West errors with
    that many lags (0 is White's); ``None`` gives classical errors. ``r_squared`` is centred with an
    intercept, uncentred without.

    Raises :class:`minerdesk.errors.InputError` for values that are not finite, lengths that differ, no
    degree of freedom left, or columns that are linearly dependent.
    """
    target = np.asarray(y, dtype=np.float64)
    design = _design(X, intercept)
    n, k = design.shape
    if target.shape != (n,):
        raise InputError(f"y has shape {target.shape}, X has {n} rows")
    if not (np.isfinite(target).all() and np.isfinite(design).all()):
        raise InputError("a regression needs finite values; leave out incomplete rows first")
    if n <= k:
        raise InputError(f"{n} rows are too few for {k} coefficients")
    if hac_lags is not None and not 0 <= hac_lags < n:
        raise InputError(f"hac_lags must lie in 0 .. {n - 1}, not {hac_lags}")
    length = np.sqrt((design**2).sum(axis=0))
    if (length == 0).any() or np.linalg.cond(design / length) > CONDITION_LIMIT:
        raise InputError("the columns of the regression are linearly dependent")

    # QR of the scaled design keeps the digits that X'X would square away
    q, r = np.linalg.qr(design / length)
    inverse_r = np.linalg.solve(r, np.eye(k)) / length[:, None]
    coefficients = inverse_r @ (q.T @ target)
    bread = inverse_r @ inverse_r.T
    residuals = target - design @ coefficients
    rss = float(residuals @ residuals)
    variance = rss / (n - k)
    covariance = variance * bread if hac_lags is None else bread @ _meat(design, residuals, hac_lags) @ bread
    centred = target - target.mean() if intercept else target
    total = float(centred @ centred)
    return Regression(
        coefficients=coefficients,
        standard_errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        residuals=residuals,
        residual_sd=float(np.sqrt(variance)),
        r_squared=1.0 - rss / total if total > 0 else float("nan"),
        observations=n,
        degrees_of_freedom=n - k,
        intercept=intercept,
        hac_lags=hac_lags,
        bread=bread,
    )


def newey_west_lags(observations: int) -> int:
    """The usual lag rule ``floor(4 (n / 100)**(2/9))`` [Newey and West 1994]: 3 lags for 60 sessions."""
    return int(4.0 * (observations / 100.0) ** (2.0 / 9.0))


def _design(X: ArrayLike, intercept: bool) -> Floats:
    columns = np.asarray(X, dtype=np.float64)
    if columns.ndim == 1:
        columns = columns[:, None]
    if columns.ndim != 2:
        raise InputError(f"X must have one or two dimensions, not {columns.ndim}")
    if intercept:
        columns = np.column_stack([np.ones(len(columns)), columns])
    if columns.shape[1] == 0:
        raise InputError("a regression needs at least one column")
    return columns


def _meat(design: Floats, residuals: Floats, lags: int) -> Floats:
    """Long-run covariance of the scores ``x_t e_t``, summed over t, with Bartlett weights ``(k, k)``."""
    scores = design * residuals[:, None]
    meat = scores.T @ scores
    for lag in range(1, lags + 1):
        cross = scores[lag:].T @ scores[:-lag]
        meat += (1.0 - lag / (lags + 1.0)) * (cross + cross.T)
    return meat
