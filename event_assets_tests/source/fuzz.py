"""Fuzzes ingestion for as long as one likes: bodies to rows, bodies to tables, and lists in pages.

    python -m event_assets_tests.source.fuzz --minutes 60

Whatever comes: every record is loaded or rejected, or the answer is refused with a sentence and the tables stay as they
were; and of a list in pages everything is loaded or nothing. What the tests check of a few hundred cases, this checks
of as many as there is time for. What comes is in ``fuzz_cases``.
"""

from __future__ import annotations

import json
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import get_args

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from event_assets.sandbox.responses import Response as Served
from event_assets.settings import EventApiSettings, PersonalData, PrivacySettings, RemovalSettings
from event_assets.source.api.pages import Page
from event_assets.source.api.resources import endpoint_of, parts_of
from event_assets.source.errors import InvalidResponseError, SyncError
from event_assets.source.records.coerce import Coercion
from event_assets.source.records.fingerprints import record_hash
from event_assets.source.records.privacy import Privacy
from event_assets.source.records.typed import TypedRecords
from event_assets.source.sync import SyncSettings, sync
from event_assets.source.tables.schema import TABLES
from event_assets_tests.running import Reader
from event_assets_tests.source.diffing import Compared, answered, compared_pages, content, listed
from event_assets_tests.source.fuzz_cases import bodies, envelopes
from event_assets_tests.source.test_properties import dump, served
from event_assets_tests.warehouses import file_warehouse

EXAMPLES_A_ROUND = 300
RESOURCES = ("halls", "lectures", "partners", "participants")

seen: Counter[str] = Counter()
"""How often each outcome came."""


def is_sentence(error: Exception) -> None:
    """See to it that an error is for a person."""
    assert str(error).endswith("."), error


def read(resource: str, body: bytes, mode: PersonalData) -> Compared | None:
    """Read an answer and judge its records; None where it is refused or has nothing of the resource."""
    endpoint = endpoint_of(resource)
    response = answered(body, endpoint)
    try:
        parts = parts_of(endpoint)
        page = content(response, *parts)[resource] if parts else listed(response, resource)
        return None if page.is_absent else compared_pages(resource, [page], personal_data=mode)
    except InvalidResponseError as error:
        return is_sentence(error)


def body_to_rows(data: st.DataObject) -> None:
    """Every record becomes a row or a reject, twice the same; fast and slow readers agree."""
    resource = data.draw(st.sampled_from(RESOURCES))
    body, count = data.draw(bodies(resource))
    mode = data.draw(st.sampled_from(get_args(PersonalData)))
    found = read(resource, body, mode)
    seen[f"body to rows: {'refused' if found is None else 'read'}"] += 1
    if found is None:
        return
    rows, changes = found
    assert len(rows) + len(changes.rejects) == changes.received
    if count is not None and changes.received != 1:  # one object in the place of a list of one
        assert changes.received == count, (changes.received, count)
    again = read(resource, body, mode)
    assert again
    assert again.changes.version == changes.version
    fast_is_slow(resource, body, Privacy(PrivacySettings(mode, "a secret of the fuzzer")))


def fast_is_slow(resource: str, body: bytes, privacy: Privacy) -> None:
    """See to it that the fast reader of a flat table gives what the slow one does, or nothing."""
    table = TABLES[resource]
    if not table.is_flat:
        return
    try:
        said = json.loads(body)
    except (ValueError, RecursionError, UnicodeError):
        return
    array = said.get("data") if isinstance(said, dict) else said
    if not isinstance(array, list) or not all(isinstance(each, dict) for each in array):
        return
    decoded = TypedRecords(table, privacy).decode(json.dumps(array).encode())
    if decoded is None:
        return
    seen["fast reader: agreed"] += 1
    coercion = Coercion(table)
    slow = [coercion.row(privacy.protect(table, record)[0]) for record in array]
    assert not any(mismatches for _, mismatches in slow)
    assert decoded.keys == [privacy.key(table, record) for record in array]
    assert decoded.hashes == [record_hash(row) for row, _ in slow]


