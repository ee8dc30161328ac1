"""The compose file, as the real tool read it (JSON or YAML on standard input), the users of its ClickHouse, and the Dockerfile."""

import pathlib
import re
import sys
import xml.etree.ElementTree

import yaml

from report import DEPLOY, ROOT, Report
from settings import Settings

SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|_URL$")


def compose(report, read, written, settings):
    for name, service in read["services"].items():
        where = f"compose.yaml, {name}"
        environment = service.get("environment") or {}
        for variable, value in environment.items():
            settings.check_variable(report, where, variable)
            source = str(written["services"][name].get("environment", {}).get(variable, ""))
            if SECRET.search(variable) and "@" not in source and not re.fullmatch(r"https?://[a-z:0-9]+", source):
                report.expect("${" in source, where, f"{variable} is written into the file: everybody would have the same")
            report.expect(":-" not in source or not SECRET.search(variable), where, f"{variable} has a default")
        for port in service.get("ports", []):
            host = port["host_ip"] if isinstance(port, dict) and "host_ip" in port else str(port)
            report.expect(host.startswith("127.0.0.1"), where, f"the port {port} is open to everybody")
        image = service.get("image", "")
        report.expect(re.search(r":[^:/]*\d[^:/]*$", image), where, f"the image {image!r} has no version")
        for other, how in (service.get("depends_on") or {}).items():
            if how["condition"] == "service_healthy":
                there = read["services"].get(other, {}).get("healthcheck")
                report.expect(there, where, f"waits for {other} to be healthy, which has no health check")
        if image.startswith("focusflow"):
            report.expect(service.get("read_only"), where, "its root file system can be written to")
            report.expect(service.get("cap_drop") == ["ALL"], where, "it has capabilities")
            report.expect(service.get("healthcheck"), where, "it has no health check")
        for volume in service.get("volumes", []):
            source = volume.get("source", "") if isinstance(volume, dict) else str(volume).split(":")[0]
            if "/" in source:
                report.expect(pathlib.Path(source).exists(), where, f"{source} is not there")


def scrape(report, services):
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    targets = {t.split(":")[0] for job in config["scrape_configs"] for s in job["static_configs"] for t in s["targets"]}
    ours = {name for name, service in services.items() if "focusflow" in service.get("image", "")}
    report.expect(targets == ours, "prometheus.yml", f"scrapes {sorted(targets)}, the compose file has {sorted(ours)}")


def clickhouse_users(report):
    where = "clickhouse-users.xml"
    tree = xml.etree.ElementTree.parse(DEPLOY / "compose/clickhouse-users.xml")
    tables = re.findall(r"^## (\w+)", (ROOT / "schemas/TABLES.md").read_text(), re.M)
    views = [path.stem for path in (ROOT / "store/views").glob("*.sql")]
    access = (ROOT / "store/src/clickhouse/access.rs").read_text()
    constraints = dict(re.findall(r'^    \("(\w+)", "(?:MAX (\d+))?"\),', access, re.M))
    report.expect(tables and views and constraints, where, "tables, views or constraints were not found in the sources")

    def granted(path):
        return sorted(q.text.removeprefix("GRANT SELECT ON focusflow.") for q in tree.iterfind(f"{path}/grants/query"))

    for path, want in (("users/focusflow_reader", tables + views), ("roles/focusflow_reader_teams", views)):
        has = granted(path)
        report.expect(has == sorted(want), where, f"{path} is granted {has}, access.rs gives {sorted(want)}")
    rows = tree.find("users/focusflow_reader/databases/focusflow_rows")
    has = sorted(e.tag for e in rows if e.findtext("filter") == "0")
    report.expect(has == sorted(tables), where, f"rows of {has} are withheld, access.rs does so for {sorted(tables)}")
    found = {e.tag: e.findtext("max") or "" for e in tree.find("profiles/focusflow_reader/constraints")}
    report.expect(found == constraints, where, f"constraints {found}, access.rs has {constraints}")
    report.expect(tree.findtext("profiles/focusflow_reader/readonly") == "1", where, "the reader may write")
    for user in tree.find("users"):
        if user.get("remove") is None:
            report.expect(user.find("password").get("from_env"), where, f"{user.tag} has its password in the file")


def dockerfile(report, settings):
    text = (DEPLOY / "Dockerfile").read_text()
    for line in re.findall(r"^ENV (.+)", text, re.M):
        for variable in re.findall(r"(\w+)=", line):
            settings.check_variable(report, "Dockerfile", variable)
    stages = set(re.findall(r"^FROM \S+ AS (\w+)", text, re.M))
    for line in re.findall(r"^COPY (.+)", text, re.M):
        words = line.split()
        if words[0].startswith("--from="):
            report.expect(words[0].removeprefix("--from=") in stages, "Dockerfile", f"COPY {line}: no such stage")
            continue
        for source in words[:-1]:
            report.expect((ROOT / source).exists(), "Dockerfile", f"COPY {line}: {source} is not in the repository")
    rust = re.search(r'^rust-version = "([\d.]+)"', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
    report.expect(f"FROM rust:{rust}-" in text, "Dockerfile", f"does not build with Rust {rust}, as Cargo.toml says")
    last = text.rsplit("\nFROM ", 1)[1]
    report.expect(re.search(r"^USER [1-9]\d*", last, re.M), "Dockerfile", "does not end as a user that is not root")


def main():
    report, settings = Report(), Settings()
    read = yaml.safe_load(sys.stdin)
    written = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    compose(report, read, written, settings)
    scrape(report, read["services"])
    clickhouse_users(report)
    dockerfile(report, settings)
    report.end(f"{len(read['services'])} services, their settings, secrets, ports, ClickHouse's users, the Dockerfile")


main()
