"""What is around the Envoys, for every attack."""


import pytest


from .arena import World


@pytest.fixture(scope="package")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("hostile"))
    yield made
    made.stop()
