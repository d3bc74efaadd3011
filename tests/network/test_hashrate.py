"""Hashrate with its interval, the retarget forecast, the halving: exact values, coverage and bias."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from minerdesk import units
from minerdesk.consensus import MAINNET, difficulty_of_bits
from minerdesk.errors import InputError
from minerdesk.measures import network
from minerdesk.models.hashrate import hashrate_of_blocks, hashrate_of_days, probability_above
from minerdesk.models.retarget import drift_of_retargets, estimate_halving, forecast_retarget

Answers = Callable[[str], dict[str, Any]]
Floats = NDArray[np.float64]

DIFFICULTY = 148195306640204.7
WORK_EH = DIFFICULTY * units.HASHES_PER_DIFFICULTY / units.HASHES_PER_EH
TRUTH = 1_000.0  # EH/s
DRAWS = 400_000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20251205)


# --- exact values --------------------------------------------------------------------------------------


def test_intervals_are_those_of_the_gamma_distribution(answers: Answers) -> None:
    known = answers("network_hashrate")
    for row in known["gamma_95"]:
        count = row["blocks"]
        found = hashrate_of_blocks(count, count * 600.0, DIFFICULTY)
        point = WORK_EH / 600.0  # work over time
        assert found.low_eh_s == pytest.approx(point * row["low"] / count, rel=1e-11)
        assert found.high_eh_s == pytest.approx(point * row["high"] / count, rel=1e-11)
        assert found.hashrate_eh_s == pytest.approx(point * (count - 1) / count, rel=1e-12)
        measured = network.network_hashrate_eh_s(
            network.network_work_hashes(DIFFICULTY, count), count * 600.0, count
        )
        assert found.hashrate_eh_s == pytest.approx(measured, rel=1e-12)
        if count == 144:
            printed = (found.low_eh_s / point - 1, found.high_eh_s / point - 1)
            assert printed == pytest.approx(known["printed_144"], abs=5e-4)
    days = hashrate_of_days(144, 86_400, DIFFICULTY)
    assert days.low_eh_s == pytest.approx(WORK_EH / 86_400 * known["garwood_95"]["low"], rel=1e-11)
    assert days.high_eh_s == pytest.approx(WORK_EH / 86_400 * known["garwood_95"]["high"], rel=1e-11)
    assert days.hashrate_eh_s == pytest.approx(WORK_EH / 600, rel=1e-12)


def test_the_probability_of_one_zettahash(answers: Answers) -> None:
    known = answers("network_hashrate")["one_day_144_blocks"]
    found = hashrate_of_blocks(144, known["seconds"], DIFFICULTY)
    assert found.hashrate_eh_s == pytest.approx(known["hashrate_eh_s"], rel=1e-11)
    assert probability_above(found, known["level_eh_s"]) == pytest.approx(
        known["probability_above"], rel=1e-10
    )
    assert probability_above(found, found.low_eh_s) == pytest.approx(0.975)
    assert probability_above(found, found.high_eh_s) == pytest.approx(0.025)
    assert probability_above(found, 0.0) == 1.0
    days = hashrate_of_days(144, 86_400, DIFFICULTY)
    assert 0.025 < probability_above(days, days.high_eh_s) + 0.005 < 0.03
    with pytest.raises(InputError):
        probability_above(found, -1.0)


@given(
    st.integers(2, 5_000), st.floats(1e-3, 1e9), st.floats(1.0, 1e16), st.floats(1e-3, 1e3), st.integers(2, 6)
)
def test_scale_and_splitting(count: int, seconds: float, level: float, factor: float, parts: int) -> None:
    """Twice the time is half the hashrate; a window told in parts of one difficulty is the window."""
    whole = hashrate_of_blocks(count, seconds, level)
    slower = hashrate_of_blocks(count, seconds * factor, level)
    assert slower.hashrate_eh_s * factor == pytest.approx(whole.hashrate_eh_s, rel=1e-9)
    assert slower.low_eh_s * factor == pytest.approx(whole.low_eh_s, rel=1e-9)
    assert slower.high_eh_s * factor == pytest.approx(whole.high_eh_s, rel=1e-9)
    assert whole.low_eh_s < whole.hashrate_eh_s < whole.high_eh_s
    split = [count // parts] * (parts - 1)
    told = hashrate_of_blocks([*split, count - sum(split)], [seconds / parts] * parts, [level] * parts)
    assert told.hashrate_eh_s == pytest.approx(whole.hashrate_eh_s, rel=1e-9)


@pytest.mark.parametrize(
    "window",
    [
        *(
            (1, 600, 1e14),
            (144, 0, 1e14),
            (144, -5, 1e14),
            (144, 600, 0),
            ([1, 2], 600, 1e14),
            (-3, 600, 1e14),
        ),
        *(
            (144, float("nan"), 1e14),
            ([[2]], [[1]], [[1]]),
            (144, 86_400, 1e14, 1.0),
            (144, 86_400, 1e14, 0.0),
        ),
    ],
)
def test_windows_that_tell_nothing(window: tuple[Any, ...]) -> None:
    with pytest.raises(InputError):
        hashrate_of_blocks(*window)
    if window[0] == 1:
        assert hashrate_of_days(*window).blocks == 1
        window = (0, *window[1:])
    with pytest.raises(InputError):
        hashrate_of_days(*window)


# --- coverage and bias by simulation -------------------------------------------------------------------


@pytest.mark.parametrize("count", [144, 1_008, 2_016])
def test_coverage_and_bias_of_a_window_of_blocks(count: int, rng: np.random.Generator) -> None:
    seconds = rng.gamma(count, WORK_EH / TRUTH, DRAWS)
    unit = hashrate_of_blocks(count, 1.0, DIFFICULTY)  # estimate and interval go as 1 / seconds (above)
    covered = (unit.low_eh_s / seconds <= TRUTH) & (unit.high_eh_s / seconds >= TRUTH)
    assert 0.945 < covered.mean() < 0.955
    assert abs((unit.hashrate_eh_s / seconds).mean() / TRUTH - 1.0) < 1e-3


def test_coverage_of_single_blocks_one_by_one(rng: np.random.Generator) -> None:
    """Without the shortcut: exponential waiting times, summed, each window estimated."""
    windows = rng.exponential(WORK_EH / TRUTH, (4_000, 144)).sum(axis=1)
    found = [hashrate_of_blocks(144, seconds, DIFFICULTY) for seconds in windows]
    covered = np.mean([one.low_eh_s <= TRUTH <= one.high_eh_s for one in found])
    assert 0.94 < covered < 0.96
    above = np.array([probability_above(one, TRUTH) for one in found])
    # a calibrated probability is uniform: of the windows told "90 %", 90 % are right
    for level in (0.1, 0.5, 0.9):
        assert (above < level).mean() == pytest.approx(level, abs=0.025)


@pytest.mark.parametrize(("before", "jump"), [(72, 0.8), (10, 1.25), (100, 0.25)])
def test_coverage_across_a_retarget(before: int, jump: float, rng: np.random.Generator) -> None:
    """Exact at any jump: also where work over time alone would be far off."""
    after = 144 - before
    first = rng.gamma(before, WORK_EH / TRUTH, 20_000)
    second = rng.gamma(after, WORK_EH * jump / TRUTH, 20_000)
    found = [
        hashrate_of_blocks([before, after], [one, two], [DIFFICULTY, DIFFICULTY * jump])
        for one, two in zip(first[:6_000], second[:6_000], strict=True)
    ]
    assert 0.94 < np.mean([one.low_eh_s <= TRUTH <= one.high_eh_s for one in found]) < 0.96
    exposure = (first + second / jump) / WORK_EH
    assert abs((143 / exposure).mean() / TRUTH - 1.0) < 2.5e-3


@pytest.mark.parametrize("days", [1, 7, 14])
def test_coverage_and_bias_of_whole_days(days: int, rng: np.random.Generator) -> None:
    seconds = days * 86_400
    counts = rng.poisson(TRUTH * seconds / WORK_EH, DRAWS)
    found = {count: hashrate_of_days(count, seconds, DIFFICULTY) for count in np.unique(counts).tolist()}
    covered = np.mean([found[count].low_eh_s <= TRUTH <= found[count].high_eh_s for count in counts.tolist()])
    assert 0.95 <= covered < 0.96
    estimates = np.array([found[count].hashrate_eh_s for count in counts.tolist()])
    assert abs(estimates.mean() / TRUTH - 1.0) < 1e-3


# --- retarget ------------------------------------------------------------------------------------------


def test_nothing_before_146_blocks() -> None:
    assert forecast_retarget(145, 145 * 600) is None
    assert forecast_retarget(146, 146 * 600) is not None


def test_the_forecast_of_a_constant_hashrate(answers: Answers) -> None:
    for row in answers("network_hashrate")["retarget_at_pace"]["rows"]:
        done = row["blocks"]
        found = forecast_retarget(done, done * 600.0)
        assert found is not None
        assert found.change_fraction == pytest.approx(row["middle"], abs=1e-10)
        assert found.low_fraction == pytest.approx(row["low"], abs=1e-10)
        assert found.high_fraction == pytest.approx(row["high"], abs=1e-10)
        assert found.blocks_left == 2016 - done
        assert found.seconds_left == pytest.approx((2016 - done) * 600.0, rel=3e-3)
        assert found.seconds_left_low < found.seconds_left < found.seconds_left_high
        assert found.drift == 0.0
        if done == 146:  # where the definition's round figure stands
            assert found.high_fraction == pytest.approx(1.96 / done**0.5, abs=2e-3)


def test_a_finished_epoch_has_no_band_left() -> None:
    """Epoch 30,240..32,255, whose first and last times Bitcoin Core's tests give: 1d00ffff -> 1d00d86a."""
    seconds = 1262152739 - 1261130161
    found = forecast_retarget(2015, seconds, [0.05, -0.01] * 10)
    assert found is not None
    assert found.low_fraction == found.change_fraction == found.high_fraction
    assert found.blocks_left == 1
    change = difficulty_of_bits(0x1D00D86A) / difficulty_of_bits(0x1D00FFFF) - 1
    assert found.change_fraction == pytest.approx(change, abs=2e-5)  # but for compact rounding
    slow, fast = forecast_retarget(2015, 2015 * 600 * 9.0), forecast_retarget(2015, 2015 * 60.0)
    assert slow is not None
    assert fast is not None
    assert (slow.change_fraction, fast.change_fraction) == (-0.75, 3.0)


