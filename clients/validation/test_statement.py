from adbc_drivers_validation.tests.statement import TestStatement, generate_tests  # noqa: F401

from quirks import Skein


def pytest_generate_tests(metafunc):
    return generate_tests([Skein()], metafunc)
