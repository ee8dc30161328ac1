"""The settings there are: the keys of focusflow/default.toml, and their names in the environment."""

import os
import pathlib
import tomllib

from report import ROOT

# focusflow/src/config/layers.rs: read elsewhere than in the settings.
OTHER = {"FOCUSFLOW_ADMIN_TOKEN", "FOCUSFLOW_TOKEN", "FOCUSFLOW_URL", "FOCUSFLOW_CONFIG"}


def flatten(table, prefix=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def default_toml():
    path = pathlib.Path(os.environ.get("FOCUSFLOW_DEFAULT_TOML") or ROOT / "focusflow/default.toml")
    return dict(flatten(tomllib.loads(path.read_text())))


class Settings:
    def __init__(self):
        self.defaults = default_toml()
        self.variables = {"FOCUSFLOW_" + path.replace(".", "_").upper(): path for path in self.defaults}

    def check_variable(self, report, where, name):
        known = not name.startswith("FOCUSFLOW_") or name in OTHER or name in self.variables
        report.expect(known, where, f"{name} is no setting of focusflow/default.toml: it would be refused at the start")

    def check_file(self, report, path):
        """Gives what is set in the file, over the defaults."""
        found = dict(flatten(tomllib.loads(path.read_text())))
        for key, value in found.items():
            if report.expect(key in self.defaults, path.name, f"{key} is no setting of focusflow/default.toml"):
                want, has = type(self.defaults[key]), type(value)
                report.expect(want is has, path.name, f"{key} is a {has.__name__} and should be a {want.__name__}")
        return self.defaults | found


def seconds(span):
    for unit, length in (("ms", 0.001), ("min", 60), ("s", 1), ("h", 3600), ("d", 86400)):
        if span.endswith(unit):
            return float(span.removesuffix(unit)) * length
    raise ValueError(f"{span!r} is no span of time")
