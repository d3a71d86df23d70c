#!/usr/bin/env python3
"""Classroom 50 runs this in the student's checkout. It grades with ftpspec, and leaves result.json, release-body.md and the page of the student.

Put it into <classroom>/autograders/<assignment>/ beside `ftpspec.url` (a line: where the program can be had, and its SHA-256) and, if it is your
own, `rubric.yaml`. A program that is installed, or named by FTPSPEC, is taken before.
"""

import glob
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

bundle = pathlib.Path(os.environ.get("CLASSROOM50_BUNDLE_DIR", pathlib.Path(__file__).parent)).resolve()
own = bundle / "rubric.yaml"
rubric = os.environ.get("RUBRIC", str(own) if own.is_file() else "ssast")



def program(folder):
    """The program, fetched into a folder if it must be."""
    installed = os.environ.get("FTPSPEC") or shutil.which("ftpspec")
    if installed:
        return installed
    address, digest = (bundle / "ftpspec.url").read_text().split()
    with urllib.request.urlopen(address, timeout=60) as answer:
        octets = answer.read()
    if hashlib.sha256(octets).hexdigest() != digest:
        sys.exit(f"what {address} holds is not the program that ftpspec.url means")
    fetched = pathlib.Path(folder) / "ftpspec"
    fetched.write_bytes(octets)
    fetched.chmod(0o755)
    return fetched


environment = dict(os.environ)
if "SUBMITTED_AT" not in environment:
    # When the commit was made: it does not change when it is graded again.
    show = ["git", "show", "-s", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd", "HEAD"]
    made = subprocess.run(show, env={**environment, "TZ": "UTC"}, check=True, capture_output=True, text=True)
    environment["SUBMITTED_AT"] = made.stdout.strip()

with tempfile.TemporaryDirectory() as fetched, tempfile.TemporaryDirectory() as out:
    grade = [program(fetched), "grade", "--one", ".", "--rubric", rubric, "--out", out, "--deadline", "15min"]
    graded = subprocess.run([*grade, "--export", "classroom50=result.json"], env=environment, stdout=subprocess.DEVNULL)
    if graded.returncode != 0:
        sys.exit(graded.returncode)
    for feedback in glob.glob(f"{glob.escape(out)}/*/feedback.md"):
        shutil.copy(feedback, "release-body.md")
    for page in glob.glob(f"{glob.escape(out)}/*/feedback.html"):
        assets = pathlib.Path("classroom50-release-assets")
        assets.mkdir(exist_ok=True)
        shutil.copy(page, assets / "feedback.html")