def body_to_tables(data: st.DataObject) -> None:
    """What was received is live or rejected; the same answer changes nothing; a refused one changes nothing."""
    resource = data.draw(st.sampled_from(RESOURCES))
    key, endpoint = TABLES[resource].key, endpoint_of(resource)
    drawn = [data.draw(bodies(resource))[0] for _ in range(2)]
    with tempfile.TemporaryDirectory() as folder, served() as (_, api):
        warehouse, now = file_warehouse(Path(folder) / "w.duckdb"), b""

        def respond(method: str, target: str, headers: Mapping[str, str]) -> Served:
            return Served(200, {"Content-Length": str(len(now))}, [now])

        def run_sync() -> bool:
            options = SyncSettings(removals=RemovalSettings(allowed=True))
            before = dump(warehouse, resource) if warehouse.path.exists() and has_tables() else None
            try:
                result = sync(EventApiSettings(api.base_url, "t"), warehouse, endpoint, [resource], options)[resource]
            except SyncError as error:
                is_sentence(error)
                assert (dump(warehouse, resource) if before is not None else None) == before
                return False
            live = f"select count(*) from raw.{resource} where removed_at is null"
            if not result.absent:
                assert reader.rows(live)[0][0] + reader.count("raw.rejected") == result.received
            return True

        def has_tables() -> bool:
            return reader.rows("select count(*) from information_schema.tables where table_schema = 'raw'")[0][0] > 0

        api.respond = respond
        reader = Reader(warehouse.path)
        for body in drawn:
            now = body
            loaded = run_sync()
            seen[f"body to tables: {'loaded' if loaded else 'refused'}"] += 1
            if loaded:
                state = dump(warehouse, resource)
                assert run_sync()
                assert dump(warehouse, resource) == state
                keys = reader.rows(f"select {key} from raw.{resource}")
                assert len(keys) == len(set(keys)), "a key has one row"


def pages_to_list(data: st.DataObject) -> None:
    """Of a list in pages everything is loaded, or it is refused."""
    size, pages = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 4))
    people = [{"id": number, "email": f"p{number}@example.org"} for number in range(size * pages)]
    stops = data.draw(st.integers(1, pages))
    said: list[bool] = []

    def pages_one_by_one() -> Iterator[Page]:
        for number in range(1, pages + 1):
            envelope, more = data.draw(envelopes(number, pages, len(people), stops))
            said.append(more)
            body = json.dumps({"data": people[(number - 1) * size : number * size], **envelope}).encode()
            page = listed(answered(body, "participants"))
            yield page
            if page.next_url is None:
                return

    try:
        received = compared_pages("participants", pages_one_by_one()).changes.received
        outcome = "all"
        if received < len(people):
            assert not any(said), "it said that more exists, and passed for the whole list"
            outcome = "nothing said that there is more"
    except InvalidResponseError as error:
        is_sentence(error)
        outcome = "refused"
    seen[f"pages to list: {outcome}"] += 1


TARGETS: dict[Callable[[st.DataObject], None], float] = {body_to_rows: 0.35, body_to_tables: 0.45, pages_to_list: 0.2}
"""The share of the time that each takes."""


def fuzz(target: Callable[[st.DataObject], None], seconds: float, first_seed: int) -> int:
    """Run rounds of a target until the time is over; return how many. A failure ends it, with its shrunk example."""
    end, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        examples = 20 if target is body_to_tables else EXAMPLES_A_ROUND
        run = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        )(given(data=st.data())(target))
        seed(first_seed + rounds)(run)()
        rounds += 1
    return rounds


def main() -> None:
    """Fuzz for as long as is asked for, and print how often each outcome came."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for target, share in TARGETS.items():
        rounds = fuzz(target, options.minutes * 60 * share, options.seed)
        print(f"{target.__name__}: {rounds} rounds, no failure", flush=True)  # noqa: T201
    for outcome, times in sorted(seen.items()):
        print(f"  {outcome}: {times:,}")  # noqa: T201


if __name__ == "__main__":
    main()
