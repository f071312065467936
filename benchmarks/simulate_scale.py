"""What happens at scale: crowds of clients and a service that fails, in virtual time.

The model stands in `_scale_model.py`; what it shows is told in `docs/scale.md`.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from _plot import Axis, Line, Point, Span, chart
from _scale_model import BACK, END, WELL, Figures, live

from viber import CircuitBreaker, CircuitBreakerConfig, Pipeline, RetryConfig
from viber.testing import Errors, simulate

HERE = Path(__file__).parent
IMAGES = HERE.parent / "docs" / "images"
RATE = 0.1
"""Calls a second of each client."""
MIDDLE = 10_000

NEVER = RetryConfig(max_attempts=1)
AT_ONCE = RetryConfig(initial_delay=0.0, jitter="none", budget_ratio=None)
BACKOFF = RetryConfig(jitter="none", budget_ratio=None)
JITTER = RetryConfig(budget_ratio=None)
BUDGET = RetryConfig()
BARE_BUDGET = RetryConfig(budget_minimum=0)
COUNT = CircuitBreakerConfig()
SHARE = CircuitBreakerConfig(failure_threshold=None, failure_rate=0.5, minimum_calls=5)
SHARE_OF_20 = CircuitBreakerConfig(failure_threshold=None, failure_rate=0.5)

Rules = tuple[RetryConfig, CircuitBreakerConfig | None]

DEFAULTS: Rules = (BUDGET, COUNT)
WHOLE = "**defaults**: 3, backoff, jitter, budget, breaker"
POLICIES: Mapping[str, Rules] = {
    "no retry": (NEVER, None),
    "3 at once": (AT_ONCE, None),
    "3, backoff": (BACKOFF, None),
    "3, backoff, jitter": (JITTER, None),
    "3, backoff, jitter, budget": (BUDGET, None),
    "the same, budget without minimum": (BARE_BUDGET, None),
    "no retry, breaker": (NEVER, COUNT),
    "3 at once, breaker": (AT_ONCE, COUNT),
    WHOLE: DEFAULTS,
    "defaults without jitter": (RetryConfig(jitter="none"), CircuitBreakerConfig(reset_jitter=0.0)),
    "defaults without budget": (JITTER, COUNT),
    "defaults, breaker by half of 5 calls": (BUDGET, SHARE),
    "defaults, breaker by half of 20 calls": (BUDGET, SHARE_OF_20),
}
OPEN_TIMES: Mapping[str, Rules] = {
    "60 s (default)": DEFAULTS,
    "20 s": (BUDGET, CircuitBreakerConfig(reset_timeout=20.0)),
    "10 s": (BUDGET, CircuitBreakerConfig(reset_timeout=10.0)),
    "10 s, doubled at each relapse": (BUDGET, CircuitBreakerConfig(reset_timeout=10.0, reset_backoff=2.0)),
}
STEADY: Mapping[str, Rules] = {
    "5 failures in a minute (default)": DEFAULTS,
    "half of at least 5 calls": (BUDGET, SHARE),
}
STEADILY = "Calls turned away while a few attempts fail all the time"
HEADER = "| | succeeded | failed | turned away | wasted attempts | peak load | recovered after |"
SIZES = (1_000, 10_000, 100_000)
TRAFFIC = (0.1, 1.0, 10.0, 100.0)
RATES = (0.1, 1.0, 3.0, 10.0, 30.0, 100.0)
FAULTY = (0.001, 0.01, 0.05)
BUDGETS: Mapping[str, Rules] = {
    "without budget": (JITTER, None),
    "with budget": (BUDGET, None),
    "defaults": DEFAULTS,
}
THE_SAME_LOAD = "The same load from fewer clients, a stall"
DRAWN = ("3 at once", "3, backoff, jitter, budget", "no retry", WHOLE)
BURSTS = ("3 at once", "3, backoff", "3, backoff, jitter", WHOLE)


@dataclass(frozen=True, slots=True)
class Job:
    """One crowd with its rules; the pipeline is made where the job is done."""

    rules: Rules
    setting: Mapping[str, Any]

    def __call__(self) -> Figures:
        return live(pipeline(self.rules), **self.setting)


Section = tuple[str, Mapping[str, Job]]
Steady = Mapping[str, Mapping[float, Sequence[float]]]


def pipeline(rules: Rules) -> Pipeline:
    retry, config = rules
    breaker = None if config is None else CircuitBreaker(config=config)
    return Pipeline(retry=retry, breaker=breaker, timeout=10.0, total_timeout=30.0, idempotent=True)


def sections(sizes: Sequence[int], middle: int) -> list[Section]:
    def each(rows: Mapping[str, Rules], **setting: Any) -> Mapping[str, Job]:
        return {name: Job(rules, {"clients": middle, "rate": RATE} | setting) for name, rules in rows.items()}

    return [
        *((f"A stall, {size:,} clients", each(POLICIES, clients=size)) for size in sizes),
        (f"A crash, {middle:,} clients", each(POLICIES, failure="crash")),
        (f"A stall in front of a short queue (5 s), {middle:,} clients", each(POLICIES, depth=5.0)),
        (THE_SAME_LOAD, dict(fewer_clients(middle))),
        (f"How long the circuit stays open: a stall, {middle:,} clients", each(OPEN_TIMES)),
        (f"How long the circuit stays open: a crash, {middle:,} clients", each(OPEN_TIMES, failure="crash")),
    ]


def fewer_clients(most: int) -> Iterator[tuple[str, Job]]:
    for name, rules in BUDGETS.items():
        for rate in TRAFFIC:
            clients = max(1, round(most * RATE / rate))
            crowd = f"{clients:,} client{'s'[: clients - 1]}, {rate:g}/s each"
            yield f"{name}: {crowd}", Job(rules, {"clients": clients, "rate": rate})


def done(work: Sequence[Section], *, in_parallel: bool) -> dict[str, dict[str, Figures]]:
    jobs = [job for _, rows in work for job in rows.values()]
    if in_parallel:
        with ProcessPoolExecutor() as workers:
            results = iter(list(workers.map(Job.__call__, jobs)))
    else:
        results = map(Job.__call__, jobs)
    return {title: {name: next(results) for name in rows} for title, rows in work}


def turned_away(rules: Rules, rate: float, share: float, duration: float) -> float:
    """The share of calls that a client turns away while so many attempts fail all the time."""
    faults = [Errors(0, duration, rate=share)]
    timeline = simulate(pipeline(rules), faults, rate=rate, duration=duration, arrivals="poisson")
    return timeline.rejections / timeline.calls


def steady(duration: float) -> Steady:
    return {
        name: {share: [turned_away(rules, rate, share, duration) for rate in RATES] for share in FAULTY}
        for name, rules in STEADY.items()
    }


def table(title: str, rows: Mapping[str, Figures]) -> str:
    return "\n".join([f"## {title}", "", HEADER, "| --- |" + " ---: |" * 6, *map(line, rows, rows.values())])


def line(name: str, figures: Figures) -> str:
    shares = (figures.succeeded, figures.failed, figures.rejected, figures.wasted)
    after = "never" if figures.recovery is None else f"{figures.recovery:.0f} s"
    return f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} | {figures.peak:.1f} | {after} |"


def steady_table(found: Steady) -> str:
    rates = " | ".join(f"{rate:g}/s" for rate in RATES)
    rows = [
        f"| {name} | {share:.1%} | {' | '.join(f'{part:.1%}' for part in parts)} |"
        for name, shares in found.items()
        for share, parts in shares.items()
    ]
    head = [
        f"## {STEADILY}",
        "",
        f"| | attempts that fail | {rates} |",
        "| --- |" + " ---: |" * (len(RATES) + 1),
    ]
    return "\n".join([*head, *rows])


def charts(found: Mapping[str, Mapping[str, Figures]], errors: Steady, size: int) -> dict[str, str]:
    stall, crash = found[f"A stall, {size:,} clients"], found[f"A crash, {MIDDLE:,} clients"]
    time, span = Axis("seconds", range(0, END + 1, 30)), Span("the service stalls", WELL, BACK)
    return {
        "scale-load": chart(
            f"What {size:,} clients ask of the service",
            [Line(label(name), smooth(stall[name].series.load)) for name in DRAWN],
            x=time,
            y=Axis("attempts, in units of the normal load", range(8)),
            span=span,
        ),
        "scale-success": chart(
            f"What {size:,} clients get",
            [Line(label(name), smooth(stall[name].series.success)) for name in DRAWN],
            x=time,
            y=Axis("successes per call made", (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5)),
            span=span,
        ),
        "scale-burst": chart(
            "After a restart that resets all connections",
            [Line(label(name), burst(crash[name].series.burst)) for name in BURSTS],
            x=Axis("seconds after the restart", range(-2, 11)),
            y=Axis("attempts, in units of the normal load", (0.1, 1, 10, 100, 1000), logarithmic=True),
        ),
        "scale-errors": chart(
            "Calls turned away while 1 attempt of 100 fails all the time",
            [Line(name, list(zip(RATES, shares[0.01], strict=True))) for name, shares in errors.items()],
            x=Axis("calls a second of one client", (0.1, 1, 10, 100), logarithmic=True),
            y=Axis("share of calls turned away", (0, 0.25, 0.5, 0.75, 1)),
        ),
    }


def label(name: str) -> str:
    return "defaults (with breaker)" if name == WHOLE else name


def smooth(values: Sequence[float]) -> list[Point]:
    """Averages of two seconds: less is noise."""
    pairs = zip(values[::2], values[1::2], strict=False)
    return [(2 * turn + 1, (first + second) / 2) for turn, (first, second) in enumerate(pairs)]


def burst(tenths: Sequence[float]) -> list[Point]:
    return [(tenth / 10 - 2, load) for tenth, load in enumerate(tenths)]


def write(text: str, content: Mapping[str, Any], images: Mapping[str, str]) -> None:
    (HERE / "results" / "scale.md").write_text(text)
    (HERE / "results" / "scale.json").write_text(json.dumps(content, indent=1) + "\n")
    IMAGES.mkdir(exist_ok=True)
    for name, image in images.items():
        (IMAGES / f"{name}.svg").write_text(image)


def scalars(figures: Figures) -> dict[str, Any]:
    return {name: value for name, value in asdict(figures).items() if name != "series"}


def main(*, smoke: bool) -> None:
    sizes, middle, duration = ((20,), 20, 60.0) if smoke else (SIZES, MIDDLE, 3600.0)
    found = done(sections(sizes, middle), in_parallel=not smoke)
    errors = steady(duration)
    date, ours = f"{datetime.now(UTC):%Y-%m-%d}", version("viber-integration")
    heading = f"# scale\n\n{date}, viber-integration {ours}"
    text = "\n\n".join([heading, *map(table, found, found.values()), steady_table(errors)]) + "\n"
    print(text)
    if not smoke:
        tables = {title: {name: scalars(one) for name, one in rows.items()} for title, rows in found.items()}
        content = {"date": date, "version": ours, "tables": tables, STEADILY: errors}
        write(text, content, charts(found, errors, SIZES[-1]))


if __name__ == "__main__":
    main(smoke="--smoke" in sys.argv)
