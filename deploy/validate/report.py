"""What the checks share: where the repository is, and how problems are told."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


class Report:
    def __init__(self):
        self.problems = []

    def expect(self, holds, where, problem):
        if not holds:
            self.problems.append(f"{where}: {problem}")
        return holds

    def end(self, done):
        for problem in self.problems:
            print(f"    {problem}", file=sys.stderr)
        if self.problems:
            sys.exit(1)
        print(f"  {done}")
