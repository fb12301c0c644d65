"""A linear trend and a Gaussian process on the logarithm of a metric.

Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006), chapters 2 and 5: squared-exponential kernel
with one length scale per feature plus white noise, hyperparameters by maximum marginal likelihood.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


RIDGE = 0.1
"""Weight of the penalty on the trend's slopes, in units of one training case."""


@dataclass(frozen=True, slots=True)
class Predictor:
    """A fitted trend and process; inputs and outputs are in the units they were given in."""

    process: Any
    """sklearn.gaussian_process.GaussianProcessRegressor on what the trend leaves over."""
    center: Floats
    spread: Floats
    mean: float
    slopes: Floats

    def scale(self, features: Floats) -> Floats:
        """Features in standard deviations of the training set, shape (n, features)."""
        scaled: Floats = (features - self.center) / self.spread
        return scaled

    def predict(self, features: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the logarithm, each of shape (n,)."""
        scaled = self.scale(features)
        left_over, deviation = self.process.predict(scaled, return_std=True)
        return self.mean + scaled @ self.slopes + left_over, np.maximum(deviation, 1e-6)


def fit_predictor(features: Floats, logarithms: Floats, *, start: Predictor | None = None) -> Predictor:
    """Fit to `features` (n, k) and `logarithms` (n,); `start` lends its hyperparameters as the first guess.

    Deterministic: the optimiser starts from fixed points. A linear trend (ridge) comes first and the process models
    what it leaves over, so that a prediction beyond the measured range follows the trend instead of falling back to
    the average.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    center = features.mean(axis=0)
    spread = features.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    scaled = (features - center) / spread
    mean = float(logarithms.mean())
    width = features.shape[1]
    slopes = np.linalg.solve(scaled.T @ scaled + RIDGE * np.eye(width), scaled.T @ (logarithms - mean))
    kernel = (
        start.process.kernel_
        if start is not None
        else ConstantKernel(0.3, (1e-4, 1e2)) * RBF(np.full(width, 2.0), (0.2, 30.0)) + WhiteKernel(1e-2, (1e-5, 1.0))
    )
    process = GaussianProcessRegressor(kernel=kernel, optimizer=_bounded_search, random_state=0, alpha=1e-9)
    with warnings.catch_warnings():
        # A length scale at its upper bound only says that the feature does not matter here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(scaled, logarithms - mean - scaled @ slopes)
    return Predictor(process, center, spread, mean, slopes)


def _bounded_search(objective: Any, initial: Floats, bounds: Floats) -> tuple[Floats, float]:
    """L-BFGS-B with a bounded number of steps; scikit-learn's default warns when it would like more."""
    from scipy.optimize import minimize

    found = minimize(objective, initial, method="L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": 60})
    return found.x, float(found.fun)
