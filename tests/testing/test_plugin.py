"""The fixtures that users get."""

import asyncio

from viber.testing import FakeClock


async def test_fake_clock_is_a_new_one_for_each_test(fake_clock: FakeClock) -> None:
    """It begins at zero, and moves when it is told to."""
    assert fake_clock.now() == 0.0
    nap = asyncio.create_task(fake_clock.sleep(5))
    await fake_clock.advance(5)
    assert nap.done()
