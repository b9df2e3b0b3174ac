"""The tables of TPC-H as snappy Parquet, written once by tpchgen-cli, the writer of none of the engines."""

import pathlib
import shutil
import subprocess
import sys

NAMES = "region nation supplier customer part partsupp orders lineitem".split()


def generate(folder, scale):
    """Fills the folder unless it is there. A folder is either whole or absent: it is made beside and renamed."""
    if folder.is_dir():
        return
    command = pathlib.Path(sys.executable).parent / "tpchgen-cli"
    if not command.exists():
        sys.exit(f"{folder} is missing and tpchgen-cli, which generates it, is not installed")
    print(f"Generating TPC-H at SF {scale} into {folder}", flush=True)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    subprocess.run([command, "parquet", "-c", "SNAPPY", "-s", scale, "-o", partial, "--quiet"], check=True)
    partial.rename(folder)


def warm(folder):
    """Reads every file once, so that all engines find them in the page cache."""
    for name in NAMES:
        with open(folder / f"{name}.parquet", "rb", buffering=0) as file:
            while file.read(1 << 20):
                pass


def size_bytes(folder):
    return sum((folder / f"{name}.parquet").stat().st_size for name in NAMES)
