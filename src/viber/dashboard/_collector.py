"""Looks at the services, remembers what it saw, and says it in frames that all viewers share."""

import json
from collections.abc import Mapping
from typing import Any, Final

from viber.clock import Clock
from viber.dashboard._feed import Feed
from viber.dashboard._history import COLUMNS, Sample, Track
from viber.dashboard._picture import checks_of, models_of, service_of
from viber.factory import ServiceFactory
from viber.observability import ServiceMetrics

_TOO_SOON: Final = 0.5
"""Seconds within which a second look is no new sample: the rates of so short a time mean nothing."""
_MOST_SERVICES: Final = 100


class Collector:
    """Draws a picture of all services; each is numbered, and encoded once.

    Services are known by their place among the others, which they keep: names may be cut, or hold secrets.
    """

    def __init__(self, services: ServiceFactory, clock: Clock, *, acts: bool) -> None:
        self._services = services
        self._clock = clock
        self._acts = acts
        self._tracks: dict[str, Track] = {}
        self._picture: dict[str, Any] = {}
        self._drawn_at = 0.0
        self._number = 0
        self._first = (0, b"")
        self.feed: Feed = Feed()

    def name_of(self, place: int) -> str:
        """The service at this place.

        Raises:
            IndexError: there is none.
        """
        return list(self._services.metrics())[place]

    def look(self, *, again: bool = False) -> dict[str, Any]:
        """Everything as it stands; what was drawn just now is not drawn anew, unless `again`."""
        now = self._clock.now()
        is_sample = not self._picture or now - self._drawn_at >= _TOO_SOON
        if is_sample or again:
            self._drawn_at = now if is_sample else self._drawn_at
            self._number += 1
            self._picture = self._draw(now, is_sample=is_sample)
        return self._picture

    def snapshot(self) -> dict[str, Any]:
        """Everything as it stands, and the quarter of an hour before."""
        picture = self.look()
        return {**picture, "history": [track.columns(self._drawn_at) for track in self._tracks.values()]}

    def first(self) -> bytes:
        """A snapshot as the first event of a stream; viewers that come at once get the same."""
        number = self.look()["number"]
        if self._first[0] != number:
            self._first = number, b"retry: 2000\n" + _event("snapshot", self.snapshot())
        return self._first[1]

    def delta(self, *, again: bool = False) -> bytes:
        """What stands now as an event of a stream; whoever missed others misses only points of charts."""
        return _event("delta", self.look(again=again))

    def _draw(self, now: float, *, is_sample: bool) -> dict[str, Any]:
        metrics = dict(list(self._services.metrics().items())[:_MOST_SERVICES])
        for name, each in metrics.items():
            self._remember(name, each, now, is_sample=is_sample)
        return {
            "number": self._number,
            "acts": self._acts,
            "columns": COLUMNS,
            "services": [self._service(place, *pair, now) for place, pair in enumerate(metrics.items())],
            "models": models_of(self._services),
            "checks": checks_of(self._services.health),
            "events": [line.to_json(now) for line in self.feed.lines()],
        }

    def _remember(self, name: str, metrics: ServiceMetrics, now: float, *, is_sample: bool) -> None:
        track = self._tracks.setdefault(name, Track())
        if is_sample or not track:
            track.add(Sample.of(metrics, now))
        if metrics.last_change is not None:
            self.feed.change(metrics.last_change)

    def _service(self, place: int, name: str, metrics: ServiceMetrics, now: float) -> Mapping[str, Any]:
        return {"place": place, **service_of(self._services, name, metrics, self._tracks[name], now)}


def encoded(value: object) -> bytes:
    """Compact JSON of nothing but ASCII: any name survives it, even half a surrogate pair."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _event(name: str, picture: Mapping[str, Any]) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (picture["number"], name.encode(), encoded(picture))
