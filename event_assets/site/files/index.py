"""Makes the page that lists the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from event_assets.site import CATALOGUE_FILE, EVENT_FILE, TEMPLATES
from event_assets.site.html import environment, inline, policy


@dataclass(frozen=True)
class FileLink:
    """A file that is listed.

    Attributes:
        label: What it is.
        about: What is in it, in a sentence; may be empty.
        files: The names of its forms within the folder, by what each is called.
    """

    label: str
    about: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class FileGroup:
    """Files of one kind.

    Attributes:
        title: Its heading.
        about: What they are good for.
        links: The files.
    """

    title: str
    about: str
    links: Sequence[FileLink]


def render_index(
    title: str,
    as_of: str,
    notes: Iterable[str],
    groups: Iterable[FileGroup],
    sizes: Mapping[str, int],
    events_page: str = "",
) -> bytes:
    """Return the page. What is not there is not on it.

    Args:
        title: The name of the event.
        as_of: When what is in the files was last changed, for people.
        notes: What readers should know, such as what is left out.
        groups: What may be listed.
        sizes: The sizes of the files that there are.
        events_page: The page that lists all events, from the event's folder; empty where there is none.
    """
    there, left = [], {*sizes}
    for group in groups:
        links = []
        for link in group.links:
            if files := {name: file for name, file in link.files.items() if file in sizes}:
                links.append(FileLink(link.label, link.about, files))
                left -= {*files.values()}
        if links:
            there.append(FileGroup(group.title, group.about, links))
    if left:
        others = [FileLink(file, "", {"File": file}) for file in sorted(left)]
        there.append(
            FileGroup("More files", "They stay as they were until what they are made of is current again.", others)
        )
    style = inline(TEMPLATES, "look.css", "files.css")
    page = (
        environment(TEMPLATES)
        .get_template("files.html")
        .render(
            title=title,
            as_of=as_of,
            notes=[*notes],
            groups=there,
            sizes=sizes,
            size=readable_size,
            catalogue=f"../{CATALOGUE_FILE}",
            event_page=f"../{EVENT_FILE}",
            events_page=events_page and f"../{events_page}",
            style=Markup(style),  # noqa: S704  # our own files
            policy=policy(style, []),
        )
    )
    return page.encode()


def readable_size(size: int) -> str:
    """Return a number of bytes as people read it."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} KB" if size < 999_500 else f"{size / 1_000_000:.1f} MB"
