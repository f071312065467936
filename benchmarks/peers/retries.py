"""Retries around a call that succeeds at once: three attempts, and a growing wait that nobody has to wait.

* hyx, pyresilience, backoff, stamina: decorator.
* redress: its retry without the policy around it.
* tenacity: a loop over attempts with conditions made once; its decorator costs more than half as much again.
"""

import backoff
import hyx.retry
import pyresilience
import redress
import redress.strategies
import stamina
import tenacity
from _harness import Candidate
from tenacity.retry import retry_base

from peers.runs import Work, answered

ATTEMPTS = 3


async def by_hyx(work: Work) -> Work:
    return hyx.retry.retry(attempts=ATTEMPTS - 1)(work)  # it counts what follows the first


async def by_pyresilience(work: Work) -> Work:
    return pyresilience.resilient(retry=pyresilience.RetryConfig(max_attempts=ATTEMPTS))(work)


async def by_backoff(work: Work) -> Work:
    return backoff.on_exception(backoff.expo, Exception, max_tries=ATTEMPTS)(work)


async def by_redress(work: Work) -> Work:
    retry = redress_retry()
    return lambda: retry.call(work)


def redress_retry(timeout: float | None = None) -> redress.AsyncRetry:
    return redress.AsyncRetry(
        classifier=redress.default_classifier,
        strategy=redress.strategies.decorrelated_jitter(),
        max_attempts=ATTEMPTS,
        attempt_timeout_s=timeout,
    )


async def by_stamina(work: Work) -> Work:
    return stamina.retry(on=Exception, attempts=ATTEMPTS)(work)


async def by_tenacity(work: Work) -> Work:
    return tenacity_loop(work, tenacity.retry_if_exception_type())


def tenacity_loop(work: Work, retry: retry_base) -> Work:
    stop, wait = tenacity.stop_after_attempt(ATTEMPTS), tenacity.wait_exponential_jitter()

    async def call() -> object:
        async for attempt in tenacity.AsyncRetrying(retry=retry, stop=stop, wait=wait, reraise=True):
            with attempt:
                return await work()
        raise AssertionError("tenacity ended without an answer")

    return call


RETRIES = {
    "hyx": by_hyx,
    "pyresilience": by_pyresilience,
    "backoff": by_backoff,
    "redress": by_redress,
    "stamina": by_stamina,
    "tenacity": by_tenacity,
}


def candidates(work: Work) -> list[Candidate]:
    """Retries that have nothing to retry."""
    return [Candidate(name, answered(guard, work)) for name, guard in RETRIES.items()]
