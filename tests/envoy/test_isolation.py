"""No header and no key of one attempt reaches another provider: Envoy carries header changes into the next attempt.

Every ordered pair of dialects is a group; its first target fails, and what the second receives is looked at.
"""

import itertools

import pytest

from harness.document import document, group, target
from harness.gateway import CALLER_KEY, Gateway

pytestmark = pytest.mark.floor

KINDS = {
    "openai-main": "openai",
    "azure-secondary": "azure_openai",
    "anthropic-main": "anthropic",
    "gemini-main": "gemini",
    "bedrock-main": "bedrock",
    "cohere-main": "cohere",
}
# The headers that are a dialect's own: each provider may get its own ones only.
OWN = {
    "openai": {"authorization"},
    "azure_openai": {"api-key"},
    "anthropic": {"x-api-key", "anthropic-version"},
    "gemini": {"x-goog-api-key"},
    "bedrock": {"authorization", "x-amz-date", "x-amz-content-sha256"},
    "cohere": {"authorization"},
}
EVERYBODYS = {"host", "content-type", "content-length", "accept", "user-agent", "x-request-id", "traceparent"}
PAIRS = list(itertools.permutations(KINDS, 2))


@pytest.fixture(scope="module")
def pairs(envoy_binary, cloud_process, tmp_path_factory):
    targets = [target(cloud_process[name], kind) for name, kind in KINDS.items()]
    groups = [group(f"{first}.{second}", first, second) for first, second in PAIRS]
    # Nobody is ejected by the failures of this test.
    breaker = {"consecutive_failures": 1000}
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("pairs"), document(targets, groups, circuit_breaker=breaker))
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("first, second", PAIRS, ids=[f"{first}-{second}" for first, second in PAIRS])
def test_nothing_of_the_first_attempt_reaches_the_second(cloud, pairs, first, second):
    cloud[first].behave(status=503)
    headers = {
        "authorization": f"Bearer {CALLER_KEY}", "x-api-key": CALLER_KEY, "api-key": CALLER_KEY, "cookie": CALLER_KEY,
        "x-goog-api-key": CALLER_KEY, "x-amz-security-token": CALLER_KEY, "anthropic-beta": "files-api-2025-04-14",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }  # fmt: skip
    answer = pairs.chat(model=f"{first}.{second}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert (answer.headers["x-switchover-target"], answer.headers["x-switchover-attempts"]) == (second, "2")
    for name in (first, second):
        received = cloud[name].received()
        assert received["problem"] is None, received
        names = [header.lower() for header, _ in received["headers"]]
        assert set(names) <= EVERYBODYS | OWN[KINDS[name]], f"{name} received {sorted(names)}"
        assert len(names) == len(set(names)), f"{name} received a header twice: {sorted(names)}"
        values = " ".join(value for _, value in received["headers"])
        assert CALLER_KEY not in values
        other = second if name == first else first
        assert f"key-of-{other}" not in values