@pytest.mark.parametrize("done", [146, 504, 1_008, 1_900])
def test_coverage_of_the_forecast_at_a_constant_hashrate(done: int, rng: np.random.Generator) -> None:
    """Seconds may be scaled, so one forecast serves all draws: total / done is what it bounds."""
    found = forecast_retarget(done, 600.0 * done)
    assert found is not None
    longest, shortest = (1_209_600 / (1 + edge) for edge in (found.low_fraction, found.high_fraction))
    taken = rng.gamma(done, 600.0, DRAWS)
    total = (taken + rng.gamma(2015 - done, 600.0, DRAWS)) * (600.0 * done / taken)
    assert 0.945 < ((shortest <= total) & (total <= longest)).mean() < 0.955
    middle = 1_209_600 / (1 + found.change_fraction)
    assert (total > middle).mean() == pytest.approx(0.5, abs=0.005)


def epochs_of_a_random_walk(rng: np.random.Generator, epochs: int, step: float) -> tuple[Floats, Floats]:
    """Seconds since the start of each epoch ``(epochs, 2016)``, changes ``(epochs,)``; hashrate wanders."""
    log_rate, difficulty = 0.0, 1.0
    seconds, changes = np.empty((epochs, 2016)), np.empty(epochs)
    for epoch in range(epochs):
        path = log_rate + np.cumsum(rng.normal(0.0, step, 2016))
        log_rate = float(path[-1])
        seconds[epoch] = np.cumsum(rng.exponential(600.0 * difficulty * np.exp(-path)))
        changes[epoch] = 1_209_600 / seconds[epoch, 2014] - 1.0
        difficulty *= 1.0 + changes[epoch]
    return seconds, changes


