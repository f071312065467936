"""The live page: what every service is doing, in a browser.

Example:
    >>> from viber import ServiceFactory, Settings
    >>> services = ServiceFactory(Settings())
    >>> page = Dashboard(services)  # an ASGI application: app.mount("/viber", page)
"""

from viber.dashboard._dashboard import Dashboard
from viber.dashboard._guard import Guard

__all__ = ["Dashboard", "Guard"]
