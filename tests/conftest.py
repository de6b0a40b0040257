"""The stand-in providers, and the Envoys' programs, for every test that asks for them."""

import os

import pytest

from harness import envoy as real_envoy
from harness import tried
from harness.process import Process
from harness.standin import Standin


def pytest_generate_tests(metafunc):
    """Tests marked `floor` run on the oldest Envoy promised too; if marked `floor("deep")`, in deep runs only."""
    if "envoy_binary" in metafunc.fixturenames:
        versions = ["main"]
        same = os.environ.get("SWITCHOVER_ENVOY") == os.environ.get("SWITCHOVER_ENVOY_FLOOR", "none")
        floor = metafunc.definition.get_closest_marker("floor")
        if floor and not same:
            versions.append(pytest.param("floor", marks=(pytest.mark.deep,) if "deep" in floor.args else ()))
        metafunc.parametrize("envoy_binary", versions, indirect=True, scope="session")


@pytest.fixture(scope="session")
def envoy_binary(request):
    """The Envoy's path."""
    return real_envoy.binary(request.param)


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


def pytest_terminal_summary(terminalreporter, exitstatus, config):
    """A whole run that passed is noted, for a release to say."""
    tried.record(terminalreporter.stats, exitstatus, config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test shows the last lines of what ran beside it."""
    report = yield
    if report.failed:
        for process in Process.running:
            report.sections.append((f"{process.command[0]} ({process.log})", process.tail()))
    return report
