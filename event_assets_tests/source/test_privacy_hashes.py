"""What reads like a hash and comes from the API is hashed as well; what the tables hold as a hash stays one."""

import duckdb
import pytest

from event_assets.sandbox import Sandbox
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.source.syncing import DROP, HASH, KEEP, OTHERWISE, run_sync

FALSE = f"hmac:{'0' * 32}"


def test_what_reads_like_a_hash_is_hashed(api: Sandbox, warehouse: Warehouse, reader: Reader):
    people = api.event.participants
    people[0] |= {"email": "ada@example.org", "name": "Ada"}
    run_sync(api, warehouse, "participants", privacy=HASH)
    name, key = reader.rows(f"select name, email_key from raw.participants where id = '{people[0]['id']}'")[0]
    people[1] |= {"email": key, "name": name, "group_id": name}
    run_sync(api, warehouse, "participants", privacy=HASH)
    rows = reader.rows(f"select name, email_key, email, group_id from raw.participants where id = '{people[1]['id']}'")
    assert not {name, key} & {*rows[0]}
    assert reader.rows(f"select count(*) from raw.participants where name = '{name}'") == [(1,)]


def email(reader: Reader, of: str) -> str | None:
    return reader.rows(f"select email from raw.speakers where id = '{of}'")[0][0]


@pytest.mark.parametrize("release", ["this one", "the one before"])
def test_stored_hashes_stay_and_stored_values_are_hashed(
    api: Sandbox, warehouse: Warehouse, reader: Reader, release: str
):
    content = api.event.content
    content["speakers"] += [
        {"id": "a", "name": "A", "email": "a@example.org"},
        {"id": "b", "name": "B", "email": FALSE},
    ]
    resources = ("speakers", "halls")
    run_sync(api, warehouse, *resources, privacy=KEEP)
    if release == "the one before":
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute("alter table _sync.checkpoints drop column protection")
            connection.execute("alter table _sync.checkpoints drop column undeclared")
    del content["speakers"]
    run_sync(api, warehouse, *resources, privacy=HASH)
    once = email(reader, "a")
    assert once is not None
    assert once.startswith("hmac:")
    if release == "this one":
        assert email(reader, "b") != FALSE
    for privacy in (HASH, OTHERWISE, KEEP, OTHERWISE):
        run_sync(api, warehouse, *resources, privacy=privacy)
        assert email(reader, "a") == once, "no answer has it, so nothing is known but its hash"
    run_sync(api, warehouse, *resources, privacy=DROP)
    assert (email(reader, "a"), email(reader, "b")) == (None, None)
    run_sync(api, warehouse, *resources, privacy=HASH)
    assert email(reader, "a") is None


def test_a_killed_sync_that_keeps_does_not_pass_for_one_that_hashes(
    api: Sandbox, warehouse: Warehouse, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    content = api.event.content
    run_sync(api, warehouse, "speakers", privacy=HASH)
    content["speakers"].append({"id": "a", "name": "A", "email": FALSE})

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("event_assets.source.load.apply.write_checkpoint", crash)
        with pytest.raises(KeyboardInterrupt):
            run_sync(api, warehouse, "speakers", privacy=KEEP)
    assert email(reader, "a") == FALSE
    del content["speakers"][-1]
    run_sync(api, warehouse, "speakers", privacy=HASH)
    assert email(reader, "a") is None, "its row is marked as removed, and cleared"
