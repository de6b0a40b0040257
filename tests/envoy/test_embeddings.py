"""Embeddings and counts of tokens through a real Envoy, by the official SDKs.

The stand-ins make one text the same vector everywhere, so an answer can be told to be the right one.
"""

import anthropic
import openai
import pytest

from harness.document import document, group, target
from harness.gateway import CALLER_KEY, Gateway

# Target kind → the stand-in provider it is, and the model.
KINDS = {
    "openai": ("openai-main", "text-embedding-3-small"),
    "azure_openai": ("azure-secondary", "text-embedding-3-small"),
    "gemini": ("gemini-main", "gemini-embedding-001"),
    "vertex": ("vertex-main", "text-embedding-005"),
    "cohere": ("cohere-main", "embed-v4.0"),
    "bedrock": ("bedrock-main", "cohere.embed-v4:0"),
}
COUNTERS = {"anthropic": "anthropic-main", "anthropic_vertex": "vertex-claude"}
TEXTS = ["Grüß dich!", "two \"quoted\"\n👋"]
USER = [{"role": "user", "content": "Grüß dich!"}]


@pytest.fixture(scope="module")
def everyone(envoy_binary, cloud_process, tmp_path_factory):
    """A group of one target for each kind, named like the kind, a Titan, and groups of several."""
    targets = [target(cloud_process[name], kind, model=model) for kind, (name, model) in KINDS.items()]
    targets += [target(cloud_process[name], kind) for kind, name in COUNTERS.items()]
    targets.append(target(cloud_process["openai-second"], "openai", model="text-embedding-3-small"))
    titan = target(cloud_process["bedrock-claude"], "bedrock", model="amazon.titan-embed-text-v2:0")
    targets.append(titan)
    groups = [group(kind, name) for kind, (name, _) in KINDS.items()]
    groups += [group(kind, name) for kind, name in COUNTERS.items()]
    groups.append(group("titan", titan["id"]))
    groups.append(group("search", "openai-main", "gemini-main", "openai-second"))
    # Claude embeds nothing, Titan one text a request.
    groups.append(group("mixed", "anthropic-main", titan["id"], "cohere-main"))
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("embeddings"), document(targets, groups))
    yield gateway
    gateway.stop()


@pytest.fixture(params=KINDS)
def kind(request, cloud):
    """A kind of provider; in the end the real one would have had nothing to complain of."""
    yield request.param
    seen_to_be_right(cloud[KINDS[request.param][0]])


def seen_to_be_right(provider):
    log = provider.log()
    assert log, "nothing arrived"
    for entry in log:
        assert entry["problem"] is None, entry
        assert not any(CALLER_KEY in value for _, value in entry["headers"]), entry["headers"]


def vectors(answer):
    assert [one.index for one in answer.data] == list(range(len(answer.data)))
    assert {one.object for one in answer.data} == {"embedding"} and answer.object == "list"
    return [one.embedding for one in answer.data]


def of_openai(everyone, **asked):
    return vectors(everyone.openai().embeddings.create(model="openai", encoding_format="float", **asked))


def test_texts(everyone, cloud, kind):
    """The SDK asks for base64 and decodes it."""
    answer = everyone.openai().embeddings.create(model=kind, input=TEXTS)
    assert answer.model == kind
    # Bedrock's Cohere counts in a header that the stand-in doesn't send.
    assert answer.usage.total_tokens == answer.usage.prompt_tokens and (answer.usage.prompt_tokens > 0 or kind == "bedrock")
    assert vectors(answer) == of_openai(everyone, input=TEXTS)
    assert len(answer.data) == 2 and len(answer.data[0].embedding) == 256


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_one_text_of_a_size(everyone, kind, encoding):
    answer = everyone.openai().embeddings.create(model=kind, input=TEXTS[0], dimensions=512, encoding_format=encoding)
    (vector,) = vectors(answer)
    if encoding == "base64":
        assert isinstance(vector, str) and len(vector) == (512 * 4 + 2) // 3 * 4
    else:
        assert [vector] == of_openai(everyone, input=TEXTS[0], dimensions=512)