def test_drift_is_recovered_and_keeps_the_coverage(rng: np.random.Generator) -> None:
    step = 0.0015  # 6.7 % an epoch
    seconds, changes = epochs_of_a_random_walk(rng, 1_500, step)
    drift = drift_of_retargets(changes)
    assert drift == pytest.approx(step * (2016 / 3) ** 0.5, rel=0.08)
    for done in (146, 1_008, 1_700):
        covered, blind = [], []
        for row in seconds:
            total = 1_209_600 / row[2014] - 1.0
            band = forecast_retarget(done, row[done - 1], changes[:60])
            bare = forecast_retarget(done, row[done - 1])
            assert band is not None
            assert bare is not None
            covered.append(band.low_fraction <= total <= band.high_fraction)
            blind.append(bare.low_fraction <= total <= bare.high_fraction)
        assert 0.925 < np.mean(covered) < 0.98, done
        assert np.mean(blind) < np.mean(covered)


@pytest.mark.data
@pytest.mark.parametrize("done", [146, 288, 504, 1_008, 1_512, 1_900])
def test_calibration_on_166_real_epochs(done: int, chain_data: Path, embedded: Path) -> None:
    """95 % band with the drift of the 52 retargets before, epochs of 2020 to 2026: 92 to 97 % held."""
    with gzip.open(chain_data / "blocks_time_pool_610683_946236.csv.gz", "rt") as lines:
        next(lines)
        first, times = 0, []
        for line in lines:
            height, time, _ = line.split(",", 2)
            first = first or int(height)
            times.append(int(time))
    with (embedded / "bitcoin_epochs.csv").open(encoding="utf-8") as lines:
        levels = {
            int(row["first_height"]): difficulty_of_bits(int(row["bits"], 16))
            for row in csv.DictReader(lines)
        }
    held = []
    for height in range(first // 2016 * 2016 + 2016, first + len(times) - 2016, 2016):
        at = height - first
        past = np.array([levels[height - 2016 * back] for back in range(52, -1, -1)])
        band = forecast_retarget(done, times[at + done] - times[at], past[1:] / past[:-1] - 1.0)
        assert band is not None
        real = 1_209_600 / (times[at + 2015] - times[at]) - 1.0
        held.append(band.low_fraction <= real <= band.high_fraction)
    assert len(held) == 166
    assert 0.91 < np.mean(held) < 0.98


@pytest.mark.parametrize(
    ("done", "seconds", "past"),
    [
        (2016, 1e6, ()),
        (-1, 1e6, ()),
        (500, 0.0, ()),
        (500, -1.0, ()),
        (500, 1e5, [0.01] * 12),
        (500, 1e5, [-1.0] * 20),
    ],
)
def test_no_forecast(done: int, seconds: float, past: Any) -> None:
    with pytest.raises(InputError):
        forecast_retarget(done, seconds, past)


# --- halving -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def epoch_starts(embedded: Path) -> tuple[Floats, NDArray[np.int64]]:
    with (embedded / "bitcoin_epochs.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    times = [datetime.fromisoformat(row["first_block_time_utc"]).timestamp() for row in rows]
    return np.array(times), np.array([int(row["first_height"]) for row in rows])


def test_past_halvings(answers: Answers, epoch_starts: tuple[Floats, NDArray[np.int64]]) -> None:
    """2020 and 2024, seen from two months to three and a half years before: nine of ten in the 95 % interval
    (of 2020, two years before, the end of the 2018 sell-off was still to come: eleven days late)."""
    times, heights = epoch_starts
    held = []
    for height, moment in answers("network_hashrate")["halvings"]["blocks"]:
        for epochs_before in (4, 13, 26, 52, 90):
            at = int(np.searchsorted(heights, height)) - epochs_before
            found = estimate_halving(int(heights[at]), np.diff(times[: at + 1]))
            assert (found.height, found.blocks_left) == (height, height - heights[at])
            assert found.subsidy_btc_per_block == {630_000: 6.25, 840_000: 3.125}[height]
            seconds = datetime.fromisoformat(moment).timestamp() - times[at]
            held.append(found.seconds_left_low < seconds < found.seconds_left_high)
            assert found.seconds_left == pytest.approx(seconds, rel=0.04)
            assert found.seconds_left_high - found.seconds_left_low < 0.12 * seconds + 3 * 86_400
    assert sum(held) >= 9


def test_the_halving_of_2028_and_its_calibration(epoch_starts: tuple[Floats, NDArray[np.int64]]) -> None:
    times, heights = epoch_starts
    last = estimate_halving(int(heights[-1]), np.diff(times))
    assert (last.height, last.subsidy_btc_per_block) == (1_050_000, 1.5625)
    for ahead in (13, 26, 52):
        held = []
        for at in range(int(np.searchsorted(heights, 556_000)), len(times) - ahead):
            target = int(heights[at + ahead])
            there = replace(MAINNET, halving_blocks=target)  # as if it halved at that epoch
            found = estimate_halving(int(heights[at]), np.diff(times[: at + 1]), network=there)
            held.append(found.seconds_left_low < times[at + ahead] - times[at] < found.seconds_left_high)
        assert 0.9 < np.mean(held) <= 1.0


def test_too_few_epochs_for_a_halving() -> None:
    with pytest.raises(InputError, match="51"):
        estimate_halving(900_000, np.full(51, 1.2e6))
    steady = estimate_halving(1_000_000, np.full(52, 1_209_600.0))
    assert steady.seconds_left == pytest.approx(50_000 * 600.0)
    assert steady.seconds_left_high - steady.seconds_left_low < 1.0


@settings(max_examples=50)
@given(st.integers(0, 3_000_000))
def test_the_next_halving_is_ahead(height: int) -> None:
    found = estimate_halving(height, np.full(60, 1.2e6))
    assert 0 < found.blocks_left <= 210_000
    assert found.height % 210_000 == 0
