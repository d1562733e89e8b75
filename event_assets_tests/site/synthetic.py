"""Catalogues that no project has: many tables, and texts that would break a careless page."""

from datetime import datetime, timedelta, timezone

from event_assets.site.catalogue import Catalogue, CatalogueColumn, CatalogueTable, TableStatus, TestResult

NOW = datetime(2030, 5, 6, 12, 0, tzinfo=timezone.utc)
COLUMNS = 15
_WIDTH = {"raw": 60, "staging": 60, "history": 10, "summary": 70}
"""How many tables each layer has: 200 together."""

NASTY = [
    "</script><script>window.pwned = 1</script>",
    '<img src=x onerror="window.pwned = 2"> & \'quotes\' "double" `back` ${x} {{ 7 * 7 }} {% raw %}',
    "مرحبا بالعالم, Hebrew שלום, then left to right again",
    "family 👩‍👩‍👧 flag 🇦🇹 and a long_name_without_any_break_" + "x" * 200,
    "İstanbul ß ﬁ \u2028 line separator \u2029 and <!-- a comment --> ]]>",
]


def many_tables() -> Catalogue:
    """Two hundred tables of fifteen columns, each table made of three of the layer before."""
    tables: list[CatalogueTable] = []
    before: list[str] = []
    for layer, width in _WIDTH.items():
        made = [_table(layer, number, before) for number in range(width)]
        tables += made
        before = [table.id for table in made] + (before if layer == "history" else [])
    return Catalogue(NOW, "UTC", tuple(tables))


def _table(layer: str, number: int, before: list[str]) -> CatalogueTable:
    reads = sorted({before[(number * 7 + step * 11) % len(before)] for step in range(3)}) if before else []
    columns = tuple(
        CatalogueColumn(
            f"column_{place}",
            f"What a value of column {place} means, in a sentence of a usual length.",
            "timestamp with time zone",
            sources=tuple(f"{read}.column_{place}" for read in reads[: 1 + place % 3]),
        )
        for place in range(COLUMNS)
    )
    tests = tuple(
        TestResult(f"column_{place}_is_not_null", f"column_{place} is never null.", "error", True, NOW)
        for place in range(4)
    )
    return CatalogueTable(
        layer,
        f"table_number_{number}",
        "table",
        "One row per thing. A second sentence says what else a reader should know of the table.",
        columns,
        grain=("column_0",),
        owner="team:event-data",
        reads=tuple(reads),
        row_sources={f"{read}.column_0": "join" for read in reads},
        sql="\n".join(f"select column_{place} from somewhere_else where it = {place}" for place in range(30)),
        status=TableStatus(NOW - timedelta(hours=number % 30), 1000 * number, {}, None, timedelta(hours=26), tests),
    )


def nasty_texts() -> Catalogue:
    """A table whose every text is one that must be shown as it is, and do nothing."""
    columns = tuple(
        CatalogueColumn(f"column_{place}", text, text, True, text, text) for place, text in enumerate(NASTY)
    )
    tests = tuple(TestResult(f"test_{place}", text, "warn", False, NOW) for place, text in enumerate(NASTY))
    table = CatalogueTable(
        "summary", "nasty", "table", " ".join(NASTY), columns, owner=NASTY[0], sql="\n".join(NASTY),
        status=TableStatus(NOW, 1, {}, None, None, tests),
    )  # fmt: skip
    return Catalogue(NOW, "UTC", (table,))
