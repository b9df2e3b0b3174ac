"""Makes the Python environment of the comparison: python3 environment.py FOLDER

Runs on a plain Python. What cannot be installed is named and left out, so that the other engines still run; only
without pyarrow, in which answers are compared, nothing goes on.
"""

import pathlib
import shutil
import subprocess
import sys

REQUIREMENTS = pathlib.Path(__file__).resolve().parent / "requirements.txt"
NEEDED = "pyarrow"


def main(folder):
    folder = pathlib.Path(folder)
    python = folder / "bin" / "python"
    installed = folder / REQUIREMENTS.name  # a copy of what a complete environment was made from
    if installed.is_file() and installed.read_text() == REQUIREMENTS.read_text():
        return
    if not python.exists() and subprocess.run([sys.executable, "-m", "venv", folder]).returncode != 0:
        sys.exit(f"{sys.executable} cannot make an environment in {folder}; it needs Python 3.10 with the venv module")
    print(f"Installing {REQUIREMENTS.name} into {folder}", flush=True)
    if install(python, "-r", REQUIREMENTS):
        shutil.copyfile(REQUIREMENTS, installed)
        return
    for line in REQUIREMENTS.read_text().splitlines():
        requirement = line.partition("#")[0].strip()
        if requirement and not install(python, requirement):
            print(f"{requirement} cannot be installed: what needs it is left out", file=sys.stderr)
    if subprocess.run([python, "-c", f"import {NEEDED}"], stderr=subprocess.DEVNULL).returncode != 0:
        sys.exit(f"without {NEEDED} no answers can be compared; is the package index reachable?")


def install(python, *what):
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    return subprocess.run(command).returncode == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
