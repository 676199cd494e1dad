"""docker-compose.yml and the Dockerfile: pinned, healthy, without root and without secrets."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMPOSE = YAML(typ="safe", pure=True).load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY")


@pytest.mark.parametrize("name", ["database", "advisor", "dashboards"])
def test_a_service_is_pinned_checked_and_runs_without_root(name):
    service = SERVICES[name]
    image, _, tag = service["image"].partition(":")
    assert image and re.search(r"\d+\.\d+", tag), f"{name}: pin the version of {service['image']}"
    user, _, group = service["user"].partition(":")
    assert int(user) > 0 and int(group) > 0
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]


def test_our_image_carries_the_version_of_the_package():
    ours = {SERVICES[name]["image"] for name in ("advisor", "dashboards")}
    assert ours == {f"richtwert:{PROJECT['version']}"}


@pytest.mark.parametrize("name", ["advisor", "dashboards"])
def test_our_services_start_a_program_of_ours_and_write_nothing_into_the_image(name):
    assert SERVICES[name]["command"][0] == name
    assert name in PROJECT["scripts"]
    assert SERVICES[name]["read_only"] is True


def test_the_advisor_gets_its_database_by_url_and_waits_for_it():
    url = SERVICES["advisor"]["environment"]["DATABASE_URL"]
    assert url.startswith("postgresql+asyncpg://") and "@database:" in url
    assert SERVICES["advisor"]["depends_on"]["database"]["condition"] == "service_healthy"


def test_secrets_come_from_the_environment_alone():
    given = {
        (name, key): str(value)
        for name, service in SERVICES.items()
        for key, value in service.get("environment", {}).items()
        if SECRET.search(key) or "://" in str(value)
    }
    assert given
    for place, value in given.items():
        without_references = re.sub(r"\$\{[A-Z_]+:\?[^}]*\}", "", value)
        assert value != without_references, f"{place} must come from the environment and be required"
        assert SECRET.search(without_references) is None


def test_ports_are_published_on_this_machine_alone():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_dockerfile_is_pinned_ends_without_root_and_copies_what_is_there():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    images = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert images and all(re.search(r":\d+\.\d+\.\d+", image) for image in images)
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == [SERVICES["advisor"]["user"]]
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists() and f"!{name}" in allowed, name


def test_docker_compose_reads_the_file():
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("no docker client with the compose plugin")
    command = [docker, "compose", "--file", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"POSTGRES_PASSWORD": "for-a-test"})
    assert done.returncode == 0, done.stderr
    bare = {key: value for key, value in os.environ.items() if key != "POSTGRES_PASSWORD"}
    assert subprocess.run(command, capture_output=True, env=bare).returncode != 0
