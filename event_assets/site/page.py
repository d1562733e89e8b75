"""Makes the page of a catalogue: one HTML file that needs nothing else, from the files in ``templates``.

How a page is kept from doing anything else is in ``html``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from event_assets.site import EVENT_FILE, TEMPLATES
from event_assets.site.among import ALONE, Among
from event_assets.site.catalogue import LAYERS, Catalogue, CatalogueTable
from event_assets.site.html import as_json, environment, inline, policy
from event_assets.site.layout import lanes

SCRIPTS = ("graph.js", "picture.js", "details.js", "search.js", "page.js")
"""The parts of the page's script, each after those that it uses."""

_ABOUT = {
    "api": "What the event system sends: a resource for each of its lists.",
    "raw": "The API's records as they were sent, with the rows that it has removed.",
    "staging": "The raw tables with typed times and clear names, without removed rows.",
    "history": "Append-only tables: the API has no past states.",
    "summary": "Tables for analysts.",
}


def render(catalogue: Catalogue, among: Among = ALONE) -> str:
    """Return the page of a catalogue.

    Args:
        catalogue: What it shows.
        among: Where the page stands among those of several events.
    """
    templates = environment(TEMPLATES)
    templates.filters["breakable"] = _breakable
    style, script = inline(TEMPLATES, "look.css", "catalogue.css"), inline(TEMPLATES, *SCRIPTS)
    by_name = sorted(catalogue.tables, key=lambda table: table.name)
    layers = [(layer, _ABOUT[layer], [each for each in by_name if each.layer == layer]) for layer in LAYERS]
    return templates.get_template("catalogue.html").render(
        catalogue=catalogue,
        layers=[
            (layer, about, sorted(tables, key=lambda table: table.name)) for layer, about, tables in layers if tables
        ],
        tables=sorted(catalogue.tables, key=lambda table: (-LAYERS.index(table.layer), table.name)),
        columns=sum(len(table.columns) for table in catalogue.tables),
        style=Markup(style),  # noqa: S704  # our own file
        script=Markup(script),  # noqa: S704  # our own files
        policy=policy(style, [script]),
        data=as_json(_data(catalogue)),
        event_file=EVENT_FILE,
        among=among,
        when=lambda at: _when(at, catalogue),
        window=_window,
        problems=_problems(catalogue),
    )


def _data(catalogue: Catalogue) -> dict[str, Any]:
    """Return what the picture is drawn from: names, and edges by number."""
    number = {table.id: place for place, table in enumerate(catalogue.tables)}
    places = {
        f"{table.id}.{column.name}": [number[table.id], place]
        for table in catalogue.tables
        for place, column in enumerate(table.columns)
    }
    values, rows = [], []
    for table in catalogue.tables:
        for place, column in enumerate(table.columns):
            values += [[*places[source], number[table.id], place] for source in column.sources]
        rows += [[*places[source], number[table.id], use] for source, use in table.row_sources.items()]
    return {
        "tables": [[table.id, [column.name for column in table.columns]] for table in catalogue.tables],
        "values": values,
        "rows": rows,
        "reads": [[number[read], number[table.id]] for table in catalogue.tables for read in table.reads],
        "lanes": [[lane.layer, [number[each] for each in lane.tables]] for lane in lanes(catalogue)],
    }


def _problems(catalogue: Catalogue) -> list[tuple[CatalogueTable, str]]:
    """Return what somebody should look at: failed tests, and tables that are older than they may become."""
    found = []
    for table in catalogue.tables:
        found += [(table, f"fails {test.name}") for test in table.tests if test.passed is False]
        if table.status and table.status.freshness(catalogue.made_at) == "overdue":
            found.append((table, "is overdue"))
    return found


def _when(at: datetime, catalogue: Catalogue) -> str:
    local = at.astimezone(catalogue.made_at.tzinfo)
    return f"{local.day} {local:%b %Y, %H:%M}"


def _window(duration: timedelta) -> str:
    minutes = round(duration.total_seconds() / 60)
    number, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _breakable(name: str) -> Markup:
    """Let a line break after the dots of a name, and not within its words."""
    return Markup(".<wbr>").join(name.split("."))  # escapes the parts
