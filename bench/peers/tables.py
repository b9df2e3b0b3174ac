"""The tables of a suite: the files NAME.parquet of one folder, written once."""

import shutil


def fill(folder, generate):
    """Has the folder filled unless it is there. It is either whole or absent: it is made beside and renamed."""
    if folder.is_dir():
        return
    print(f"Generating {folder}", flush=True)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    generate(partial)
    partial.rename(folder)


def paths(folder):
    """By table, in the order of names."""
    return {path.stem: path for path in sorted(folder.glob("*.parquet"))}


def warm(folder):
    """Reads every file once, so that all engines find them in the page cache."""
    for path in paths(folder).values():
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 20):
                pass


def size_bytes(folder):
    return sum(path.stat().st_size for path in paths(folder).values())