def test_titan(everyone, cloud):
    answer = everyone.openai().embeddings.create(model="titan", input=TEXTS[:1], dimensions=256)
    assert vectors(answer) == of_openai(everyone, input=TEXTS[0]) and answer.usage.prompt_tokens > 0
    seen_to_be_right(cloud["bedrock-claude"])
    with pytest.raises(openai.BadRequestError, match="Titan embeds one text a request"):
        everyone.openai().embeddings.create(model="titan", input=TEXTS)


@pytest.mark.parametrize("behaviour", [{"status": 503}, {"status": 429}, {"html": True}, {"empty": True}], ids=str)
def test_failover(gateway, cloud, behaviour):
    """In an Envoy of its own: who fails is left alone for a while."""
    targets = [target(cloud[KINDS[kind][0]], kind, model=KINDS[kind][1]) for kind in ("openai", "azure_openai")]
    envoy = gateway(document(targets))
    cloud["openai-main"].behave(**behaviour)
    raw = envoy.openai().embeddings.with_raw_response.create(model="production-llm", input=TEXTS, dimensions=512)
    assert [len(vector) for vector in vectors(raw.parse())] == [512, 512]
    assert raw.headers["x-switchover-target"] == "azure-secondary" and raw.headers["x-switchover-attempts"] == "2"
    assert raw.parse().model == "production-llm"
    seen_to_be_right(cloud["azure-secondary"])


def test_tokens_go_to_those_who_know_them(everyone, cloud):
    raw = everyone.openai().embeddings.with_raw_response.create(model="search", input=[[1212, 318], [257]])
    assert len(raw.parse().data) == 2 and not cloud["gemini-main"].log()
    with pytest.raises(openai.BadRequestError, match="Gemini takes texts only") as caught:
        everyone.openai().embeddings.create(model="gemini", input=[1212, 318])
    assert caught.value.code == "unsupported_parameter" and not cloud["gemini-main"].log()


def test_who_has_none_is_left_out(everyone, cloud):
    raw = everyone.openai().embeddings.with_raw_response.create(model="mixed", input=TEXTS[:1])
    assert raw.headers["x-switchover-target"] == "bedrock-claude" and raw.headers["x-switchover-attempts"] == "1"
    assert not cloud["anthropic-main"].log()
    # What Titan can't do nobody else does in its place.
    with pytest.raises(openai.BadRequestError, match="cohere-main answers with another model's vectors"):
        everyone.openai().embeddings.create(model="mixed", input=TEXTS)
    assert not cloud["cohere-main"].log()
    with pytest.raises(openai.BadRequestError, match="Provider `anthropic` has no embeddings"):
        everyone.openai().embeddings.create(model="anthropic", input="x")


@pytest.mark.parametrize("kind", COUNTERS)
def test_count_tokens(everyone, cloud, kind):
    count = everyone.anthropic().messages.count_tokens(model=kind, messages=USER, system="Be kind.")
    assert count.input_tokens > 3
    seen_to_be_right(cloud[COUNTERS[kind]])


def test_count_tokens_fails_over(gateway, cloud):
    targets = [target(cloud["openai-main"]), *(target(cloud[name], kind) for kind, name in COUNTERS.items())]
    envoy = gateway(document(targets))
    cloud["anthropic-main"].behave(status=503)
    raw = envoy.anthropic().messages.with_raw_response.count_tokens(model="production-llm", messages=USER)
    assert raw.parse().input_tokens > 3
    assert raw.headers["x-switchover-target"] == "vertex-claude"
    assert not cloud["openai-main"].log()


def test_count_tokens_where_nobody_can(everyone):
    with pytest.raises(anthropic.BadRequestError) as caught:
        everyone.anthropic().messages.count_tokens(model="openai", messages=USER)
    assert caught.value.body["type"] == "error" and caught.value.body["error"]["type"] == "invalid_request_error"
    assert "Provider `openai` has nothing like /v1/messages/count_tokens" in caught.value.body["error"]["message"]
