"""Compact bits, retarget, difficulty, subsidy: against Bitcoin Core's own test vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerdesk.consensus import (
    MAINNET,
    REGTEST,
    bits_of_target,
    difficulty_of_bits,
    next_bits,
    subsidy_btc_per_block,
    subsidy_satoshi,
    target_of_bits,
    work_of_bits,
)
from minerdesk.errors import InputError

Answers = Callable[[str], dict[str, Any]]


def test_compact_forms_of_bitcoin_core(answers: Answers) -> None:
    known = answers("network_consensus")["compact"]
    for compact, target in known["targets"]:
        assert target_of_bits(int(compact, 16)) == int(target, 16)
    for target, compact in known["canonical"]:
        assert bits_of_target(int(target, 16)) == int(compact, 16)
    for compact in known["none"]:
        with pytest.raises(InputError, match=compact):
            target_of_bits(int(compact, 16))


@given(st.integers(1, 2**256 - 1))
def test_a_compact_form_rounds_down_and_keeps_two_bytes(target: int) -> None:
    rounded = target_of_bits(bits_of_target(target))
    assert rounded <= target
    assert target - rounded < max(1, target >> 15)
    assert bits_of_target(rounded) == bits_of_target(target)


@pytest.mark.parametrize("target", [0, -1, 2**256])
def test_no_target_no_compact_form(target: int) -> None:
    with pytest.raises(InputError):
        bits_of_target(target)


def test_retarget_vectors_of_bitcoin_core(answers: Answers) -> None:
    for first, last, bits, expected in answers("network_consensus")["retarget"]["epochs"]:
        assert f"{next_bits(int(bits, 16), last - first):08x}" == expected


def test_retarget_is_clamped_and_absent_on_regtest() -> None:
    hard = 0x1B0404CB
    assert next_bits(hard, -5) == next_bits(hard, 302_400)
    assert next_bits(hard, 302_400) != next_bits(hard, 302_400 + 3_600)
    assert next_bits(hard, 4_838_400) == next_bits(hard, 2**40)
    assert next_bits(0x207FFFFF, 1, REGTEST) == 0x207FFFFF


def test_difficulty_and_work(answers: Answers) -> None:
    known = answers("network_consensus")
    for bits, above, below in known["difficulty"]["exact"]:
        assert difficulty_of_bits(int(bits, 16)) == above / below
    block = known["difficulty"]["block_840000"]
    assert difficulty_of_bits(int(block["bits"], 16)) == pytest.approx(block["difficulty"], rel=1e-15)
    assert work_of_bits(0x1D00FFFF) == int(known["work"]["difficulty_one"], 16)


def test_subsidy(answers: Answers) -> None:
    known = answers("network_consensus")["subsidy"]
    for height, satoshi in known["satoshi"]:
        assert subsidy_satoshi(height) == satoshi
    everything = sum(210_000 * subsidy_satoshi(210_000 * halving) for halving in range(40))
    assert everything / 1e8 == known["all_coins_btc"]
    assert subsidy_btc_per_block(930_000) == 3.125
    assert subsidy_satoshi(150, REGTEST) == 2_500_000_000
    with pytest.raises(InputError):
        subsidy_satoshi(-1, MAINNET)
