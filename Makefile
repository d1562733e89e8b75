# The commands of this project. Each makes its own environment first; none needs a path or a variable typed before it.
PYTHON ?= python3
PY := .venv/bin/python
# A file's tests stay together: they share what they have synced. In the order of the files and not the longest list
# first: the few tests of the daemon take ten minutes, most of which they wait, and would come last with nothing beside.
# One more at a time than there are cores, for the same reason.
WORKERS = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PARALLEL = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run ui test test-all test-ci test-newest bench bench-events engines engines-apache soak kills footprint lag fuzz lint hooks check-definitions format docs pictures lock release clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

run: .venv/installed ## Sync everything once and build every summary, of all events or of EVENT=name
	@$(PY) -m event_assets run $(if $(filter yes,$(ALLOW_REMOVALS)),--allow-removals) $(if $(EVENT),--event $(EVENT))

ui: .venv/installed ## Start the Dagster UI and daemon at http://127.0.0.1:3000, the pages at :3001
	@$(PY) -m event_assets ui

test: .venv/installed-dev ## Run the tests but for the slow ones
	@$(PY) -m pytest $(PARALLEL) -m "not slow"

test-all: .venv/installed-dev ## Run all tests
	@$(PY) -m pytest $(PARALLEL)

test-ci: .venv/installed-dev ## Run all tests but for those of each night, properties with fewer examples
	@$(PY) -m pytest $(PARALLEL) -m "not nightly" --hypothesis-profile some

# dagster-embedded-elt pins dagster 1.13.1; images leave it out. They have requirements-server.lock, and this tests it.
NEWEST := .venv-newest/bin/python
WITHOUT_THE_PIN := dagster-embedded-elt; python_version < "3"
# Both locks have the same line of every package but of Dagster: these tests ask something of it, each once. Slow ones but
# for those marked on_both run on the other packages alone.
OF_DAGSTER = $(addprefix event_assets_tests/, test_definitions.py test_many_events.py test_warnings.py deploy/test_services.py \
	across/test_across_automation.py $(addprefix assets/test_, models.py one_run_at_a_time.py whole_graph.py) \
	$(addprefix automation/test_, alerts_of_runs.py condition_sensor.py conditions.py evaluations.py facts.py look.py openlineage.py \
	orphaned_runs.py phase_sensor.py retention.py schedules.py sensor_health.py up_to_date.py) \
	$(addprefix cli/test_, event_log.py forked.py home.py run.py run_server.py storage.py supervisor.py told.py))
ONCE = -m "not slow or on_both" --once=event_assets_tests --hypothesis-profile few
test-newest: ## Run the tests of Dagster on the packages of images: its newest line, without dagster-embedded-elt
	@$(PYTHON) -m venv .venv-newest
	@$(NEWEST) -m pip install --quiet --disable-pip-version-check uv
	@echo '$(WITHOUT_THE_PIN)' > .venv-newest/overrides.txt
	@.venv-newest/bin/uv pip install --quiet --python $(NEWEST) --override .venv-newest/overrides.txt \
		--constraint requirements-server.lock --upgrade --editable '.[dev]'
	@$(NEWEST) -m pip list 2>/dev/null | grep -E '^(dagster|dlt|duckdb|sqlglot)'
	@$(NEWEST) -m pytest $(PARALLEL) $(ONCE) $(OF_DAGSTER)

# What is measured has the packages of users. Those of the tests bring pandas, which DuckDB imports where it finds it.
USERS := .venv-users/bin/python
# SIZES=small,200k leaves the million out; REPEATS=1 is for a quick look.
bench: .venv-users/installed ## Compare with other ways to do the same, half an hour (SIZES=small: four minutes)
	@$(USERS) -m benchmarks $(if $(SIZES),--sizes $(SIZES)) $(if $(REPEATS),--repeats $(REPEATS))

bench-events: .venv-users/installed ## Measure what N=50 events cost: definitions, a look of the conditions, memory
	@$(USERS) -m benchmarks.events --events $(or $(N),50)

engines: .venv/installed-dev ## Compare all databases, model by model, on the real programme
	@$(PY) -m event_assets_tests.engines

engines-apache: .venv/installed-dev .venv-spark/installed ## Compare Apache Spark itself with DuckDB, model by model (needs Java 17)
	@$(PY) -m event_assets_tests.engines.apache_spark

soak: .venv/installed-dev ## Let an event change and its API fail at random for MINUTES=60, and print figures
	@$(PY) -m event_assets_tests.automation.soak --minutes $(or $(MINUTES),60) --seed $(or $(SEED),1)

kills: .venv/installed-dev ## Kill every part of a server again and again while two events change, for MINUTES=30
	@$(PY) -m event_assets_tests.deploy.kills --minutes $(or $(MINUTES),30) --seed $(or $(SEED),1)

lag: .venv/installed-dev ## Measure for MINUTES=12 how long changes take to the published copy
	@$(PY) -m event_assets_tests.automation.soak --calm --minutes $(or $(MINUTES),12) --seed $(or $(SEED),1)

