"""A real Envoy, with and without Switchover, for every test that asks for one."""


import pytest

from harness import envoy as real_envoy
from harness.document import key_of
from harness.envoy import Envoy
from harness.gateway import Gateway
from harness.standin import Standin

# The stand-in providers of these tests: names are those of targets, each with a key of its own.
NAMES = (
    "openai-main", "openai-second", "responses-main", "azure-secondary", "anthropic-main", "anthropic-last-resort", "gemini-main",
    "vertex-main", "vertex-claude", "bedrock-main", "bedrock-claude", "cohere-main",
    "azure-deployment", "compatible-main", "groq-main,dialect=groq", "fireworks-main,dialect=fireworks", "mistral-main,dialect=mistral",
    "deepseek-main,dialect=deepseek",
)  # fmt: skip


@pytest.fixture(scope="session")
def cloud_process(tmp_path_factory):
    log = tmp_path_factory.mktemp("cloud") / "standin.log"
    aws = "key-of-aws:secret-of-aws"
    keyed = [f"{name},key={aws if name.startswith('bedrock') else key_of(name.split(',')[0])}" for name in NAMES]
    standin = Standin(log, *keyed, "other,dialect=echo")
    yield standin
    standin.stop()


@pytest.fixture
def cloud(cloud_process):
    """The providers by name, behaving well, with empty logs; `cloud["openai-main"].behave(status=503)`."""
    for provider in cloud_process:
        provider.reset()
    yield cloud_process
    # Not every test asks for this.
    for provider in cloud_process:
        provider.reset()


@pytest.fixture
def start_envoy(envoy_binary, tmp_path):
    """Starts Envoys with bootstraps of the test's own; they end with the test."""
    started = []

    def start(bootstrap: dict, **options) -> Envoy:
        folder = tmp_path / f"envoy-{len(started)}"
        folder.mkdir()
        started.append(Envoy(envoy_binary, real_envoy.write(bootstrap, folder), **options))
        return started[-1]

    yield start
    for envoy in started:
        envoy.stop()


@pytest.fixture
def gateway(envoy_binary, tmp_path):
    """Starts Envoys with Switchover for documents; they end with the test."""
    started = []

    def start(described: dict, **options) -> Gateway:
        folder = tmp_path / f"gateway-{len(started)}"
        folder.mkdir()
        started.append(Gateway(envoy_binary, folder, described, **options))
        return started[-1]

    yield start
    for envoy in started:
        envoy.stop()
