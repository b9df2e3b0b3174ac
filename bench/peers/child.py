"""One engine in a process of its own: child.py NAME DATA THREADS SKEIN

Says one JSON object a line and answers one for each that it reads, until its input ends:

    (start)                                 → {"ready": PID, "version": "…"} or {"failed": "…"}
    {"sql": "…", "answer": FILE}            → {"seconds": s, "cpu_seconds": s, "rows": n}, the rows in FILE as Arrow IPC
    {"latency": "…", "count": n}            → {"fresh": [s, …], "prepared": [s, …]}                     (Skein only)

A query that fails is answered with {"failed": "…"}.
"""

import json
import os
import sys
import time

import pyarrow

import engines


def main(name, data, threads, skein):
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no reply
    threads = int(threads)
    pin(threads)
    try:
        engine = engines.BY_NAME[name](data, threads, skein)
    except Exception as error:
        reply(replies, failed=message(error))
        return
    try:
        reply(replies, ready=engine.pid, version=engine.version)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = latency(engine, request) if "latency" in request else timed(engine, request)
            except Exception as error:
                answer = {"failed": message(error)}
            reply(replies, **answer)
    finally:
        engine.close()


def pin(threads):
    """Fewer threads than CPUs means fewer CPUs: helpers beside the counted threads (I/O, garbage) get none extra."""
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cpus[:threads] or cpus)


def timed(engine, request):
    cpu, start = cpu_seconds(engine), time.perf_counter()
    result = engine.run(request["sql"])
    seconds, cpu = time.perf_counter() - start, cpu_seconds(engine) - cpu
    table = engine.arrow(result)
    with pyarrow.OSFile(request["answer"], "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return {"seconds": seconds, "cpu_seconds": cpu, "rows": table.num_rows}


def latency(engine, request):
    sql, count = request["latency"], request["count"]
    fresh = []
    for _ in range(count):
        start = time.perf_counter()
        engine.run(sql)
        fresh.append(time.perf_counter() - start)
    return {"fresh": fresh, "prepared": engine.run_again(sql, count)}


def cpu_seconds(engine):
    """User and system time of this process and, where the engine is another, of that one."""
    seconds = time.process_time()
    if engine.pid != os.getpid():
        seconds += time.clock_gettime((~engine.pid << 3) | 2)  # clock_getcpuclockid(3)
    return seconds


def message(error):
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]


def reply(replies, **fields):
    print(json.dumps(fields), file=replies)


if __name__ == "__main__":
    main(*sys.argv[1:])
