"""adbc-drivers/validation against a server: python3 run.py grpc://HOST:PORT FOLDER

FOLDER is a checkout of the suite, which is in no package index.
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def main(address, checkout):
    path = os.pathsep.join([str(checkout), str(HERE)])
    done = subprocess.run([sys.executable, "-B", "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--tb=short", str(HERE)],
                          env={**os.environ, "PYTHONPATH": path, "SKEIN": address}, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
