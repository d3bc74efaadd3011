"""The index variants of answers/README.md in exact fractions. Writes answers/index_2025.json."""

from itertools import pairwise

from facts import CLOSES, FROM, SESSIONS, F, shares, split_factor, universe, write

BASE, REBALANCES = "2025-06-02", ("2025-06-30", "2025-09-30", "2025-12-31")
DATES = ("2025-06-30", "2025-09-30", "2025-11-28", "2025-12-05", "2025-12-31")


def close(ticker, day):
    """Last known close at `day`, brought to the share basis of `day`; None before the first."""
    known = [s for s in SESSIONS if s <= day and ticker in CLOSES[s]]
    return CLOSES[known[-1]][ticker] / split_factor(ticker, known[-1], day) if known else None


def cap_returns(leave_out=()):
    """Daily return of the cap-weighted sector, shares of the close before. {session: (return, names)}"""
    out = {}
    for before, today in pairwise(SESSIONS):
        top = bottom = F(0)
        n = 0
        for t in universe(before):
            s, p0, p1 = shares(t, before), close(t, before), close(t, today)
            if t in leave_out or s is None or p0 is None or p1 is None:
                continue
            top += s * (p1 * split_factor(t, before, today) - p0)
            bottom += s * p0
            n += 1
        out[today] = (top / bottom, n)
    return out


def cap_levels(returns):
    levels = {BASE: F(1000)}
    for before, today in pairwise(SESSIONS):
        # floats would do; the fraction is cut to 40 digits so that it does not grow without end
        levels[today] = F(round(levels[before] * (1 + returns[today][0]) * 10**40), 10**40)
    return levels


def divisor_levels():
    """The same by level = cap / divisor; the divisor moves when counts or members do. A check, in doubles."""
    value = lambda day, basis_day, members: sum(  # noqa: E731
        float(shares(t, basis_day) * split_factor(t, basis_day, day) * close(t, day)) for t in members
    )
    counted = lambda day: [t for t in universe(day) if shares(t, day) and close(t, day)]  # noqa: E731
    members = counted(BASE)
    divisor = value(BASE, BASE, members) / 1000
    levels, divisors = {BASE: 1000.0}, {BASE: divisor}
    for before, today in pairwise(SESSIONS):
        old = value(today, before, members)
        levels[today] = old / divisor
        members = counted(today)
        divisor *= value(today, today, members) / old
        divisors[today] = divisor
    return levels, divisors


def weights(day, variant):
    members = [t for t in universe(day) if shares(t, day) is not None and close(t, day) is not None]
    if variant == "equal":
        return {t: F(1, len(members)) for t in members}
    cap = {t: shares(t, day) * close(t, day) for t in members}
    over = set()
    while True:  # names at the limit stay at it; the rest share what is left in proportion to cap
        free = sum(c for t, c in cap.items() if t not in over)
        left = 1 - F(1, 10) * len(over)
        w = {t: F(1, 10) if t in over else left * c / free for t, c in cap.items()}
        more = {t for t in members if w[t] > F(1, 10)}
        if not more:
            return w
        over |= more


def drifting_levels(variant):
    levels, at = {BASE: F(1000)}, BASE
    w = weights(BASE, variant)
    all_weights = {BASE: w}
    for today in SESSIONS[1:]:
        growth = sum(x * close(t, today) * split_factor(t, at, today) / close(t, at) for t, x in w.items())
        levels[today] = levels[at] * growth
        if today in REBALANCES:
            levels[today] = F(round(levels[today] * 10**40), 10**40)
            at, w = today, weights(today, variant)
            all_weights[today] = w
    return levels, all_weights


def main():
    returns = cap_returns()
    cap = cap_levels(returns)
    check, divisors = divisor_levels()
    assert max(abs(float(cap[s]) / check[s] - 1) for s in SESSIONS) < 1e-12
    capped, capped_w = drifting_levels("capped")
    equal, equal_w = drifting_levels("equal")
    no_sos = cap_levels(cap_returns(("SOS",)))
    entries = {}
    for t in FROM:
        day = next(s for s in SESSIONS if t in CLOSES[s] and shares(t, s) is not None and s >= FROM[t])
        first = next(s for s in SESSIONS if t in CLOSES[s])
        if first > BASE:
            entries[t] = {
                "first_close": first,
                "cap_enters_at_close_of": day,
                "capped_and_equal_enter_at_close_of": next(r for r in REBALANCES if r >= day),
            }
    how = (
        "Exact fractions over closes, shares, splits, companies of ../shared/sample by working/sector.py; "
        "the cap-weighted level also by level = cap / divisor (agrees to 1e-12). Rules: answers/README.md. "
        "15 significant digits."
    )
    pick = lambda levels: {d: levels[d] for d in DATES}  # noqa: E731
    values = {
        "base_session": BASE,
        "base_level": 1000,
        "rebalanced_at_close_of": REBALANCES,
        "entries": entries,
        "levels": {"cap": pick(cap), "capped": pick(capped), "equal": pick(equal)},
        "week_return_2025_12_05_fraction": {
            k: v["2025-12-05"] / v["2025-11-28"] - 1
            for k, v in (("cap", cap), ("capped", capped), ("equal", equal))
        },
        "divisor_with_cap_in_usd": {d: divisors[d] for d in (BASE, *DATES)},
        "cap_level_without_SOS_for_information": pick(no_sos),
        "names_per_rebalance": {d: len(w) for d, w in capped_w.items()},
        "capped_weights": {d: dict(sorted(w.items(), key=lambda i: -i[1])) for d, w in capped_w.items()},
        "names_at_the_limit": {d: [t for t in w if w[t] == F(1, 10)] for d, w in capped_w.items()},
        "equal_weight": {d: next(iter(w.values())) for d, w in equal_w.items()},
        "cap_daily": {
            s: {"return_fraction": returns[s][0], "names": returns[s][1], "level": cap[s]}
            for s in SESSIONS[1:]
        },
        "capped_daily_level": {s: capped[s] for s in SESSIONS},
        "equal_daily_level": {s: equal[s] for s in SESSIONS},
    }
    write("index_2025.json", how, values)
    for d in (BASE, *DATES):
        print(
            f"| {d} | {float(cap[d]):.9f} | {float(capped[d]):.9f} | {float(equal[d]):.9f} "
            f"| {float(no_sos[d]):.9f} |"
        )


if __name__ == "__main__":
    main()
