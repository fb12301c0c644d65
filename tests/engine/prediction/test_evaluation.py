"""Held-out errors of cases with equal features, where the predictor's answer is the mean of what it was given."""

from __future__ import annotations

import numpy as np
import pytest

from engine.domain.prediction import HeldOut
from engine.prediction.evaluation import evaluate, nearest_scaled
from engine.prediction.predictor import Predictor, fit_predictor

ALIKE = np.zeros((4, 2))
LOGARITHMS = np.array([0.0, 0.0, 2.0, 7.0])
TYPES = ("a", "a", "b", "c")

UNSCALED = Predictor(process=None, center=np.zeros(2), spread=np.ones(2), mean=0.0, slopes=np.zeros(2))


@pytest.mark.parametrize(
    ("held_out", "residuals"),
    [
        pytest.param(HeldOut.TYPES, [0 - 9 / 2, 0 - 9 / 2, 2 - 7 / 3, 7 - 2 / 3], id="without both cases of a"),
        pytest.param(HeldOut.CASES, [0 - 9 / 3, 0 - 9 / 3, 2 - 7 / 3, 7 - 2 / 3], id="without one case of a"),
    ],
)
def test_what_is_held_out_is_predicted_from_the_rest_alone(held_out, residuals):
    evaluation = evaluate(ALIKE, LOGARITHMS, TYPES, fit_predictor(ALIKE, LOGARITHMS), held_out)
    assert evaluation.residuals == pytest.approx(np.array(residuals), abs=1e-6)


def test_a_single_type_cannot_be_held_out():
    with pytest.raises(ValueError, match="at least two groups"):
        evaluate(ALIKE[:2], LOGARITHMS[:2], ("a", "a"), UNSCALED, HeldOut.TYPES)


def test_the_rival_is_the_nearest_case_scaled_by_operations():
    """Operations 9 and 2 lie nearest to 10 and 0, and differ from them by -1 and +2."""
    known, asked = np.array([[0.0, 0.0], [10.0, 0.0]]), np.array([[9.0, 0.5], [2.0, 0.5]])
    assert nearest_scaled(known, np.array([1.0, 4.0]), asked, UNSCALED).tolist() == [4 - 1, 1 + 2]


def test_the_rivals_error_is_of_its_scaled_answer():
    """Cost proportional to operations: scaled, the nearest case is right; as it stands it would be off by a nat."""
    features = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    evaluation = evaluate(
        features, features[:, 0] + 5, ("a", "b", "c"), fit_predictor(features, features[:, 0] + 5), HeldOut.TYPES
    )
    assert evaluation.baseline_residuals == pytest.approx(np.zeros(3))
    assert evaluation.baseline_error == pytest.approx(0.0)
