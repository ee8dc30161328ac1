"""Rules, their tests and dashboards: every metric is declared in a metrics.rs, no label tells of a person, every alert is tested and
explained, every dashboard can be read. Writes the dashboards' queries as rules, for promtool to read, to the file named."""

import json
import re
import sys

import yaml

from report import DEPLOY, ROOT, Report

NAME = re.compile(r"(?<![\w:])focusflow_[a-z0-9_]+")
RECORDED = re.compile(r"\b\w+:focusflow_[a-z0-9_]+:\w+")
SUFFIXES = ("_bucket", "_sum", "_count")
LABELS = {"alertname", "alertstate", "client", "code", "form", "instance", "job", "kind", "le", "outcome", "partition", "quantile",
          "route", "severity", "status", "topic"}  # fmt: skip
SEVERITIES = {"page", "ticket"}
PANELS = {"timeseries", "stat", "state-timeline", "table", "bargauge"}


def declared(report):
    names = set()
    for path in ROOT.glob("*/src/metrics.rs"):
        found = re.findall(r'^pub const \w+: &str =\s+"(focusflow_\w+)";', path.read_text(), re.M)
        report.expect(found, path.relative_to(ROOT), "declares no metric: has the way of writing them changed?")
        names.update(found)
    return names


class Queries:
    def __init__(self, report):
        self.report, self.names = report, declared(report)
        self.recorded = set()

    def check(self, where, expr):
        for name in RECORDED.findall(expr):
            self.report.expect(name in self.recorded, where, f"{name} is recorded by no rule")
        for name in NAME.findall(RECORDED.sub(" ", expr)):
            base = next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)
            self.report.expect(name in self.names or base in self.names, where, f"{name} is declared in no metrics.rs")
        bare = re.sub(r'"[^"]*"', '""', expr)
        used = [label for group in re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", bare) for label in group.split(",")]
        used += re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"\"", bare)
        for label in filter(None, map(str.strip, used)):
            self.report.expect(label in LABELS, where, f"the label {label} is not one of {', '.join(sorted(LABELS))}")


def rules(report, queries):
    alerts = {}
    documents = {path: yaml.safe_load(path.read_text()) for path in sorted((DEPLOY / "prometheus/rules").glob("*.yml"))}
    all_rules = [(path.name, rule) for path, document in documents.items() for group in document["groups"] for rule in group["rules"]]
    queries.recorded.update(rule["record"] for _, rule in all_rules if "record" in rule)
    for file, rule in all_rules:
        where = f"{file}, {rule.get('alert') or rule['record']}"
        queries.check(where, rule["expr"])
        if "alert" not in rule:
            continue
        name, notes = rule["alert"], rule["annotations"]
        report.expect(name not in alerts, where, "is there twice")
        alerts[name] = file
        report.expect(rule["labels"].get("severity") in SEVERITIES, where, f"its severity is none of {', '.join(sorted(SEVERITIES))}")
        for note in ("summary", "description", "runbook"):
            report.expect(notes.get(note), where, f"has no {note}")
        for label in re.findall(r"\$labels\.(\w+)", json.dumps(notes)):
            report.expect(label in LABELS, where, f"tells of the label {label}")
        report.expect(notes["runbook"] == f"docs/alerts.md#{name.lower()}", where, f"its runbook is {notes['runbook']}")
    return alerts


def tests_and_docs(report, queries, alerts):
    fired = set()
    for path in sorted((DEPLOY / "prometheus/tests").glob("*.yml")):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for series in test["input_series"]:
                queries.check(f"{path.name}, {test['name']}", series["series"])
            for expected in (e for p in test.get("promql_expr_test", []) for e in p["exp_samples"]):
                fired.update(re.findall(r'alertname="(\w+)"', expected["labels"]))
    headings = set(re.findall(r"^#+ (FocusFlow\w+)$", (ROOT / "docs/alerts.md").read_text(), re.M))
    for name, file in alerts.items():
        report.expect(name in fired, f"{file}, {name}", "fires in no case of prometheus/tests")
        report.expect(name in headings, f"{file}, {name}", "has no heading in docs/alerts.md")
    for name in headings - alerts.keys():
        report.expect(False, "docs/alerts.md", f"explains {name}, which is no alert")


def panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def dashboards(report, queries):
    found, uids = [], set()
    for path in sorted((DEPLOY / "grafana/dashboards").glob("*.json")):
        dashboard = json.loads(path.read_text())
        report.expect(dashboard.get("uid") and dashboard["uid"] not in uids, path.name, "has no uid of its own")
        uids.add(dashboard.get("uid"))
        report.expect(dashboard.get("title") and dashboard.get("description"), path.name, "has no title or description")
        ids, places = set(), []
        for panel in panels(dashboard):
            where = f"{path.name}, {panel.get('title')!r}"
            report.expect(panel["id"] not in ids, where, f"has the id {panel['id']} of another panel")
            ids.add(panel["id"])
            place = panel["gridPos"]
            report.expect(place["x"] + place["w"] <= 24, where, "reaches past the right edge")
            clash = [t for t, p in places if p["x"] < place["x"] + place["w"] and place["x"] < p["x"] + p["w"] and p["y"] < place["y"] + place["h"] and place["y"] < p["y"] + p["h"]]
            report.expect(not clash, where, f"lies over {clash}")
            places.append((panel.get("title"), place))
            if panel["type"] == "row":
                continue
            report.expect(panel["type"] in PANELS, where, f"is of the type {panel['type']}, not of {', '.join(sorted(PANELS))}")
            report.expect(panel.get("title") and panel.get("description"), where, "has no title or description")
            report.expect(panel.get("targets"), where, "asks for nothing")
            report.expect("unit" in panel.get("fieldConfig", {}).get("defaults", {}), where, "has no unit")
            refs = [target["refId"] for target in panel.get("targets", [])]
            report.expect(len(refs) == len(set(refs)), where, "has two queries of one name")
            for target in panel.get("targets", []):
                for label in re.findall(r"{{\s*(\w+)\s*}}", target.get("legendFormat", "")):
                    report.expect(label in LABELS, where, f"shows the label {label}")
                queries.check(where, target["expr"])
                found.append((where, target["expr"]))
    return found


def main():
    report = Report()
    queries = Queries(report)
    alerts = rules(report, queries)
    tests_and_docs(report, queries, alerts)
    found = dashboards(report, queries)
    report.expect(alerts and found, "deploy", "no alerts or no queries were found")
    record = [{"record": f"dashboard:query:{n}", "expr": e.replace("$__rate_interval", "5m").replace("$__range", "1h")} for n, (_, e) in enumerate(found)]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        yaml.safe_dump({"groups": [{"name": "dashboards", "rules": record}]}, file, sort_keys=False)
    report.end(f"{len(queries.names)} metrics declared; {len(alerts)} alerts, all tested and explained; {len(found)} queries of dashboards")


main()
