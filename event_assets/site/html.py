"""What the pages have in common as HTML: templates that escape every text, and a content security policy.

The policy lets a page run its own script and style, which stand in it, and load nothing.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment(*folders: Path) -> Environment:
    """Return the templates of some folders. An unknown name in one is an error.

    Args:
        folders: The folders, in the order in which a template is looked for.
    """
    # Here, because loading the definitions renders no page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def inline(folder: Path, *names: str) -> str:
    """Return the files of a folder one after another: parts of a style or a script.

    Args:
        folder: The folder.
        names: The files, each after those that it uses.
    """
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def policy(style: str, scripts: Sequence[str]) -> str:
    """Return the content security policy of a page.

    Args:
        style: The text of its style element.
        scripts: The texts of its script elements; none may run otherwise.
    """
    allowed = " ".join(f"'{_digest(script)}'" for script in scripts) or "'none'"
    rules = ["default-src 'none'", "img-src data:", "base-uri 'none'"]
    return "; ".join([*rules, f"style-src '{_digest(style)}'", f"script-src {allowed}"])


def as_json(data: Any) -> Markup:
    """Return data as JSON for a script element, in which no tag can end: "</script" would, wherever it stands."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704  # JSON without "<"


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
