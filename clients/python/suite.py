"""What the suites in Python are made of: checks, each of which passes, fails or is skipped with a reason.

Every check prints a line: passed, failed or skipped, a tab, its name, and for the last two a tab and the reason.
"""

import sys
import threading
import traceback

LIMIT_SECONDS = 60


class Skip(Exception):
    """A check that cannot be made, and why."""


class Suite:
    def __init__(self):
        self.checks = []

    def check(self, function):
        """Adds a function of the server's address; its docstring is the check's name."""
        self.checks.append(function)
        return function

    def run(self, address):
        failed = False
        for function in self.checks:
            name = function.__doc__.strip()
            outcome, reason = attempt(function, address)
            failed = failed or outcome == "failed"
            print(outcome, name, *([reason] if reason else []), sep="\t", flush=True)
        sys.exit(1 if failed else 0)


def attempt(function, address):
    result = []

    def call():
        try:
            function(address)
            result[:] = ["passed", ""]
        except Skip as reason:
            result[:] = ["skipped", str(reason)]
        except BaseException as error:  # pyo3's panics are no Exception
            line = traceback.extract_tb(error.__traceback__)
            where = next((f"line {f.lineno}: " for f in reversed(line) if f.filename == function.__code__.co_filename), "")
            text = " ".join(f"{where}{type(error).__name__}: {error}".split())
            result[:] = ["failed", text[:400]]

    thread = threading.Thread(target=call, daemon=True)  # one that hangs is left behind
    thread.start()
    thread.join(LIMIT_SECONDS)
    return tuple(result) if result else ("failed", f"no end after {LIMIT_SECONDS} s")


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def raises(kinds, text, call):
    """Calls, and gives the error, whose class and words must be those wanted."""
    try:
        call()
    except kinds as error:
        if text not in str(error):
            raise AssertionError(f"the error says {str(error)!r}, not {text!r}") from error
        return error
    raise AssertionError(f"no error; wanted {text!r}")


def unsupported(error):
    return "[0A000]" in str(error)
