"""The manifests, as kubectl put them together (standard input): Kubernetes' own schemas, and what must hold here."""

import json
import sys

import jsonschema
import kubernetes_validate
import yaml

from report import DEPLOY, Report
from settings import Settings, seconds

# The oldest one meant, and the newest that the schemas are there for.
VERSIONS = ("1.30", "1.37")
FOLDER = DEPLOY / "kubernetes"
# Applied by themselves, as their first lines say.
APART = {"secret.template.yaml", "processors-keda.yaml", "kustomization.yaml", "focusflow.toml"}


def title(resource):
    return f"{resource['kind']} {resource['metadata']['name']}"


def schemas(report, resources):
    ours = json.loads((FOLDER / "schemas/scaledobject.json").read_text())
    for resource in resources:
        if resource["apiVersion"].startswith("keda.sh/"):
            if resource["kind"] == "ScaledObject":
                for error in jsonschema.Draft202012Validator(ours).iter_errors(resource):
                    report.expect(False, title(resource), f"{error.json_path}: {error.message}")
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                report.expect(False, title(resource), f"{'.'.join(map(str, error.path))}: {error.message} (Kubernetes {version})")
                break


def pods(report, deployment, settings, known_secrets, shutdown):
    where, pod = title(deployment), deployment["spec"]["template"]["spec"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    report.expect(deployment["spec"]["selector"]["matchLabels"].items() <= labels.items(), where, "selects other pods than its own")
    report.expect(pod.get("enableServiceLinks") is False, where, "enableServiceLinks is not off")
    report.expect(pod.get("automountServiceAccountToken") is False, where, "has a token of Kubernetes")
    security = pod.get("securityContext", {})
    report.expect(security.get("runAsNonRoot") is True, where, "may run as root")
    report.expect(security.get("seccompProfile", {}).get("type") == "RuntimeDefault", where, "has no seccomp profile")
    report.expect(pod.get("topologySpreadConstraints"), where, "is not spread")
    for constraint in pod.get("topologySpreadConstraints", []):
        report.expect(constraint["labelSelector"]["matchLabels"].items() <= labels.items(), where, "spreads by other pods' labels")
    for container in pod["containers"]:
        security = container.get("securityContext", {})
        report.expect(security.get("allowPrivilegeEscalation") is False, where, "may gain privileges")
        report.expect(security.get("readOnlyRootFilesystem") is True, where, "may write to its root file system")
        report.expect(security.get("capabilities", {}).get("drop") == ["ALL"], where, "has capabilities")
        wait = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        grace = pod.get("terminationGracePeriodSeconds", 30)
        report.expect(grace >= wait + shutdown + 5, where, f"is cut off after {grace} s: preStop {wait} s, server.shutdown_timeout {shutdown} s")
        for probe, path in (("startupProbe", "/healthz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")):
            report.expect(container.get(probe, {}).get("httpGet", {}).get("path") == path, where, f"its {probe} does not ask {path}")
        resources = container.get("resources", {})
        report.expect({"cpu", "memory"} <= resources.get("requests", {}).keys(), where, "requests no cpu or memory")
        report.expect("memory" in resources.get("limits", {}), where, "has no limit of memory")
        for variable in container.get("env", []):
            settings.check_variable(report, where, variable["name"])
            key = variable.get("valueFrom", {}).get("secretKeyRef", {}).get("key")
            report.expect(key in known_secrets, where, f"{variable['name']} is not from a key of secret.template.yaml")


def references(report, resources):
    deployments = {r["metadata"]["name"]: r for r in resources if r["kind"] == "Deployment"}
    services = {r["metadata"]["name"] for r in resources if r["kind"] == "Service"}
    accounts = {r["metadata"]["name"] for r in resources if r["kind"] == "ServiceAccount"}
    labels = [d["spec"]["template"]["metadata"]["labels"].items() for d in deployments.values()]
    for name, deployment in deployments.items():
        account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
        report.expect(account in accounts, f"Deployment {name}", f"there is no ServiceAccount {account}")
    for r in resources:
        spec = r.get("spec", {})
        selector = {"Service": spec.get("selector"), "PodDisruptionBudget": spec.get("selector", {}).get("matchLabels")}.get(r["kind"])
        if r["kind"] in ("Service", "PodDisruptionBudget"):
            report.expect(sum(selector.items() <= l for l in labels) == 1, title(r), "does not select exactly one Deployment's pods")
        if r["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            target = spec["scaleTargetRef"]["name"]
            if report.expect(target in deployments, title(r), f"there is no Deployment {target}"):
                report.expect("replicas" not in deployments[target]["spec"], title(r), f"Deployment {target} sets replicas itself")
        if r["kind"] == "Ingress":
            paths = [p for rule in spec["rules"] for p in rule["http"]["paths"]]
            for path in paths:
                name = path["backend"]["service"]["name"]
                report.expect(name in services, title(r), f"there is no Service {name}")
            open_to_all = [p["path"] for p in paths if p["pathType"] == "Prefix" and p["path"] == "/"]
            report.expect(not open_to_all, title(r), "lets everybody read /metrics")


def scaling(report, resources, settings):
    for r in (r for r in resources if r["kind"] == "ScaledObject"):
        most, partitions = r["spec"]["maxReplicaCount"], settings["eventlog.partitions"]
        report.expect(most == partitions, title(r), f"scales up to {most}, focusflow.toml has {partitions} partitions")
        kafka, prefix = r["spec"]["triggers"][0]["metadata"], settings["kafka.topic_prefix"]
        report.expect(kafka["topic"] == f"{prefix}events", title(r), f"watches the topic {kafka['topic']}")
        report.expect(kafka["consumerGroup"] == f"{prefix}processors", title(r), f"watches the group {kafka['consumerGroup']}")
        report.expect(kafka["bootstrapServers"] == settings["kafka.brokers"], title(r), "asks other brokers than focusflow.toml")


def main():
    report, settings = Report(), Settings()
    together = [r for r in yaml.safe_load_all(sys.stdin) if r]
    apart = [r for name in ("secret.template.yaml", "processors-keda.yaml") for r in yaml.safe_load_all((FOLDER / name).read_text())]
    schemas(report, together + apart)
    listed = set(yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]) | APART
    there = {path.name for path in FOLDER.iterdir() if path.is_file()}
    report.expect(listed == there, "kustomization.yaml", f"lists {sorted(listed - there)} that are not there, leaves out {sorted(there - listed)}")
    secret = apart[0]
    for key, value in secret["stringData"].items():
        settings.check_variable(report, "secret.template.yaml", key)
        report.expect("REPLACE" in value, "secret.template.yaml", f"{key} looks like a secret")
    values = settings.check_file(report, FOLDER / "focusflow.toml")
    shutdown = seconds(values["server.shutdown_timeout"])
    handover = values.get("kafka.handover_timeout")
    report.expect(handover is None or seconds(handover) < shutdown, "focusflow.toml", "kafka.handover_timeout is not within server.shutdown_timeout")
    deployments = [r for r in together if r["kind"] == "Deployment"]
    report.expect(len(deployments) == 3, "kustomization.yaml", f"{len(deployments)} Deployments instead of three")
    for deployment in deployments:
        pods(report, deployment, settings, secret["stringData"], shutdown)
    references(report, together + apart)
    if not report.problems:
        scaling(report, apart, values)
    report.end(f"{len(together + apart)} resources by the schemas of {' and '.join(VERSIONS)}, their settings, security, references")


main()
