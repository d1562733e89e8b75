"""The files in ``deploy/`` fit the schemas of who reads them, and hold what was decided about them.

Not run anywhere: an image is not built, and the chart is not rendered, since tests have no containers.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml

from event_assets.assets.keys import EVENT_TAG
from event_assets.cli.home import INSTANCE_SETTINGS
from event_assets_tests.conftest import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
OURS = {name: service for name, service in COMPOSE.items() if name not in ("postgres", "door")}
VALUES = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text(encoding="utf-8"))
MANIFESTS = [*yaml.safe_load_all((DEPLOY / "kubernetes" / "manifests.yaml").read_text(encoding="utf-8"))]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """The parts of the chart's values that become pods, as pods."""
    parts = [VALUES["dagsterWebserver"], VALUES["dagsterDaemon"]]
    parts += VALUES["dagster-user-deployments"]["deployments"]
    for name, part in zip(["webserver", "daemon", "code"], parts, strict=True):
        readiness = {key: value for key, value in part.get("readinessProbe", {}).items() if key != "enabled"}
        probes = {key: part[key] for key in ("livenessProbe", "startupProbe") if key in part}
        container = {
            "name": name,
            "image": "{repository}:{tag}".format(**part["image"]),
            **{key: part[key] for key in ("securityContext", "resources", "volumeMounts", "env")},
            **probes,
            **({"readinessProbe": readiness} if readiness else {}),
        }
        spec = {"securityContext": part["podSecurityContext"], "containers": [container], "volumes": part["volumes"]}
        yield name, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def test_compose_fits_its_specification():
    pytest.importorskip("check_jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(DEPLOY / "compose.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "manifest"),
    [*[(f"{each['kind']} {each['metadata']['name']}", each) for each in MANIFESTS], *pods()],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_manifests_and_what_becomes_pods_fit_kubernetes(name: str, manifest: Mapping[str, Any]):
    validate = pytest.importorskip("kubernetes_validate")
    validate.validate(manifest, validate.latest_version(), strict=True)


@pytest.mark.parametrize("name", OURS)
def test_no_container_of_ours_can_write_its_image_or_become_more_than_it_is(name: str):
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["mem_limit"]


def test_the_door_alone_is_reached_and_the_code_server_alone_has_the_token():
    assert {name for name, service in COMPOSE.items() if service.get("ports")} == {"door"}
    assert {name for name in OURS if "compose/event.env" in OURS[name]["env_file"]} == {"code"}
    [reader] = [service["command"] for name, service in COMPOSE.items() if name == "webserver-reader"]
    assert "--read-only" in reader


def test_on_kubernetes_the_door_alone_is_reached():
    policies = {each["metadata"]["name"]: each["spec"] for each in MANIFESTS if each["kind"] == "NetworkPolicy"}
    assert policies["nothing-comes-in"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    from_everywhere = [
        name for name, spec in policies.items() for rule in spec.get("ingress", []) if "from" not in rule
    ]
    assert from_everywhere == ["people-to-door"]
    services = [each["spec"]["type"] for each in MANIFESTS if each["kind"] == "Service"]
    assert services == ["LoadBalancer"]
    assert VALUES["ingress"]["enabled"] is False
    assert VALUES["dagsterWebserver"]["service"]["type"] == "ClusterIP"


@pytest.mark.parametrize(("name", "pod"), [*pods()], ids=lambda each: each if isinstance(each, str) else "")
def test_no_pod_of_ours_can_write_its_image_or_become_more_than_it_is(name: str, pod: Mapping[str, Any]):
    [container] = pod["spec"]["containers"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert container["resources"]["limits"]["memory"]
    assert {"tmp", "home"} <= {mount["name"] for mount in container["volumeMounts"]}


def test_every_image_has_a_version():
    images = [service["image"] for service in COMPOSE.values()]
    images += re.findall(r"image: (\S+)", (DEPLOY / "kubernetes" / "manifests.yaml").read_text(encoding="utf-8"))
    images += re.findall(r"^ARG PYTHON=(\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 8
    assert [image for image in images if not re.search(r":[\w.-]*\d+\.\d+\.?\d*[\w.-]*\}?$", image)] == []


def test_the_instance_is_that_of_make_ui_but_for_its_storage():
    """What both say has one meaning: see ``event_assets/cli/dagster.yaml`` for the reasons."""
    template = Template(INSTANCE_SETTINGS.read_text(encoding="utf-8"))
    local = yaml.safe_load(template.substitute(DAGSTER_HOME='"home"', RETENTION_DAYS=14, RUNS=1))
    server = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
    of_each = {"key": EVENT_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    local["concurrency"]["runs"]["tag_concurrency_limits"] = [of_each]  # as `make ui` has it of several events
    same = {
        "concurrency",
        "run_coordinator",
        "run_monitoring",
        "sensors",
        "retention",
        "telemetry",
        "nux",
        "python_logs",
    }
    assert {key: server[key] for key in same} == {key: local[key] for key in same}
    records = {"run_storage", "event_log_storage", "schedule_storage"}
    assert server.keys() - same - records == {"run_launcher", "compute_logs", "local_artifact_storage"}
    assert {name: server[name]["class"] for name in records} == {name: local[name]["class"] for name in records}
    for name in ("sensor", "schedule"):
        assert VALUES["retention"][name]["purgeAfterDays"] == server["retention"][name]["purge_after_days"]
    assert (
        VALUES["retention"]["autoMaterialize"]["purgeAfterDays"]
        == local["retention"]["auto_materialize"]["purge_after_days"]
    )


def test_the_image_has_what_it_needs_and_no_compiler():
    assert "USER 10001:10001" in DOCKERFILE
    # What a run plans, some four hundred events, is written at once and not each in a transaction of its own.
    assert "DAGSTER_EVENT_BATCH_SIZE=1000" in DOCKERFILE
    assert "--require-hashes --only-binary=:all:" in DOCKERFILE
    assert not re.search(r"apt-get|gcc|build-essential", DOCKERFILE)
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(?:--\S+ )?(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    let_in = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").split("\n!")[1:]
    let_in = [name.split("\n")[0] for name in let_in]
    for source in copied:
        assert (CHECKOUT / source).exists(), source
        assert any(Path(source).is_relative_to(name) for name in let_in), source


def test_the_image_s_packages_are_of_the_newest_line_without_the_pin():
    locked = dict(
        re.findall(
            r"^([a-z0-9-]+)(?:\[[^]]*\])?==(\S+)", (CHECKOUT / "requirements-server.lock").read_text(), re.MULTILINE
        )
    )
    assert "dagster-embedded-elt" not in locked
    assert tuple(map(int, locked["dagster"].split("."))) > (1, 13, 1)
    assert locked["dagster"] == locked["dagster-webserver"] == locked["dagster-graphql"]
    assert {"dagster-postgres", "dagster-k8s", "psycopg2-binary"} <= locked.keys()
    assert "--version {}".format(locked["dagster"]) in (DEPLOY / "kubernetes" / "values.yaml").read_text()
