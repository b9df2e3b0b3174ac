"""The outcome as one page of Markdown."""

from engines import PEERS, TITLES
from measure import LATENCY_RUNS, ok

GIB, MIB = 1 << 30, 1 << 20


def text(outcome, picture):
    names = list(outcome["versions"])
    parts = [head(outcome, names)]
    if picture:
        parts.append(f"![Skein's time over the best peer's, per query]({picture})")
    parts += [seconds(outcome, names), cpu(outcome, names), memory(outcome, names), latency(outcome),
              settings(outcome, names), dialects(outcome, names), faults(outcome, names)]
    return "\n\n".join(part for part in parts if part) + "\n"


def head(outcome, names):
    machine = outcome["machine"]
    versions = ", ".join(f"{TITLES[name]} {version(outcome, name)}" for name in names if name != "warm")
    return f"""# {outcome["title"]}, {outcome["date"]}

{versions}.

* {machine["cpu"]}, {machine["cpus"]} CPUs, {machine["memory_bytes"] / GIB:.0f} GiB; {machine["system"]}; \
Python {machine["python"]}; load average {machine["load"]:.2f} before the start
* {outcome["threads"]} threads each, best of {outcome["runs"]}, {outcome["bytes"] / MIB:,.0f} MiB in the page cache, \
decoded anew in every query
* {outcome["files"]}
* ratios of this one run are the claim, its absolute times are not: [how it is measured](../peers/README.md)"""


def version(outcome, name):
    return outcome["versions"][name].removeprefix(name + " ")


def seconds(outcome, names):
    best = best_of(outcome, "seconds")
    rival = rivals(names)
    header = ["Query", *map(TITLES.get, names)] + ["Skein / best peer"] * rival
    lines = []
    for label, results in best.items():
        line = [titled(outcome, label), *(show(results, name) for name in names)]
        if rival:
            line.append(ratio_text(peer_ratio(results)))
        lines.append(line)
    whole = [results for results in best.values() if all(results[name] is not None for name in names)]
    sums = {name: sum(results[name] for results in whole) for name in names}
    label = "Σ" if len(whole) == len(best) else f"Σ of the {len(whole)} that all answered"
    lines.append([f"**{label}**", *(f"**{sums[name]:.3f}**" for name in names)])
    if rival:
        peers = [name for name in names if name in PEERS]
        lines[-1].append(f"**{ratio_text(peer_ratio(sums) if whole else None)}**")
        lines.append(["Skein Σ / Σ", *(ratio_text(over(sums["skein"], sums[name])) for name in names), ""])
        floor = sum(min(results[name] for name in peers) for results in whole)
        tail = ("\n\nSkein's sum over the sum of the best peer of each query "
                f"({floor:.3f} s): {ratio_text(over(sums['skein'], floor))}.")
    else:
        tail = ""
    return "## Seconds\n\n" + table(header, lines) + tail


def cpu(outcome, names):
    best = best_of(outcome, "cpu_seconds")
    whole = [results for results in best.values() if all(results[name] is not None for name in names)]
    rival = rivals(names)
    lines = [[titled(outcome, label), *(show(results, name) for name in names), *[ratio_text(peer_ratio(results))] * rival]
             for label, results in best.items()]
    sums = {name: sum(results[name] for results in whole) for name in names}
    lines.append(["**Σ**", *(f"**{sums[name]:.3f}**" for name in names),
                  *[f"**{ratio_text(peer_ratio(sums) if whole else None)}**"] * rival])
    return ("## CPU seconds\n\nUser and system time, the least of the runs; Skein's with the client's.\n\n"
            + table(["Query", *map(TITLES.get, names)] + ["Skein / best peer"] * rival, lines))


def memory(outcome, names):
    queries = outcome["queries"].items()
    lines = [["when ready", *(f"{outcome['base_bytes'][name] / MIB:,.0f}" for name in names)]]
    lines += [[titled(outcome, label), *(f"{results[name]['peak_bytes'] / MIB:,.0f}" for name in names)]
              for label, results in queries]
    peaks = (max(results[name]["peak_bytes"] for _, results in queries) for name in names)
    lines.append(["**highest**", *(f"**{peak / MIB:,.0f}**" for peak in peaks)])
    return ("## Anonymous memory, MiB\n\nRssAnon of the engine's process, which is Python for the peers and the server for "
            "Skein:\nthe highest sample while each query ran, with what the queries before it left behind.\n\n"
            + table(["Query", *map(TITLES.get, names)], lines))


def latency(outcome):
    if "latency" not in outcome:
        return ""
    lines = [[title, *(f"{seconds * 1000:.2f}" for seconds in outcome["latency"][how].values())]
             for how, title in (("fresh", "a new statement each time"), ("prepared", "one prepared statement"))]
    return (f"## `select 1` on Skein, ms\n\nFrom Python through ADBC, one client, {LATENCY_RUNS:,} executions.\n\n"
            + table(["", "best", "median", "99 %"], lines))


def settings(outcome, names):
    return "## Settings\n\n" + "\n".join(f"* {TITLES[name]}: {outcome['settings'][name]}" for name in names)


def dialects(outcome, names):
    lines = [f"* {name(label)}, {TITLES[engine]}: {reason}" for label, reasons in outcome["dialects"].items()
             for engine, reason in reasons.items() if engine in names]
    return "## Dialects\n\nThe text is the same for all engines but here:\n\n" + "\n".join(lines) if lines else ""


def faults(outcome, names):
    lines = [f"* {TITLES[name]} was left out: {why}" for name, why in outcome["missing"].items()]
    for label, results in outcome["queries"].items():
        for engine in names:
            for word in ("failed", "differs"):
                if word in results[engine]:
                    lines.append(f"* {name(label)}, {TITLES[engine]} {word}{':' * (word == 'failed')} {results[engine][word]}")
    answers = "All engines gave the same answers in all runs." if len(names) > 1 and not lines else ""
    return "## Answers\n\n" + ("\n".join(lines) or answers) if lines or answers else ""


def name(label):
    return f"Q{label}" if label.isdigit() else label


def titled(outcome, label):
    """The first cell of a query's line."""
    return f"{label} {outcome['titles'][label]}".strip()


def best_of(outcome, field):
    """The least value by query and engine, None where there was no right answer."""
    return {label: {name: min(result[field]) if ok(result) else None for name, result in results.items()}
            for label, results in outcome["queries"].items()}


def peer_ratio(values):
    """Skein's value over the least of the peers', None where one is missing."""
    peers = [value for name, value in values.items() if name in PEERS and value is not None]
    return over(values.get("skein"), min(peers, default=None))


def rivals(names):
    """Whether there is a ratio to show."""
    return "skein" in names and any(name in PEERS for name in names)


def over(a, b):
    return a / b if a is not None and b else None


def show(results, name):
    return f"{results[name]:.3f}" if results[name] is not None else "–"


def ratio_text(value):
    return f"{value:.2f}" if value is not None else "–"


def table(header, lines):
    aligned = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, aligned, *lines])
