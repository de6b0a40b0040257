"""The Envoys and what is around them, for every attack."""

import os

import pytest

from harness import envoy as real_envoy

from .arena import World


def pytest_generate_tests(metafunc):
    """Attacks marked `floor` are made on the oldest Envoy promised too."""
    if "envoy_binary" in metafunc.fixturenames:
        versions = ["main"]
        same = os.environ.get("SWITCHOVER_ENVOY") == os.environ.get("SWITCHOVER_ENVOY_FLOOR", "none")
        floor = metafunc.definition.get_closest_marker("floor")
        if floor and not same:
            versions.append(pytest.param("floor", marks=() if "always" in floor.args else (pytest.mark.deep,)))
        metafunc.parametrize("envoy_binary", versions, indirect=True, scope="session")


@pytest.fixture(scope="session")
def envoy_binary(request):
    return real_envoy.binary(request.param)


@pytest.fixture(scope="package")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("hostile"))
    yield made
    made.stop()
