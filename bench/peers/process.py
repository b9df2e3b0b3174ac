"""The other side of child.py: starts, asks, samples the memory of, and ends the process of one engine."""

import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

CHILD = pathlib.Path(__file__).resolve().parent / "child.py"
SAMPLE_S = 0.02


class Failed(Exception):
    """The engine gave no result. Its text says why, in one line."""


class Engine:
    """One engine that is started when it is first asked, and again after it died."""

    def __init__(self, name, data, threads, skein, log):
        self.name, self.log = name, pathlib.Path(log)
        self.arguments = [name, str(data), str(threads), str(skein)]
        self.version = None
        self.base_bytes = None  # anonymous memory before the first query
        self.process = None
        self.pid = None  # whose memory is sampled; known when ready

    def start(self, timeout_s=120):
        with open(self.log, "ab") as log:
            # A session of its own: an interrupt from the terminal comes to us alone, and we end the whole group.
            self.process = subprocess.Popen([sys.executable, "-B", CHILD, *self.arguments], bufsize=0, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        self.unread = b""
        ready, _ = self.reply(timeout_s)
        self.pid, self.version = ready["ready"], ready["version"]
        if self.base_bytes is None:
            self.base_bytes = self.anonymous_bytes()

    def ask(self, timeout_s, **request):
        """The reply and the peak of anonymous memory while waiting for it; raises Failed."""
        if not self.process:
            self.start()
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
        except BrokenPipeError:
            pass  # its death is seen, and explained, by reply
        return self.reply(timeout_s)

    def reply(self, timeout_s):
        deadline, peak, out = time.monotonic() + timeout_s, 0, self.process.stdout
        while b"\n" not in self.unread:
            if self.pid:
                peak = max(peak, self.anonymous_bytes())
            if not select.select([out], [], [], SAMPLE_S)[0]:
                if time.monotonic() > deadline:
                    self.stop()
                    raise Failed(f"no answer in {timeout_s:.0f} s")
                continue
            received = os.read(out.fileno(), 1 << 16)
            if not received:
                code = self.stop()
                raise Failed(f"its process ended (exit code {code}): {self.last_words()}")
            self.unread += received
        line, _, self.unread = self.unread.partition(b"\n")
        answer = json.loads(line)
        if self.pid:
            peak = max(peak, self.anonymous_bytes())
        if "failed" in answer:
            if not self.pid or not self.anonymous_bytes():  # it never was, or its server died
                self.stop()
            raise Failed(answer["failed"])
        return answer, peak

    def anonymous_bytes(self):
        try:
            status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        match = re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)
        return int(match[1]) * 1024 if match else 0

    def last_words(self):
        lines = self.log.read_text(errors="replace").split("\n")
        return " ".join(" ".join(lines[-6:]).split())[:500] or "without a word"

    def stop(self):
        """Ends the process and all it started; its exit code. Safe to call at any time and again."""
        process, self.process, self.pid = self.process, None, None
        if not process:
            return None
        for number, patience_s in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            if not signalled(process, number):
                break
            deadline = time.monotonic() + patience_s
            while signalled(process, 0) and time.monotonic() < deadline:
                time.sleep(0.01)
        process.stdin.close()
        process.stdout.close()
        return process.wait()


def signalled(process, number):
    """Whether the process or anything it started was there to get the signal."""
    process.poll()  # a dead child that nobody waited for would still count
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True
