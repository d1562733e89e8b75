"""A local stand-in for the event API, with invented data: to try the project without a token, and to test it.

``event`` holds what is served, ``generate`` invents it, ``responses`` makes the API's answers of it, ``faults`` makes
them wrong on purpose, ``server`` sends them. ``python -m event_assets.sandbox`` runs it by hand. It plays the API, so
it knows nothing of the project on the other side, and there only the command line and the tests know of it.
"""

from event_assets.sandbox.event import Event, load_event
from event_assets.sandbox.generate import generate_event
from event_assets.sandbox.server import Sandbox

__all__ = ["Event", "Sandbox", "generate_event", "load_event"]
