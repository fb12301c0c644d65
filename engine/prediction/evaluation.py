"""How wrong a predictor is on what it has not seen, and how wide its intervals must therefore be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain.prediction import HeldOut
from engine.prediction.predictor import Floats, Predictor, fit_predictor

MAX_FOLDS = 24
"""Single cases are left out in at most this many groups, so that evaluating stays within seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Residuals of held-out cases, in natural logarithm."""

    held_out: HeldOut
    residuals: Floats
    """Measured minus predicted, shape (n,)."""
    deviations: Floats
    """The predictor's own standard deviation for each."""
    groups: tuple[str, ...]
    baseline_residuals: Floats
    """Of the nearest measured case scaled by operations."""

    @property
    def scores(self) -> Floats:
        """Absolute residuals in units of the predictor's own deviation: the conformity scores."""
        absolute: Floats = np.abs(self.residuals) / self.deviations
        return absolute

    @property
    def error(self) -> float:
        """Median absolute relative error, 0.14 for 14 %."""
        return float(np.median(np.abs(np.expm1(-self.residuals))))

    @property
    def baseline_error(self) -> float:
        return float(np.median(np.abs(np.expm1(-self.baseline_residuals))))


def evaluate(
    features: Floats,
    logarithms: Floats,
    types: Sequence[str],
    predictor: Predictor,
    held_out: HeldOut,
) -> Evaluation:
    """Leave one model type out, or one group of single cases out, fit the rest anew, and predict what was left out.

    `features` (n, k), `logarithms` (n,), `types` n names. Raises ValueError with fewer than two groups.
    """
    groups = tuple(types) if held_out is HeldOut.TYPES else tuple(str(i % MAX_FOLDS) for i in range(len(types)))
    names = sorted(set(groups))
    if len(names) < 2:
        raise ValueError("evaluation needs at least two groups")
    residuals = np.empty(len(groups))
    deviations = np.empty(len(groups))
    baseline = np.empty(len(groups))
    labels = np.array(groups)
    for name in names:
        out = labels == name
        fitted = fit_predictor(features[~out], logarithms[~out], start=predictor)
        mean, deviation = fitted.predict(features[out])
        residuals[out] = logarithms[out] - mean
        deviations[out] = deviation
        baseline[out] = logarithms[out] - nearest_scaled(features[~out], logarithms[~out], features[out], predictor)
    return Evaluation(
        held_out=held_out,
        residuals=residuals,
        deviations=deviations,
        groups=groups,
        baseline_residuals=baseline,
    )


def nearest_scaled(known: Floats, logarithms: Floats, asked: Floats, predictor: Predictor) -> Floats:
    """The simplest rival: the nearest measured case, scaled by the ratio of operations (feature 0)."""
    distances = np.linalg.norm(predictor.scale(asked)[:, None, :] - predictor.scale(known)[None, :, :], axis=2)
    nearest = distances.argmin(axis=1)
    scaled: Floats = logarithms[nearest] + asked[:, 0] - known[nearest, 0]
    return scaled
