"""What every test needs: a configuration of its own, a sandbox, a warehouse file, and a way to run assets."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]

# dlt finds its configuration once per process, so this comes before it is imported: the project's config.toml, but
# never a developer's secrets.toml or warehouse.
_project = Path(tempfile.mkdtemp(prefix="event_assets_tests_"))
(_project / ".dlt").mkdir()
shutil.copy(CHECKOUT / ".dlt" / "config.toml", _project / ".dlt" / "config.toml")
os.environ["DLT_PROJECT_DIR"] = str(_project)
os.environ["DLT_LOCAL_DIR"] = str(_project)
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
for name in ("SOURCES__EVENT_API__BASE_URL", "SOURCES__EVENT_API__API_TOKEN", "BASE_URL", "API_TOKEN", "DAGSTER_HOME"):
    os.environ.pop(name, None)

import hypothesis  # noqa: E402
import pytest  # noqa: E402
import sqlalchemy  # noqa: E402
from dagster._core.storage.event_log import in_memory  # noqa: E402

from event_assets.sandbox import Event, Sandbox, generate_event, load_event  # noqa: E402
from event_assets_tests import code_location  # noqa: E402
from event_assets_tests.engines.servers import PostgresServer, postgres_server, spark_server  # noqa: E402
from event_assets_tests.running import Reader, Run  # noqa: E402

# An instance in memory opens its database anew for each statement: a third of the time of a run.
_address = in_memory.create_in_memory_conn_string  # pyright: ignore[reportPrivateImportUsage]
in_memory.NullPool = sqlalchemy.QueuePool  # pyright: ignore[reportPrivateImportUsage]
in_memory.create_in_memory_conn_string = (  # pyright: ignore[reportPrivateImportUsage]
    lambda name: f"{_address(name)}&check_same_thread=false"
)

CASES = CHECKOUT.parent / "shared" / "cases"


for profile, examples in (("all", 2_000), ("some", 200), ("few", 5)):
    hypothesis.settings.register_profile(profile, max_examples=examples, deadline=None)
hypothesis.settings.load_profile("all")  # before the tests are imported, and before pytest loads the one asked for


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--once", action="append", default=[], metavar="FOLDER",
        help="run each test below a folder with the first of its parameters only",
    )  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the further parameters of tests where only the first are asked for."""
    folders = [(config.rootpath / folder).resolve() for folder in config.getoption("once") or ()]
    seen: set[str] = set()
    left_out = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        if test in seen and any(item.path.is_relative_to(folder) for folder in folders):
            left_out.append(item)
        seen.add(test)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_sessionfinish() -> None:
    shutil.rmtree(_project, ignore_errors=True)


@pytest.fixture(scope="session")
def fosdem() -> Event:
    """The real programme of FOSDEM 2026 in the API's shape; not part of the project."""
    folder = CASES / "fosdem2026"
    if not folder.is_dir():
        pytest.skip("the real programme is not at hand")
    return load_event(folder, timezone="Europe/Brussels")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, on which a test takes a database of its own."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """The engine of a test's warehouse; see ``on_every_engine``."""
    return getattr(request, "param", "duckdb")


@pytest.fixture(scope="session")
def spark_address() -> Iterator[str]:
    """The address of a Spark Connect server, which Sail is."""
    with spark_server() as address:
        yield address


@pytest.fixture
def few_models() -> Iterator[None]:
    """Code locations have few models and no pages in this test."""
    with code_location.few_models():
        yield


@pytest.fixture
def event() -> Event:
    """A small invented event."""
    return generate_event(lectures=24, participants=50, seed=7)


@pytest.fixture
def api(event: Event, use_api: Callable[[Event], Sandbox]) -> Sandbox:
    """The small event, served and configured."""
    return use_api(event)


@pytest.fixture
def use_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Sandbox]]:
    """Serve an event and configure the project for it, as a user would: in the environment."""
    with ExitStack() as serving:

        def use(event: Event, **options: Any) -> Sandbox:
            sandbox = serving.enter_context(Sandbox(event, token="token-of-the-test", **options))
            monkeypatch.setenv("SOURCES__EVENT_API__BASE_URL", sandbox.base_url)
            monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", sandbox.token)
            monkeypatch.setenv("EVENT__TIMEZONE", event.timezone)
            return sandbox

        yield use


@pytest.fixture
def warehouse_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of an empty warehouse, configured."""
    path = tmp_path / "warehouse.duckdb"
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(path))
    monkeypatch.setenv("WAREHOUSE__PUBLISHED", str(tmp_path / "published.duckdb"))
    monkeypatch.setenv("SITE__FOLDER", str(tmp_path / "site"))
    return path


@pytest.fixture
def warehouse(warehouse_path: Path) -> Reader:
    """Reads the configured warehouse."""
    return Reader(warehouse_path)


@pytest.fixture
def run(warehouse_path: Path) -> Run:
    """Materialise assets of the code location in this process: all, or those named."""
    return Run(code_location.shared_definitions())
