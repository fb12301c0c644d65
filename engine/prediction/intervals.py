"""Split-conformal intervals from held-out residuals.

Lei et al., *Distribution-Free Predictive Inference for Regression* (JASA 2018), with residuals divided by the
predictor's own deviation so that the interval widens away from what was measured.
"""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from engine.domain.prediction import HeldOut
from engine.prediction.evaluation import Evaluation
from engine.prediction.predictor import Floats


def conformal_multiplier(scores: Floats, confidence: float) -> float:
    """The factor on the deviation that covers `confidence` of exchangeable cases.

    The finite-sample quantile, rank ceil((n + 1) * confidence); the largest score where n is too small for that rank,
    and never below the Gaussian's own 1.64, so that a lucky handful of scores cannot promise more than the model does.
    """
    ordered = np.sort(scores)
    rank = ceil((len(ordered) + 1) * confidence)
    observed = float(ordered[min(rank, len(ordered)) - 1])
    return max(observed, 1.645)


def calibration_scores(evaluation: Evaluation) -> Floats:
    """The scores that may be ranked: one per case, or the worst of each type where whole types were held out.

    Cases of one type err together, so for a type never measured only types are exchangeable.
    """
    return _exchangeable(evaluation.scores, np.array(evaluation.groups), evaluation.held_out)


def attainable_confidence(scores: Floats, confidence: float) -> float:
    """`confidence`, or n / (n + 1) where n scores cannot carry more."""
    return min(confidence, len(scores) / (len(scores) + 1))


def measured_coverage(evaluation: Evaluation, confidence: float) -> float | None:
    """Share of held-out cases inside an interval whose factor was set without their own group; None under 8 cases."""
    scores = evaluation.scores
    if len(scores) < 8:
        return None
    groups = np.array(evaluation.groups)
    inside = 0
    for name in set(evaluation.groups):
        out = groups == name
        others = _exchangeable(scores[~out], groups[~out], evaluation.held_out)
        inside += int((scores[out] <= conformal_multiplier(others, confidence)).sum())
    return inside / len(scores)


def _exchangeable(scores: Floats, groups: npt.NDArray[np.str_], held_out: HeldOut) -> Floats:
    if held_out is HeldOut.CASES:
        return scores
    return np.array([scores[groups == name].max() for name in np.unique(groups)])