footprint: .venv-users/installed ## Measure what `make ui` takes while nothing happens, for MINUTES=10 (Linux)
	@$(USERS) -m event_assets_tests.automation.footprint --minutes $(or $(MINUTES),10)

fuzz: .venv/installed-dev ## Fuzz ingestion and the paging rule for MINUTES=60
	@$(PY) -W ignore -m event_assets_tests.source.fuzz --minutes $(or $(MINUTES),60) --seed $(or $(SEED),1)

lint: .venv/installed-dev ## Check style, format and types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/pyright
	@.venv/bin/lint-imports --no-logo

hooks: .venv/installed-dev ## Run what `make lint` does not: secrets, blanks, TOML, YAML
	@SKIP=ruff,ruff-format,pyright,import-linter .venv/bin/pre-commit run --all-files

check-definitions: .venv/installed-dev ## Load the definitions as Dagster's own `dg` does
	@DAGSTER_DISABLE_TELEMETRY=yes .venv/bin/dg check defs
	@DAGSTER_DISABLE_TELEMETRY=yes .venv/bin/dg list defs --json > /dev/null

format: .venv/installed-dev ## Mend style and format
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

docs: .venv/installed-dev ## Write what is made from the code: pages, and the compiled models
	@$(PY) -m event_assets.cli.compile_models
	@$(PY) -m event_assets dictionary > docs/data-dictionary.md
	@grep -qE '^[a-z_]+ *=' .dlt/config.toml && echo '.dlt/config.toml sets something: it stays as it is.' \
		|| $(PY) -m event_assets settings > .dlt/config.toml
	@$(PY) -m event_assets settings --secrets > .dlt/secrets.toml.example
	@$(PY) -m event_assets_tests.source.matrix_page > docs/what-happens-when.md
	@$(PY) -m event_assets_tests.deploy.requests_at_door > docs/door.md

pictures: .venv/installed-dev ## Take the pictures that the README shows (needs Chromium)
	@$(PY) -m event_assets_tests.pictures

# Resolved for every supported Python at once, so that a fresh machine installs what was tested. The development set comes
# first, because its tools bound what runs as well: dagster-dg-core 1.13.1 needs an older tomlkit than dagster does. A server
# has the DuckDB for which there are wheels of its extensions, because the tests need these.
UV_COMPILE = .venv/bin/uv pip compile setup.cfg --universal --python-version 3.10 --generate-hashes --no-strip-extras --no-annotate \
	--custom-compile-command "make lock" --upgrade --quiet
lock: .venv/installed-dev ## Renew the lock files within the bounds of setup.cfg
	@$(PY) -m pip install --quiet uv
	@$(UV_COMPILE) --extra dev --output-file requirements-dev.lock
	@$(UV_COMPILE) --constraint requirements-dev.lock --output-file requirements.lock
	@echo '$(WITHOUT_THE_PIN)' > .venv/overrides.txt
	@grep -o '^duckdb==[^ ]*' requirements-dev.lock > .venv/duckdb.txt
	@$(UV_COMPILE) --extra server --override .venv/overrides.txt --constraint .venv/duckdb.txt --output-file requirements-server.lock

# Its tools are no part of what is tested: named here, in an environment of their own.
release: ## Build sdist, wheel, SBOM, notes and sums of this commit's version into dist/
	@$(PYTHON) -m venv .venv-release
	@.venv-release/bin/python -m pip install --quiet --disable-pip-version-check build==1.6.1 cyclonedx-bom==7.5.0
	@.venv-release/bin/python .ci/release.py

clean: ## Remove the environment and caches; the warehouse and Dagster's state stay
	@rm -rf .venv .venv-newest .venv-release .venv-spark .venv-users dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis event_assets.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "event_assets needs Python 3.10 to 3.13, and \`$(PYTHON)\` is not one: install it, or name one with \`make run PYTHON=python3.12\`." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Could not make the environment .venv: on Debian and Ubuntu, install the package python3-venv first." >&2; exit 1; }

.venv/installed: .venv/bin/python requirements.lock setup.cfg pyproject.toml
	@echo "Installing the locked packages into .venv (once; about a minute) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv-users/installed: .venv/bin/python requirements.lock setup.cfg pyproject.toml
	@echo "Installing the locked packages into .venv-users (once; about a minute) ..."
	@$(PYTHON) -m venv .venv-users
	@$(USERS) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@$(USERS) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv-spark/installed: requirements-dev.lock
	@echo "Installing Apache Spark of the client's version into .venv-spark (once; half a gigabyte) ..."
	@$(PYTHON) -m venv .venv-spark
	@.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check \
		$$(sed -n 's/^pyspark-client==\([^ ]*\).*/pyspark==\1/p' requirements-dev.lock)
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	@echo "Installing the locked development packages into .venv ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.lock
	@touch $@
