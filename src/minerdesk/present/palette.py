"""The colours of the house: one accent, quiet inks, and a pair for up and down that colour-blind readers
tell apart (blue and orange, after Okabe and Ito), so that neither the western nor the Chinese habit of red
and green is contradicted. Colour is never the only sign: numbers carry theirs."""

from __future__ import annotations

#: token -> (light, dark). HTML turns the light hex of a drawing into ``var(--token)``.
COLOURS: dict[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#14171c"),
    "ink": ("#1b1f26", "#e6e8ec"),
    "muted": ("#5d6673", "#9aa3b0"),
    "rule": ("#d9dde3", "#333a45"),
    "wash": ("#f5f6f8", "#1c2129"),
    "accent": ("#0b4f6c", "#6cc0e5"),
    "up": ("#0072b2", "#56b4e9"),
    "down": ("#c4560b", "#f0923b"),
    "bitcoin": ("#8a6d1d", "#d9b44a"),
}


def light(token: str) -> str:
    return COLOURS[token][0]
