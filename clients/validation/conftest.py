import adbc_driver_flightsql
import pytest
from adbc_drivers_validation.tests.conftest import *  # noqa: F403

from quirks import KNOWN, Skein


@pytest.fixture(scope="session")
def driver(request):
    return Skein()


@pytest.fixture(scope="session")
def driver_path():
    return adbc_driver_flightsql._driver_path()


def pytest_runtest_logreport(report):
    """A line for each test, as the other suites print."""
    if report.when == "call" or report.outcome != "passed":
        name = report.nodeid.split("::", 1)[-1].replace("skein:1-", "")
        reason = ""
        if report.outcome == "skipped":
            reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        elif report.outcome == "failed":
            reason = getattr(getattr(report.longrepr, "reprcrash", None), "message", str(report.longrepr))
        outcome = report.outcome
        for part, why in KNOWN.items():
            if outcome == "failed" and (part in name or part in reason):
                outcome, reason = "skipped", why
        if report.when == "teardown":
            name += " (its end)"
        print("\n" + "\t".join([outcome, name, " ".join(reason.split())[:300]]))
