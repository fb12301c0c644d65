"""How far intervals reach and what they may claim, against ranks counted by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engine.domain.prediction import HeldOut
from engine.prediction.evaluation import Evaluation
from engine.prediction.intervals import (
    attainable_confidence,
    calibration_scores,
    conformal_multiplier,
    measured_coverage,
)

WORLDS = 3000


def evaluated(scores: Sequence[float], groups: Sequence[str], held_out: HeldOut) -> Evaluation:
    return Evaluation(
        held_out=held_out,
        residuals=np.array(scores),
        deviations=np.ones(len(scores)),
        groups=tuple(groups),
        baseline_residuals=np.zeros(len(scores)),
    )


@pytest.mark.parametrize(
    ("count", "confidence", "rank"),
    [
        pytest.param(10, 0.9, 10, id="11 * 0.9 = 9.9, where 10 * 0.9 would be rank 9"),
        pytest.param(20, 0.9, 19, id="21 * 0.9 = 18.9, where 20 * 0.9 would be rank 18"),
        pytest.param(19, 0.9, 18, id="20 * 0.9 = 18 as it stands"),
        pytest.param(4, 0.5, 3, id="5 * 0.5 = 2.5"),
        pytest.param(5, 0.9, 5, id="rank 6 of 5 is the largest"),
    ],
)
def test_the_multiplier_is_the_score_of_the_finite_sample_rank(count, confidence, rank):
    """Scores are 2, 3, 4 ... in no order, so that rank r is the score r + 1."""
    scores = np.random.default_rng(0).permutation(np.arange(2.0, count + 2))
    assert conformal_multiplier(scores, confidence) == rank + 1


def test_the_multiplier_never_falls_below_the_gaussians_own():
    assert conformal_multiplier(np.array([0.1, 0.2, 0.3]), 0.9) == 1.645


def test_coverage_of_a_case_is_judged_without_its_own_score():
    """Nine others rank 9, their largest: the tenth score lies outside, though with itself included it would not."""
    evaluation = evaluated(np.arange(2.0, 12.0), [str(index) for index in range(10)], HeldOut.CASES)
    assert measured_coverage(evaluation, 0.9) == 0.9


def test_coverage_of_a_type_is_judged_without_any_of_its_own_scores():
    """Held out, d meets the factor 4 of a, b and c: one of its two cases is outside."""
    evaluation = evaluated([2, 1, 3, 1, 4, 1, 5, 1], list("aabbccdd"), HeldOut.TYPES)
    assert measured_coverage(evaluation, 0.8) == 7 / 8


def test_coverage_of_fewer_than_eight_cases_is_unknown():
    assert measured_coverage(evaluated(np.arange(7.0), list("abcdefg"), HeldOut.TYPES), 0.9) is None


def test_held_out_types_are_ranked_by_their_worst_case_and_held_out_cases_by_their_own():
    scores, groups = [2.0, 7.0, 3.0, 4.0, 5.0], list("abbac")
    assert sorted(calibration_scores(evaluated(scores, groups, HeldOut.TYPES))) == [4, 5, 7]
    assert sorted(calibration_scores(evaluated(scores, groups, HeldOut.CASES))) == [2, 3, 4, 5, 7]


@pytest.mark.parametrize(("count", "claimed"), [(3, 3 / 4), (8, 8 / 9), (9, 0.9), (10, 0.9)])
def test_few_scores_claim_no_more_than_their_largest_can_hold(count, claimed):
    assert attainable_confidence(np.ones(count), 0.9) == pytest.approx(claimed)


@pytest.mark.parametrize("types", [3, 5, 12, 20])
def test_intervals_of_a_type_with_its_own_efficiency_hold_as_often_as_they_claim(types):
    """All four cases of a type err by its factor: ranked one by one, they would claim more than they hold."""
    random = np.random.default_rng(7)
    held = 0
    for _ in range(WORLDS):
        factors = random.lognormal(1.5, 0.5, types + 1)
        scores = factors[:, None] * random.lognormal(0.0, 0.02, (types + 1, 4))
        known = evaluated(scores[:-1].ravel(), np.repeat(np.arange(types), 4).astype(str), HeldOut.TYPES)
        ranked = calibration_scores(known)
        claimed = attainable_confidence(ranked, 0.9)
        held += scores[-1, 0] <= conformal_multiplier(ranked, claimed)
    assert held / WORLDS >= claimed - 0.015
    assert claimed == pytest.approx(min(0.9, types / (types + 1)))
