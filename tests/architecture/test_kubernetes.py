"""The manifests: valid for several versions of Kubernetes, hardened, and the same commands as in the compose file."""

import re
import tomllib

import kubernetes_validate
import pytest
from deployed import ROOT, compose, manifests

VERSIONS = ("1.31", "1.37")
"""The oldest that knows `preStop.sleep` without a switch among those whose schemas are at hand, and the newest."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SERVICES = compose()["services"]
ALL = [(f"{name}: {document['kind']} {document['metadata']['name']}", document) for name, document in manifests()]
OBJECTS = [document for _, document in ALL]
PODS = {
    document["metadata"]["labels"]["app.kubernetes.io/name"]: document["spec"]["template"]
    for document in OBJECTS
    if document["kind"] in ("Deployment", "Job")
}
DEPLOYMENTS = {document["metadata"]["name"]: document for document in OBJECTS if document["kind"] == "Deployment"}


def of_kind(kind):
    return [document for document in OBJECTS if document["kind"] == kind]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "document"), ALL, ids=[name for name, _ in ALL])
def test_an_object_is_what_the_schema_of_kubernetes_allows(name, document, version):
    kubernetes_validate.validate(document, version, strict=True)


def test_the_schemas_find_a_field_that_does_not_exist():
    wrong = DEPLOYMENTS["advisor"] | {"spec": DEPLOYMENTS["advisor"]["spec"] | {"replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_there_is_a_pod_for_every_service_of_ours_but_the_gateway_which_is_serving_with_another_model():
    assert set(PODS) == {"migrate", "advisor", "worker", "dashboards", "serving"}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_the_command_and_the_image_of_the_compose_file(name):
    (container,) = PODS[name]["spec"]["containers"]
    assert container["args"] == SERVICES[name]["command"]
    assert container["image"] == SERVICES[name]["image"]


@pytest.mark.parametrize("name", PODS)
def test_a_pod_meets_the_restricted_standard_and_has_limits(name):
    pod = PODS[name]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == SERVICES[name]["user"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
    allowed = {"secret", "emptyDir", "persistentVolumeClaim"}
    assert all(set(volume) - {"name"} <= allowed for volume in pod["volumes"]), "hostPath and the like"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_is_probed_has_a_budget_and_ends_as_slowly_as_its_program(name):
    template = DEPLOYMENTS[name]["spec"]["template"]
    (container,) = template["spec"]["containers"]
    path = re.search(r"127\.0\.0\.1:(\d+)([/\w]*)", " ".join(SERVICES[name]["healthcheck"]["test"]))
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    probes = [
        container[kind]["httpGet"] for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in container
    ]
    assert len(probes) >= 2 and path[2] in [probe["path"] for probe in probes]
    assert {ports[probe["port"]] for probe in probes} == {int(path[1])}
    grace_s = int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
    assert template["spec"]["terminationGracePeriodSeconds"] >= grace_s
    selector = DEPLOYMENTS[name]["spec"]["selector"]
    assert selector["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert [budget["spec"]["selector"] for budget in of_kind("PodDisruptionBudget")].count(selector) == 1


def test_servers_are_replaced_one_after_the_other_and_get_no_request_after_the_signal():
    for name in ("advisor", "dashboards"):
        assert DEPLOYMENTS[name]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        (container,) = DEPLOYMENTS[name]["spec"]["template"]["spec"]["containers"]
        assert container["lifecycle"]["preStop"]["sleep"]["seconds"] > container["readinessProbe"]["timeoutSeconds"]


def test_an_autoscaler_sets_the_replicas_alone():
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in of_kind("HorizontalPodAutoscaler")}
    assert scaled == {"advisor", "worker"}
    assert {name for name, each in DEPLOYMENTS.items() if "replicas" not in each["spec"]} == scaled


def test_services_and_policies_find_their_pods_and_ports():
    for service in of_kind("Service"):
        pod = PODS[service["metadata"]["name"]]
        assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
        ports = {port["name"] for port in pod["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    labels = [pod["metadata"]["labels"].items() for pod in PODS.values()]
    for policy in of_kind("NetworkPolicy"):
        wanted = policy["spec"]["podSelector"]["matchLabels"].items()
        chosen = [pod for pod in PODS.values() if wanted <= pod["metadata"]["labels"].items()]
        assert chosen and any(wanted <= each for each in labels)
        for rule in policy["spec"].get("ingress", []):
            assert rule["from"], "an empty list lets everybody in"
            for pod in chosen:
                ports = {port["name"] for port in pod["spec"]["containers"][0]["ports"]}
                assert {port["port"] for port in rule["ports"]} <= ports


def test_every_pod_is_closed_unless_a_policy_opens_it():
    (closed,) = [each for each in of_kind("NetworkPolicy") if each["metadata"]["name"] == "nobody"]
    assert set(closed["spec"]["policyTypes"]) == {"Ingress", "Egress"} and not {"ingress", "egress"} & set(
        closed["spec"]
    )
    wanted = closed["spec"]["podSelector"]["matchLabels"].items()
    assert all(wanted <= pod["metadata"]["labels"].items() for pod in PODS.values())
    reach_store = {name for name, pod in PODS.items() if "richtwert/store" in pod["metadata"]["labels"]}
    assert reach_store == {"migrate", "advisor", "worker"}


def test_secrets_are_named_and_never_written_down():
    assert not of_kind("Secret")
    named = {
        volume["secret"]["secretName"]
        for pod in PODS.values()
        for volume in pod["spec"]["volumes"]
        if "secret" in volume
    }
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert named == {"richtwert-database", "richtwert-advisor-key", "richtwert-serving-keys"}
    assert all(f"secret generic {name}" in readme for name in named)
    (config,) = of_kind("ConfigMap")
    assert re.fullmatch(r"postgresql://\w+@[\w:/.?=]+", config["data"]["DATABASE_URL"])


def test_the_migration_is_named_for_its_release_because_a_job_cannot_be_changed():
    (job,) = of_kind("Job")
    assert job["metadata"]["name"] == f"migrate-{PROJECT['version'].replace('.', '-')}"
