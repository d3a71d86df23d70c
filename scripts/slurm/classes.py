"""Classes that were made by counting, and what their results are compared by."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

RUBRIC = """\
title: A small server
login: { user: anonymous, password: student@example.org }
readable: [PROGRAM]
build: { command: test -x server }
launch: [{ command: "./server -port {port} -root {root}", ready-within: 10s }]
groups:
  - { name: Login, points: 40, scenarios: [rfc959/control/greeting] }
  - { name: Files, points: 60, scenarios: ["rfc959/transfer/store[open=PASV,size=1]"] }
limits: { reply: 10s }
"""
SERVE = """\
#!/bin/sh
if [ -x /run/ftpspec ]; then F=/run/ftpspec; else F=PROGRAM; fi
exec $F serve --login-delay 0 --login-attempts 0 --anonymous ACCESS "$@"
"""


def program():
    """The ftpspec to try."""
    found = Path(os.environ.get("FTPSPEC", "target/release/ftpspec")).resolve()
    if not os.access(found, os.X_OK):
        sys.exit(f"error: there is no program {found}; build it, or say FTPSPEC=PATH")
    return str(found)


def make(folder, size):
    """So many submissions. They take turns: whole, read-only, ended at once, not built. Their rubric stands beside them."""
    folder = Path(folder)
    rubric = folder / "rubric.yaml"
    rubric.write_text(RUBRIC.replace("PROGRAM", program()))
    for number in range(size):
        submission = folder / "submissions" / f"student-{number * 7919 % 10007:05}"
        submission.mkdir(parents=True)
        kind = number % 8
        if kind == 3:
            continue
        text = SERVE.replace("PROGRAM", program()).replace("ACCESS", "read-only" if kind in (1, 6) else "read-write")
        server = submission / "server"
        server.write_text("#!/bin/sh\nexit 3\n" if kind == 5 else text)
        server.chmod(0o755)
    return folder / "submissions", rubric


def grade(submissions, rubric, out, *more):
    """The command line that grades a class."""
    return [program(), "grade", str(submissions), "--rubric", str(rubric), "--out", str(out), *more]


def timeless(file):
    """Results without what is never the same twice: how long it took, and which port and folder were free."""
    text = Path(file).read_text(encoding="ascii")
    return re.sub(r'("duration":|-port | port |/ftpspec-)[0-9A-Za-z]+', r"\1", text)


def compare(merged, whole):
    """Ends the program where two files of results are not equal. Says how many results there are."""
    one, other = timeless(merged), timeless(whole)
    if one != other:
        for first, second in zip(one.splitlines(), other.splitlines()):
            if first != second:
                print(f"merged: {first[:2000]}\nwhole:  {second[:2000]}", file=sys.stderr)
                break
        sys.exit("error: the merged results are not those of the class that was not split")
    names = [json.loads(line)["submission"] for line in Path(merged).read_text(encoding="ascii").splitlines()]
    if len(set(names)) != len(names):
        sys.exit("error: a submission was graded twice")
    return len(names)


def run(command, **more):
    """Runs a command that must end well."""
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", **more)
    if ended.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return ended.stdout
