"""The stand-in providers for every test that asks for them."""

import pytest

from harness.process import Process
from harness.standin import Standin


@pytest.fixture(scope="session")
def standin_process(tmp_path_factory):
    """One provider of each name below, any dialect; tests reach them through `providers`."""
    log = tmp_path_factory.mktemp("standin") / "standin.log"
    standin = Standin(log, "one", "two", "three", "echo,dialect=echo")
    yield standin
    standin.stop()


@pytest.fixture
def providers(standin_process):
    """The providers, behaving well, with empty logs."""
    for provider in standin_process:
        provider.reset()
        provider.expect_key(None)
    return standin_process


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test shows the last lines of what ran beside it."""
    report = yield
    if report.failed:
        for process in Process.running:
            report.sections.append((f"{process.command[0]} ({process.log})", process.tail()))
    return report
