"""The predictor against a known law of cost, where the right answer can be computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.domain.case import Case, Precision
from engine.domain.measurement import Metric
from engine.domain.model import ModelFacts
from engine.domain.prediction import HeldOut
from engine.domain.summary import CaseSummary
from engine.errors import NotEnoughData
from engine.prediction.features import FEATURES, facts_at_batch, feature_vector
from engine.prediction.predict import predict, refuse_useless, train
from tests.builders import a_case, a_prediction, a_summary, some_facts

TOKENS = 128


def facts_of(parameters: int, batch_size: int) -> ModelFacts:
    return some_facts(
        parameters=parameters,
        parameter_bytes=4 * parameters,
        flops=2 * parameters * TOKENS * batch_size,
        input_bytes=1024 * batch_size,
    )


def law(facts: ModelFacts) -> float:
    """Seconds: overhead, arithmetic and reading the weights."""
    assert facts.flops is not None
    return 2e-3 + facts.flops / 6e10 + facts.parameter_bytes / 1e10


def machine_of(count: int = 13, *, seed: int = 1, batch_sizes: tuple[int, ...] = (1, 8)) -> list[CaseSummary]:
    """`count` model types of 0.2 to 400 M parameters, measured with 5 % noise."""
    random = np.random.default_rng(seed)
    summaries = []
    for index, parameters in enumerate(np.exp(random.uniform(np.log(2e5), np.log(4e8), count))):
        for batch_size in batch_sizes:
            facts = facts_of(int(parameters), batch_size)
            latency = law(facts) * float(np.exp(random.normal(0, 0.05)))
            case = a_case(f"type{index}", batch_size=batch_size)
            summaries.append(replace(a_summary(case, latencies=(latency,)), facts=facts))
    return summaries


def asked(name: str, parameters: int, batch_size: int) -> tuple[Case, ModelFacts]:
    return a_case(name, batch_size=batch_size), facts_of(parameters, batch_size)


def test_a_case_between_measured_ones_is_predicted_within_a_fifth_and_inside_its_interval():
    trained = train(machine_of(), Metric.LATENCY, "cpu")
    case, facts = asked("never_seen", 30_000_000, 4)
    prediction = predict(trained, case, facts)
    assert prediction.value == pytest.approx(law(facts), rel=0.2)
    assert prediction.low < law(facts) < prediction.high
    assert not prediction.is_extrapolation
    assert prediction.held_out is HeldOut.TYPES
    assert prediction.training_cases == 26


def test_a_known_model_at_another_batch_size_is_judged_by_held_out_cases():
    summaries = machine_of()
    trained = train(summaries, Metric.LATENCY, "cpu")
    assert summaries[6].facts is not None
    case, facts = asked(summaries[6].case.model_type, summaries[6].facts.parameters, 4)
    prediction = predict(trained, case, facts)
    assert prediction.held_out is HeldOut.CASES
    assert prediction.value == pytest.approx(law(facts), rel=0.2)


def test_intervals_cover_about_as_many_unseen_cases_as_they_claim():
    inside = total = 0
    for seed in range(6):
        trained = train(machine_of(seed=seed), Metric.LATENCY, "cpu")
        for parameters in (1_000_000, 10_000_000, 60_000_000, 200_000_000):
            for batch_size in (2, 4):
                case, facts = asked("never_seen", parameters, batch_size)
                prediction = predict(trained, case, facts, confidence=0.9)
                inside += prediction.low <= law(facts) <= prediction.high
                total += 1
    assert inside / total >= 0.85


def with_own_efficiency(random: np.random.Generator, name: str, *batch_sizes: int) -> list[CaseSummary]:
    """A model type that is slower or faster than its operations say, by the same factor at every batch size."""
    parameters, factor = int(np.exp(random.uniform(np.log(2e6), np.log(3e8)))), float(np.exp(random.normal(0, 0.4)))
    found = []
    for size in batch_sizes:
        facts = facts_of(parameters, size)
        summary = a_summary(a_case(name, batch_size=size), latencies=(factor * law(facts),))
        found.append(replace(summary, facts=facts))
    return found


def test_intervals_of_a_type_never_measured_claim_no_more_than_few_types_hold():
    """Three types hold three of four unseen ones; their nine cases would claim nine of ten."""
    random = np.random.default_rng(5)
    inside = total = 0
    for _ in range(6):
        known = [summary for name in "abc" for summary in with_own_efficiency(random, name, 1, 8, 32)]
        trained = train(known, Metric.LATENCY, "cpu")
        for unseen in (with_own_efficiency(random, "never_seen", 4)[0] for _ in range(20)):
            assert unseen.facts is not None
            prediction = predict(trained, unseen.case, unseen.facts)
            inside += prediction.low <= unseen.estimates[Metric.LATENCY].value <= prediction.high
            total += 1
    assert inside / total >= prediction.confidence - 0.05
    assert prediction.confidence == 3 / 4
    assert "So few model types carry 75% intervals at most: measure more for 90%." in prediction.explanation


def test_enough_model_types_carry_the_confidence_asked_for():
    trained = train(machine_of(9), Metric.LATENCY, "cpu")
    prediction = predict(trained, *asked("never_seen", 30_000_000, 4))
    assert prediction.confidence == 0.9
    assert "So few" not in prediction.explanation


def test_a_known_type_is_ranked_by_cases_and_keeps_its_confidence_with_few_types():
    trained = train(machine_of(3, batch_sizes=(1, 8, 32)), Metric.LATENCY, "cpu")
    known = trained.summaries[0].case
    assert trained.summaries[0].facts is not None
    prediction = predict(trained, *asked(known.model_type, trained.summaries[0].facts.parameters, 4))
    assert prediction.confidence == 0.9


def test_far_beyond_the_measured_range_is_called_extrapolation_and_gets_a_wider_interval():
    trained = train(machine_of(), Metric.LATENCY, "cpu")
    near = predict(trained, *asked("never_seen", 30_000_000, 4))
    far = predict(trained, *asked("never_seen", 30_000_000_000, 4))
    assert far.is_extrapolation
    assert "beyond what was measured" in far.explanation
    assert far.high / far.low > 2 * near.high / near.low


def test_bounds_too_far_apart_are_no_prediction():
    trained = train(machine_of(), Metric.LATENCY, "cpu")
    case, facts = asked("never_seen", 30_000_000, 4)
    useful = predict(trained, case, facts)
    refuse_useless(useful, facts)
    with pytest.raises(NotEnoughData, match=r"anything between 1.00 ms and 2.00 s\. .*Measure a few cases of default"):
        refuse_useless(replace(useful, low=0.001, high=2.0), facts)


def test_no_less_memory_is_predicted_than_the_weights_take():
    case, facts = asked("never_seen", 100_000_000, 4)
    guess = a_prediction(case, Metric.PEAK_MEMORY, value=4.2e8, low=4.0e8, high=4.5e8)
    refuse_useless(guess, facts)
    with pytest.raises(NotEnoughData, match=r"less memory than the weights of never_seen .* take \(381 MiB\)"):
        refuse_useless(replace(guess, low=1e8, high=2e8), facts)


def test_too_few_measurements_are_refused_with_what_is_missing():
    with pytest.raises(NotEnoughData, match=r"4 measured inference cases of 2 model types.*8 cases of 3 types"):
        train(machine_of(2), Metric.LATENCY, "cpu")


def test_a_precision_that_was_never_measured_is_refused():
    trained = train(machine_of(), Metric.LATENCY, "cpu")
    case, facts = asked("never_seen", 30_000_000, 4)
    with pytest.raises(NotEnoughData, match="Only 0 bf16 cases"):
        predict(trained, replace(case, precision=Precision.BF16), facts)


def test_another_backend_lends_nothing():
    with pytest.raises(NotEnoughData, match="cuda rests on 0 measured"):
        train(machine_of(), Metric.LATENCY, "cuda")


def test_the_nearest_measured_cases_come_nearest_first():
    trained = train(machine_of(), Metric.LATENCY, "cpu")
    prediction = predict(trained, *asked("never_seen", 30_000_000, 4))
    distances = [distance for _, distance in prediction.nearest]
    assert distances == sorted(distances)
    assert len(distances) == 5


def test_the_same_measurements_give_the_same_prediction():
    first = predict(train(machine_of(), Metric.LATENCY, "cpu"), *asked("never_seen", 30_000_000, 4))
    second = predict(train(machine_of(), Metric.LATENCY, "cpu"), *asked("never_seen", 30_000_000, 4))
    assert (first.value, first.low, first.high) == (second.value, second.low, second.high)


def test_facts_grow_with_the_batch_but_weights_do_not():
    larger = facts_at_batch(facts_of(1000, 1), 8)
    assert larger == facts_of(1000, 8)


def test_operations_that_cannot_be_counted_still_give_a_full_vector():
    vector = feature_vector(a_case(), replace(facts_of(1000, 1), flops=None))
    assert len(vector) == len(FEATURES)
    assert np.isfinite(vector).all()
