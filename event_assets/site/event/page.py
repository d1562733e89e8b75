"""Makes HTML of the event's page and of what is printed of it, from the files in ``templates``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from event_assets.site import CATALOGUE_FILE, EVENT_FILE, TEMPLATES
from event_assets.site.among import ALONE, Among
from event_assets.site.event import EVENT_TEMPLATES, PRINTED_FILES
from event_assets.site.event.charts import HEIGHT, WIDTH
from event_assets.site.event.describe import EventPage
from event_assets.site.event.messages import ENGLISH
from event_assets.site.event.sections import sections
from event_assets.site.event.text import Text
from event_assets.site.files import INDEX_FILE
from event_assets.site.html import as_json, environment, inline, policy

if TYPE_CHECKING:
    from jinja2 import Environment

PRINTED = dict(zip(("doors", "changes", "speakers"), PRINTED_FILES, strict=True))
"""What is printed → its file."""


def messages() -> dict[str, str]:
    """Return all texts of the page: those of ``messages``, and those that a section brings itself."""
    texts = dict(ENGLISH)
    for section in sections():
        texts.update(section.texts)
    return texts


def render(page: EventPage, texts: Mapping[str, str] | None = None, among: Among = ALONE) -> dict[str, str]:
    """Return the pages of an event: file → HTML.

    Args:
        page: What they show.
        among: Where the page stands among those of several events.
        texts: The texts, for another language; those of ``messages`` by default.
    """
    text = Text(messages() if texts is None else texts)
    printed = {file: _printed(name, page, text) for name, file in PRINTED.items()}
    return {EVENT_FILE: _event(page, text, among), **printed}


def _event(page: EventPage, text: Text, among: Among) -> str:
    own = "\n".join(getattr(shown.value, "style", "") for shown in page.shown)
    style = inline(TEMPLATES, "look.css") + inline(EVENT_TEMPLATES, "event.css") + own
    script = inline(EVENT_TEMPLATES, "now.js")
    now = next((shown.value for shown in page.shown if shown.section.name == "now"), None)
    data = {**getattr(now, "data", {}), "texts": _texts_of_script(text, now)} if now else None
    return _fill("event.html", page, text, style, [script] if data else [], data=data, among=among)


def _printed(name: str, page: EventPage, text: Text) -> str:
    style = inline(TEMPLATES, "look.css") + inline(EVENT_TEMPLATES, "print.css")
    return _fill(f"print_{name}.html", page, text, style, [], name=name)


def _fill(template: str, page: EventPage, text: Text, style: str, scripts: list[str], **values: Any) -> str:
    data = values.pop("data", None)
    return (
        _templates()
        .get_template(template)
        .render(
            page=page,
            t=text,
            style=Markup(style),  # noqa: S704  # our own files
            scripts=[Markup(script) for script in scripts],  # noqa: S704  # our own files
            policy=policy(style, scripts),
            data=as_json(data) if data else None,
            catalogue_file=CATALOGUE_FILE,
            files_index=INDEX_FILE,
            event_file=EVENT_FILE,
            printed=PRINTED,
            width=WIDTH,
            height=HEIGHT,
            **values,
        )
    )


def _texts_of_script(text: Text, now: Any) -> dict[str, Any]:
    keys = (
        "now.live",
        "now.before.one",
        "now.before.many",
        "now.over",
        "now.until",
        "now.free",
        "now.last",
        "now.break",
    )
    days = {day.isoformat(): text.day(day) for day in now.days}
    return {**{key: text.messages[key] for key in (*keys, "untitled", "moment")}, "days": days}


@cache
def _templates() -> Environment:
    templates = environment(EVENT_TEMPLATES, TEMPLATES)
    templates.filters.update(figure=_figure, shortened=_shortened, thousands=lambda number, text: text.number(number))
    return templates


def _figure(counted: str) -> Markup:
    """Return a number with what is counted, the number in bold."""
    return Markup("{}<b>{}</b>{}").format(*re.split(r"(\d(?:.*\d)?)", counted, maxsplit=1))


def _shortened(value: str | None, text: Text) -> str:
    """Return a value of ``summary.schedule_changes`` with its times and dates as the page has them."""
    return _TIME.sub(lambda found: _as_shown(found, text), value) if value else text("unknown")


_TIME = re.compile(r"\b(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d)(?::\d\d(?:\.\d+)?)?)?(?= to |$)")


def _as_shown(found: re.Match[str], text: Text) -> str:
    day, clock = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock or '00:00'}")
    except ValueError:  # part of a title, and no date
        return found[0]
    return text.moment(at) if clock else text.day(at.date())
