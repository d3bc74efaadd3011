"""The network's answers, without the product: exact fractions, sums of Poisson terms, Simpson's rule.

python answers/working/network.py > answers/network_view.json
"""

import csv
import datetime as dt
import json
import math
from fractions import Fraction
from pathlib import Path

DATA = Path(__file__).parents[2] / "src" / "minerdesk" / "embedded"
MODELS = {2019: 45.0, 2020: 34.21, 2021: 29.5, 2022: 27.5, 2023: 21.5, 2024: 17.5, 2025: 15.0}


def read(name):
    with (DATA / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def difficulty(bits):
    """65535 * 2^208 over the target of compact bits."""
    return Fraction(65535 * 2**208, int(bits[2:], 16) * 2 ** (8 * (int(bits[:2], 16) - 3)))


EPOCHS = [
    (int(r["first_height"]), dt.datetime.fromisoformat(r["first_block_time_utc"]), difficulty(r["bits"]))
    for r in read("bitcoin_epochs.csv")
]
DAYS = {dt.date.fromisoformat(r["day"]): r for r in read("bitcoin_daily.csv")}
CLOSES = {r["day"]: float(r["close"]) for r in read("btc_usd.csv")}


def in_force(height):
    return [e for e in EPOCHS if e[0] <= height][-1]


def at_least(count, mean):
    """P(at least count blocks where mean are expected), by Poisson terms."""
    return 1 - math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count))


def solve(function, wanted, low, high):
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < wanted else (low, middle)
    return low


def above(shape, x):
    """P(Gamma(shape) > x) by Simpson's rule."""
    end, steps = shape + 40 * math.sqrt(shape), 200_000
    width = (end - x) / steps
    density = [
        math.exp((shape - 1) * math.log(x + i * width) - (x + i * width) - math.lgamma(shape))
        for i in range(steps + 1)
    ]
    return width / 3 * (density[0] + density[-1] + 4 * sum(density[1:-1:2]) + 2 * sum(density[2:-1:2]))


def window(last, days):
    blocks, exposure = 0, Fraction(0)  # exposure: seconds over hashes a block
    for back in range(days):
        day = last - dt.timedelta(days=back)
        row, begin = DAYS[day], dt.datetime.combine(day, dt.time(), dt.UTC)
        start, end = in_force(int(row["first_height"])), in_force(int(row["last_height"]))
        cut = 0 if start is end else int((end[1] - begin).total_seconds())
        for seconds, epoch in ((cut, start), (86400 - cut, end)):
            exposure += Fraction(seconds) / (epoch[2] * Fraction(2**48, 65535))
        blocks += int(row["blocks"])
    scale = float(exposure * 10**18)
    low = solve(lambda m: at_least(blocks, m), 0.025, blocks / 2, blocks * 2)
    high = solve(lambda m: at_least(blocks + 1, m), 0.975, blocks / 2, blocks * 2)
    return {
        "days": days,
        "blocks": blocks,
        "hashrate_eh_s": blocks / scale,
        "low_eh_s": low / scale,
        "high_eh_s": high / scale,
        "probability_above_1_zh_s": above(blocks + 0.5, 1000 * scale),
    }


def hashprice(day):
    row, level = DAYS[day], in_force(int(DAYS[day]["last_height"]))[2]
    reward = 3.125 + float(row["fees_btc"]) / int(row["blocks"])
    bitcoin = reward * 86400 * 1e15 / float(level * 2**32)
    return {"btc": bitcoin, "usd": bitcoin * CLOSES[str(day)]}


def fleet(day):
    """Each year adds the growth and what it scraps (five years old): hashrate only ever grew here."""
    level = {
        year: float([e for e in EPOCHS if e[1].year <= year and e[0] <= int(DAYS[day]["last_height"])][-1][2])
        for year in MODELS
    }
    added = {}
    for year in MODELS:
        added[year] = level[year] - level.get(year - 1, 0) + added.get(year - 5, 0)
    running = {year: added[year] / level[2025] for year in range(2021, 2026)}
    return {
        "share": {str(MODELS[year]): share for year, share in running.items()},
        "mean_j_per_th": sum(MODELS[year] * share for year, share in running.items()),
    }


def retarget(day):
    row, (first, start, level) = DAYS[day], in_force(int(DAYS[day]["last_height"]))
    done = int(row["last_height"]) - first
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
    after = next(e for e in EPOCHS if e[0] > first)
    return {
        "done": done,
        "left": 2016 - done,
        "at_the_pace_so_far": 1209600 / ((end - start).total_seconds() * 2015 / done) - 1,
        "came_fraction": float(after[2] / level - 1),
        "came_on": str(after[1].date()),
    }


if __name__ == "__main__":
    day, across = dt.date(2025, 12, 5), dt.date(2025, 12, 14)
    answers = {
        "how": "answers/working/network.py: exact fractions from the CSV files, Poisson sums for the interval's "
        "ends, Simpson's rule for the probability (the Gamma of shape n + 1/2); nothing of the product",
        "values": {
            "2025-12-05": {
                "difficulty": float(in_force(int(DAYS[day]["last_height"]))[2]),
                "hashprice": hashprice(day),
                "windows": {"144": window(day, 1), "1008": window(day, 7), "2016": window(day, 14)},
                "retarget": retarget(day),
                "halving_left_blocks": 1_050_000 - int(DAYS[day]["last_height"]),
                "fleet": fleet(day),
                "switched_off_at_0.06": [29.5, 27.5],
            },
            "2025-12-14": {"windows": {"1008": window(across, 7)}, "retarget": retarget(across)},
        },
    }
    print(json.dumps(answers, indent=2))
