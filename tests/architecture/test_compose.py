"""docker-compose.yml and the Dockerfile: valid, pinned, healthy, without root, and without secrets in them."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires

import pytest
from compose_spec import PyCompose
from deployed import OURS, ROOT, compose, read_yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from advisor.handing.serve import VLLM_IMAGE

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMPOSE = compose()
SERVICES = COMPOSE["services"]
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY")
LAZY = ("serving-fast", "telemetry")
"""Extras of `serving` whose modules are imported only by those who ask for them."""
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()


def test_the_file_is_what_the_specification_of_compose_allows():
    known = PyCompose.from_json(json.dumps(COMPOSE))
    assert set(known.service_names()) == set(SERVICES)
    for broken in ({"imagee": "x"}, {"depends_on": {"database": {"condition": "service_ready"}}}):
        wrong = COMPOSE | {"services": SERVICES | {"advisor": SERVICES["advisor"] | broken}}
        with pytest.raises(ValueError, match=r"imagee|service_ready"):
            PyCompose.from_json(json.dumps(wrong))


def test_every_name_that_a_service_uses_is_defined():
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"]), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source.startswith(".") or source in COMPOSE["volumes"], volume


def test_files_that_are_mounted_from_the_repository_are_there():
    mounted = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    ours = {source for source in mounted if source.startswith("./deploy")}
    assert len(ours) == 3
    assert all((ROOT / source).is_dir() for source in ours)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_limited_and_runs_without_root_and_writes_nothing_into_its_image(name):
    service = SERVICES[name]
    image, _, tag = service["image"].partition(":")
    assert image and re.search(r"\d+\.\d+", tag), f"{name}: pin the version of {service['image']}"
    assert int(service["user"].partition(":")[0]) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_a_service_that_stays_is_watched_and_started_again(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_our_images_carry_the_version_of_the_package_and_vllm_that_of_the_plans():
    assert {SERVICES[name]["image"] for name in OURS} == {
        f"richtwert:{PROJECT['version']}",
        f"richtwert-serving:{PROJECT['version']}",
    }
    assert SERVICES["vllm"]["image"] == VLLM_IMAGE


def test_tables_are_made_once_before_anything_reads_them():
    assert SERVICES["migrate"]["command"] == ["advisor", "db", "upgrade"]
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("advisor", "worker"):
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_what_a_program_needs_to_end_well_is_granted_to_it():
    from advisor.api.server import STOP_S
    from serving.server import FAREWELL_S

    def grace_s(name):
        return int(SERVICES[name]["stop_grace_period"].removesuffix("s"))

    assert grace_s("advisor") > STOP_S
    for name in ("serving", "gateway"):
        (drain,) = [word for word in SERVICES[name]["command"] if word.startswith("--drain-s=")]
        assert grace_s(name) > int(drain.partition("=")[2]) + FAREWELL_S


def test_secrets_come_from_files_alone_and_none_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)", text)) == {"MODEL_DIR", "TORCH_INDEX"}
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
        assert any(name in service.get("secrets", []) for service in SERVICES.values())
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key):
                assert value.startswith("/run/secrets/") and value.rpartition("/")[2] in service["secrets"], (name, key)
            assert "://" not in value or re.fullmatch(r"\w+://\w+@[\w.:/]+", value), f"{name}: {key} holds a password"
    assert "/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_ports_are_published_on_this_machine_alone():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 6
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_database_and_vllm_are_reached_by_those_that_need_them_alone():
    def members(network):
        return {name for name, service in SERVICES.items() if network in service.get("networks", ["default"])}

    assert members("store") == {"database", "migrate", "advisor", "worker"}
    assert members("models") == {"vllm", "gateway"}
    assert "database" not in members("default") and "vllm" not in members("default")
    assert all(COMPOSE["networks"][name]["internal"] for name in ("store", "models"))


def test_the_dockerfile_is_pinned_ends_without_root_and_copies_what_is_there():
    stages = [line.split()[1:] for line in DOCKERFILE if line.startswith("FROM ")]
    known = {words[2] for words in stages}
    assert {"advisor", "serving"} <= known
    bases = {words[0] for words in stages} - known
    assert len(bases) == 1 and re.search(r":\d+\.\d+\.\d+-slim", bases.pop())
    assert {SERVICES[name]["build"]["target"] for name in OURS} == {"advisor", "serving"}
    users = [line.split()[1] for line in DOCKERFILE if line.startswith("USER ")]
    assert {*users} == {SERVICES[name]["user"] for name in OURS}
    copied = [word for line in DOCKERFILE if line.startswith("COPY ") and "--from" not in line for word in line.split()]
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in {*copied} - {"COPY", "./"}:
        assert (ROOT / name).exists() and f"!{name}" in allowed, name


def installed_by(extras):
    """Names of all packages that these extras bring, by the metadata of what is installed here."""
    waiting = [Requirement(f"richtwert[{extras}]")]
    seen = set()
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        ours = wanted.name == "richtwert"
        for text in requirements_here() if ours else requires(wanted.name) or []:
            needed = Requirement(text)
            markers = [{"extra": extra} for extra in wanted.extras or {""}]
            if needed.marker is None or any(needed.marker.evaluate(marker) for marker in markers):
                waiting.append(needed)
    return {name for name, _ in seen}


def requirements_here():
    rows = list(PROJECT["dependencies"])
    for extra, texts in PROJECT["optional-dependencies"].items():
        for text in texts:
            bare, _, marker = text.partition(";")
            rows.append(f'{bare}; ({marker}) and extra == "{extra}"' if marker else f'{bare}; extra == "{extra}"')
    return rows


def test_the_image_of_the_advisor_brings_no_torch_and_that_of_the_server_does():
    extras = [re.search(r"\[([\w,-]+)\]\"", line) for line in DOCKERFILE]
    small, large = (installed_by(found[1]) for found in extras if found)
    assert {"litestar", "streamlit", "asyncpg", "prometheus-client"} <= small
    assert not small & {"torch", "transformers", "accelerate", "triton"}
    assert {"torch", "transformers", "litestar", "prometheus-client"} <= large


def imported_by(*folders):
    """First part of the name of every module that these packages import from outside."""
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def test_the_image_of_the_server_brings_all_that_the_server_imports():
    here = packages_distributions()
    outside = {*imported_by("serving", "trainer/energy")} - {*sys.stdlib_module_names, *PROJECT["scripts"]}
    brought = installed_by(",".join(["serving", *LAZY]))
    missing = {name for name in outside if not {canonicalize_name(each) for each in here.get(name, [name])} & brought}
    assert "prometheus_client" in outside and not missing


def test_docker_compose_reads_the_file():
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("no docker client with the compose plugin")
    for profiles in ([], ["--profile", "serving"], ["--profile", "gpu"]):
        command = [docker, "compose", "--file", str(ROOT / "docker-compose.yml"), *profiles, "config", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
        assert done.returncode == 0, done.stderr


def test_a_board_and_a_source_of_figures_are_there_for_grafana():
    boards = read_yaml(ROOT / "deploy/grafana/provisioning/dashboards/boards.yml")["providers"]
    assert f"./deploy/grafana/boards:{boards[0]['options']['path']}:ro" in SERVICES["grafana"]["volumes"]
    (source,) = read_yaml(ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    for path in (ROOT / "deploy/grafana/boards").glob("*.json"):
        board = json.loads(path.read_text(encoding="utf-8"))
        panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        assert panels and {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
