"""Every golden request that we send to a provider, judged by the types of that provider's own SDK.

A member that the SDK does not know is a failure, except where a case is about just that: a caller's unknown members
stay as they are on the way to a provider of the caller's own dialect.
"""

import base64
import copy
import functools
import inspect
import json
import pathlib
import re
import typing

import anthropic.types
import botocore.session
import botocore.validate
import cohere.v2.raw_client
import openai.types.chat.completion_create_params
import openai.types.responses.response_create_params
import pytest
from google.genai import types as genai
from mistralai.client.models import ChatCompletionRequest

from harness.providers import accents, quirks, rows
from shape import Shape, fields

REQUESTS = pathlib.Path(__file__).resolve().parents[1] / "golden" / "request"


def judge_openai(sent, extra=()):
    assert sent["path"].endswith("/chat/completions"), sent["path"]
    params = openai.types.chat.completion_create_params
    streaming = sent["body"].get("stream")
    kind = params.CompletionCreateParamsStreaming if streaming else params.CompletionCreateParamsNonStreaming
    return Shape(kind, extra).problems(sent["body"])


def judge_own(sent):
    """OpenAI takes its own answers back as its SDK writes them, of which the types of its requests don't know."""
    body = json.loads(json.dumps(sent["body"]))
    messages = body["messages"] if isinstance(body.get("messages"), list) else []
    for answer in (message for message in messages if isinstance(message, dict) and message.get("role") == "assistant"):
        if isinstance(answer.get("annotations"), list):
            del answer["annotations"]
        if answer.get("tool_calls", ()) is None:
            del answer["tool_calls"]
    return judge_openai(sent | {"body": body})


def judge_azure(sent):
    assert sent["path"] == "/openai/v1/chat/completions", sent["path"]
    return judge_own(sent)


def judge_azure_deployment(sent):
    """The deployment is in the path, and nothing chooses another path."""
    path, _, query = sent["path"].partition("?")
    assert query == "api-version=2024-10-21" and path == "/openai/deployments/chat-production/chat/completions", sent["path"]
    return judge_own(sent | {"path": path})


THOUGHTS = ("reasoning", "reasoning_content", "reasoning_details")


def judge_accent(name, sent):
    """A provider that speaks OpenAI's dialect gets nothing that its row says it doesn't take."""
    row, body = rows()[name], sent["body"]
    problems = [f".{one}: is not for {name}" for one in sorted(unwanted(row) & said_in(body))]
    # Whoever doesn't say where thoughts go back gets what the caller wrote; OpenRouter reads all of them.
    (thoughts,) = quirks(row, "thoughts") or ({"member": None, "needed": False},)
    own = thoughts["member"]
    if thoughts["needed"]:
        problems += [".messages: a call without its thought" for one in body["messages"] if one.get("tool_calls") and not one.get(own)]
    passed = (own,) if quirks(row, "thoughts") and own != "reasoning_details" else THOUGHTS
    for members in quirks(row, "message_members"):
        known = {*members, "name", *passed}
        problems += [f".messages.{one}: is not for {name}" for message in body["messages"] for one in message.keys() - known]
    for members in quirks(row, "only"):
        problems += [f".{one}: is not for {name}" for one in body.keys() - set(members)]
    if name == "perplexity":
        sent = sent | {"body": without_perplexitys(body)}
        body = sent["body"]
    for roles in quirks(row, "strings"):
        problems += [
            f".messages: a list for {one['role']}"
            for one in body["messages"]
            if one["role"] in roles and isinstance(one.get("content"), list) and all(part["type"] == "text" for part in one["content"])
        ]
    for tiers in quirks(row, "service_tiers"):
        problems += [f".service_tier: {one} is not for {name}" for one in [body.get("service_tier")] if one and one not in tiers]
    (marks,) = quirks(row, "cache_marks") or ({"in_parts": [], "around": False},)
    said = without_marks(sent, marks["in_parts"], marks["around"])
    if quirks(row, "default_effort") and said["body"].get("reasoning_effort") == "default":
        del said["body"]["reasoning_effort"]
    return problems + judge_openai(said, passed)


def without_marks(sent, in_parts, around):
    """The request without the marks of cache breakpoints that a provider takes: OpenAI's types know only its own."""
    body = copy.deepcopy(sent["body"])
    for message in body["messages"]:
        parts = message["content"] if isinstance(message.get("content"), list) else []
        for part in parts:
            for mark in in_parts:
                part.pop(mark, None)
    for holder in [body, *body["messages"], *body.get("tools", []), *(tool.get("function", {}) for tool in body.get("tools", []))]:
        if around:
            holder.pop("cache_control", None)
    return {**sent, "body": body}


def without_perplexitys(body) -> dict:
    """What Perplexity alone calls so: https://docs.perplexity.ai/guides/search-domain-filters, …/guides/user-location-filter-guide."""
    body = json.loads(json.dumps(body))
    domains = body.pop("search_domain_filter", [])
    assert len(domains) <= 20 and len({domain.startswith("-") for domain in domains}) < 2, domains
    location = body.get("web_search_options", {}).pop("user_location", {})
    assert location.keys() <= {"city", "region", "country", "latitude", "longitude"}, location
    return body


def unwanted(row) -> set:
    """What may not be said to a provider, in the words of `said_in`."""
    names = {*quirks(row, "without")}.union(*quirks(row, "none_of"))
    names |= {"max_completion_tokens"} if quirks(row, "max_tokens_is") else set()
    names |= {"seed"} if quirks(row, "seed_is") else set()
    names |= {"stream_options"} if quirks(row, "no_stream_usage") else set()
    names |= {"role.developer"} if quirks(row, "developer_is_system") else set()
    names |= {"messages.name"} if quirks(row, "no_names") else set()
    for choices in quirks(row, "choices"):
        names |= {f"tool_choice.{one}" for one in ("none", "required", "named") if one not in choices}
    return names


def said_in(body) -> set:
    """Parameters, and as `role.x`, `messages.x` and `tool_choice.x` what stands in some of them."""
    said = set(body)
    said |= {f"role.{message['role']}" for message in body["messages"]}
    said |= {f"messages.{member}" for message in body["messages"] for member in message if message["role"] != "tool"}
    choice = body.get("tool_choice")
    return said | ({f"tool_choice.{choice if isinstance(choice, str) else 'named'}"} if choice else set())


def judge_responses(sent):
    params = openai.types.responses.response_create_params
    streaming = sent["body"].get("stream")
    kind = params.ResponseCreateParamsStreaming if streaming else params.ResponseCreateParamsNonStreaming
    return Shape(kind).problems(sent["body"])


def judge_translated(sent):
    """What comes back of earlier answers has no ids there, as OpenAI's own Codex sends it; the SDK's types want one."""
    body = json.loads(json.dumps(sent["body"]))
    for item in body["input"]:
        if item.get("type") == "reasoning":
            item.setdefault("id", "rs_1")
        if item.get("type") == "message" and item["role"] == "assistant":
            item |= {"id": "msg_1", "status": "completed"}
    return judge_responses(sent | {"body": body})


def judge_hosted(sent, version, path, streamed):
    """Claude in another house: the model is in the path, the version in the body."""
    body = dict(sent["body"])
    streaming = sent["path"].endswith(streamed)
    assert sent["path"] == (streamed if streaming else path), sent["path"]
    assert body.pop("anthropic_version") == version and "model" not in body
    assert ("stream" in body) == (streaming and "vertex" in version), body
    body |= {"model": "claude", "stream": True} if streaming else {"model": "claude"}
    return judge_anthropic({"path": "/v1/messages", "headers": {"anthropic-version": "2023-06-01"}, "body": body})


def judge_anthropic_vertex(sent):
    path = "/v1/projects/acme/locations/us-east-1/publishers/anthropic/models/claude-sonnet-4-5%4020250929:"
    path = path if "%40" in sent["path"] else path.replace("%40", "@")
    return judge_hosted(sent, "vertex-2023-10-16", path + "rawPredict", path + "streamRawPredict")


def judge_anthropic_bedrock(sent):
    path = "/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke"
    return judge_hosted(sent, "bedrock-2023-05-31", path, path + "-with-response-stream")


def judge_vertex(sent):
    path, _, operation = sent["path"].rpartition(":")
    assert path == "/v1/projects/acme/locations/us-east-1/publishers/google/models/gemini-3-flash", sent["path"]
    assert operation in ("generateContent", "streamGenerateContent?alt=sse")
    return judge_gemini(sent)


def judge_anthropic(sent):
    assert sent["path"] == "/v1/messages" and sent["headers"]["anthropic-version"] == "2023-06-01"
    params = anthropic.types.message_create_params
    streaming = sent["body"].get("stream")
    kind = params.MessageCreateParamsStreaming if streaming else params.MessageCreateParamsNonStreaming
    body = {name: value for name, value in sent["body"].items() if name not in OF_OLDER_MODELS}
    return Shape(kind).problems(body)


# Models before 4.7 take them; its SDK has no words for them any more.
OF_OLDER_MODELS = ("temperature", "top_p", "top_k")


# The SDK keeps all settings in one flat config; on the wire these are beside generationConfig, the others in it.
BESIDE = ("systemInstruction", "tools", "toolConfig", "safetySettings", "cachedContent", "labels", "serviceTier")


# The SDK's callers may give much that it turns into these.
ON_THE_WIRE = {"systemInstruction": genai.Content, "tools": list[genai.Tool]}
SCHEMAS = {"responseSchema": genai.Schema}


def judge_gemini(sent):
    body = dict(sent["body"])
    contents = Shape(list[genai.Content]).problems(body.pop("contents", None))
    config = Shape(genai.GenerateContentConfig)
    settings = body.pop("generationConfig", {})
    misplaced = [f".{name}: does not belong beside generationConfig" for name in body if name not in BESIDE]
    misplaced += [f".generationConfig.{name}: belongs beside it" for name in settings if name in BESIDE]
    # The wire's GenerationConfig is a type too, older than some of the flat one's members: either may know.
    known = fields(genai.GenerateContentConfig)[0].keys() | fields(genai.GenerationConfig)[0].keys()
    misplaced += [f".generationConfig.{name}: is unknown" for name in settings if name not in known]
    flat = {name: value for name, value in settings.items() if name in fields(genai.GenerateContentConfig)[0]}
    walked = [Shape(kind).problems(body.pop(name)) for name, kind in ON_THE_WIRE.items() if name in body]
    walked += [Shape(kind).problems(flat.pop(name)) for name, kind in SCHEMAS.items() if name in flat]
    return contents + misplaced + config.problems(body | flat) + [problem for one in walked for problem in one]


CONVERSE = botocore.session.get_session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape


def judge_bedrock(sent):
    problems = []
    body = shaped(CONVERSE, sent["body"], "", problems)
    _, _, model, operation = sent["path"].split("/")
    assert operation in ("converse", "converse-stream"), operation
    report = botocore.validate.ParamValidator().validate(body | {"modelId": model}, CONVERSE)
    return problems + ([report.generate_report()] if report.has_errors() else [])


def shaped(shape, value, path, problems):
    """As botocore's caller would give it: blobs as bytes. It lets unknown members pass in unions, so they're told here."""
    if shape.type_name == "structure" and isinstance(value, dict) and not getattr(shape, "is_document_type", False):
        problems += [f"{path}.{name}: is unknown to {shape.name}" for name in value if name not in shape.members]
        return {
            name: shaped(shape.members[name], one, f"{path}.{name}", problems)
            for name, one in value.items()
            if name in shape.members
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [shaped(shape.member, one, f"{path}[{at}]", problems) for at, one in enumerate(value)]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: shaped(shape.value, one, f"{path}.{name}", problems) for name, one in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    if shape.type_name == "float" and isinstance(value, int):
        return float(value)
    return value


def judge_cohere(sent):
    assert sent["path"] == "/v2/chat"
    body = dict(sent["body"])
    raw = cohere.v2.raw_client.RawV2Client
    call = raw.chat_stream if body.pop("stream", False) else raw.chat
    hints = typing.get_type_hints(call, include_extras=True)
    names = [name for name in inspect.signature(call).parameters if name not in ("self", "request_options")]
    unknown = [f".{name}: is unknown to chat" for name in body if name not in names]
    missing = [f".{name}: is missing" for name in ("model", "messages") if name not in body]
    walked = [Shape(hints[name]).problems(value) for name, value in body.items() if name in names]
    return unknown + missing + [problem for one in walked for problem in one]


# The SDK's open enums let any string pass; what we send must be known today.
MISTRAL_CHOICES = ("auto", "none", "any")
# "Unexpected role 'user' after role 'tool'": who may speak after whom.
MISTRAL_AFTER = {
    "system": ("system", "user", "assistant"),
    "user": ("system", "user", "assistant"),
    "assistant": ("user", "assistant", "tool"),
    "tool": ("assistant", "tool"),
}


def judge_mistral(sent):
    assert sent["path"] == "/v1/chat/completions"
    body = sent["body"]
    problems = Shape(ChatCompletionRequest).problems(body)
    choice = body.get("tool_choice")
    if isinstance(choice, str) and choice not in MISTRAL_CHOICES:
        problems.append(f".tool_choice: {choice} is unknown")
    # What the types don't say, and the API's errors do.
    calls, results, last = set(), [], {}
    for message in body["messages"]:
        # A result without its call is the caller's mistake.
        is_stray = message["role"] == "tool" and message["tool_call_id"] not in calls
        if not is_stray and message["role"] not in MISTRAL_AFTER.get(last.get("role"), ("system", "user", "assistant")):
            problems.append(f".messages: {message['role']} after {last.get('role')}")
        last = message
        calls |= {call["id"] for call in message.get("tool_calls") or []}
        results += [message["tool_call_id"]] if message["role"] == "tool" else []
        if message["role"] == "assistant" and not message.get("content") and not message.get("tool_calls"):
            problems.append(".messages: an assistant has neither content nor calls")
    problems += [f".messages: {one} is no id of a call" for one in calls | set(results) if not re.fullmatch("[a-zA-Z0-9]{9}", one)]
    if last.get("role") == "system":
        problems.append(".messages: the last ones are instructions")
    if last.get("role") == "assistant" and not last.get("tool_calls") and not last.get("prefix"):
        problems.append(".messages: the last one is the assistant's and no prefix")
    return problems


OF_THEIR_OWN = {
    "mistral": judge_mistral,
    "openai": judge_own,
    "openai_responses": judge_translated,
    "chat": judge_openai,
    "anthropic": judge_anthropic,
    "gemini": judge_gemini,
    "bedrock": judge_bedrock,
    "bedrock_claude": judge_bedrock,
    "cohere": judge_cohere,
    "azure_openai": judge_azure,
    "azure_deployment": judge_azure_deployment,
    "vertex": judge_vertex,
    "anthropic_vertex": judge_anthropic_vertex,
    "anthropic_bedrock": judge_anthropic_bedrock,
}
# `chat` is `openai_compatible`.
JUDGES = {name: functools.partial(judge_accent, name) for name in accents() if name != "openai_compatible"} | OF_THEIR_OWN


# What a caller says to a provider of its own dialect goes on as it is, also if the dialect has no such thing (or has it
# no longer: this SDK speaks a later version of Anthropic's API than we name). These cases are about that: the judge must
# complain, and the caller must have said just that.
SAID_BY_THE_CALLER = {
    "anthropic/block-without-text": "the provider says what is wrong with a block",
    "anthropic/claude-code": "members of Anthropic's betas, which its headers name",
    "anthropic/every-byte-survives": "unknown members and odd numbers",
    "anthropic/thread": "a member of one of Anthropic's betas",
    "anthropic/missing-max-tokens": "the provider says what is missing",
    "anthropic/output-format-of-the-beta": "the name that it had in beta",
    "anthropic/settings-of-the-beta": "members of one of Anthropic's betas",
    "anthropic/wrong-role": "the provider says what is wrong with a role",
    "openai/arguments-as-php-writes-them": "arguments that are no string",
    "openai/dropped-part-that-was-all": "a part of an unknown type",
    "openai/function-call-of-nothing": "a function_call that calls nothing",
    "openai/thinking-as-anthropic-says-it": "a member of Anthropic's",
    "openai/thinking-off-as-anthropic-says-it": "a member of Anthropic's",
    "openai/unknown-members": "unknown members",
    "openai/unknown-part": "a part of an unknown type",
    "openai/wrong-content": "the provider says what is wrong",
    "openai/wrong-effort": "the provider says what is wrong",
    "openai/wrong-messages-missing": "the provider says what is wrong",
    "openai/wrong-messages-object": "the provider says what is wrong",
    "openai/wrong-no-content": "the provider says what is wrong",
    "openai/wrong-part-without-type": "the provider says what is wrong",
    "openai/wrong-role": "the provider says what is wrong",
    "openai/wrong-tool-call-without-id": "the provider says what is wrong",
    "openai/wrong-tool-choice": "the provider says what is wrong",
    "openai/wrong-tool-result-without-id": "the provider says what is wrong",
    "openai/wrong-tool-without-name": "the provider says what is wrong",
    "responses/advisory": "unknown members",
    "responses/every-byte-survives": "unknown members",
    "responses/wrong-item": "the provider says what is wrong",
}
NATIVE = {"openai": "openai", "anthropic": "anthropic", "responses": "openai"}
SENT = sorted(path for path in REQUESTS.glob("*/*/*.json") if path.stem in JUDGES)


def name_of(path) -> str:
    return path.relative_to(REQUESTS).with_suffix("").as_posix()


def test_each_target_has_a_judge():
    others = {path.stem for path in REQUESTS.glob("*/*/*.json")} - JUDGES.keys()
    assert {name for name in others if not name.endswith(".refused")} == {"in", "turn"}
    assert SENT


@pytest.mark.parametrize("path", SENT, ids=name_of)
def test_request(path):
    sent = json.loads(path.read_text())
    caller, case = path.parts[-3:-1]
    is_native = sent["path"].endswith("/responses") and path.stem != "openai_responses"
    judge = judge_responses if is_native else JUDGES[path.stem]
    problems = judge(sent)
    if NATIVE.get(caller) == path.stem and f"{caller}/{case}" in SAID_BY_THE_CALLER:
        said = json.loads((path.parent / "in.json").read_text())
        assert problems, "nothing is wrong with it any more: take it off the list"
        assert sent["body"].get("messages") == said.get("messages") and sent["body"].get("input") == said.get("input")
    else:
        assert not problems, "\n".join(problems)


# A judge that lets everything pass is none.
WRONG = [
    ("openai", "messages.0.name_of_it", "x"),
    ("openai", "temprature", 1),
    ("openai", "temperature", "1"),
    ("openai", "messages.0.content", [{"type": "text", "text": "a", "cache": True}]),
    ("openai", "messages.0.content", [{"type": "image_url", "image_url": {"url": "https://a", "size": 1}}]),
    ("openai", "tool_choice", {"type": "function", "function": {"name": "a", "strict": True}}),
    ("anthropic", "messages.0.name", "x"),
    ("anthropic", "system", [{"type": "text", "text": "a", "cache": True}]),
    ("anthropic", "max_tokens", None),
    ("anthropic", "messages.0.content", [{"type": "image", "source": {"type": "base64", "data": "YQ==", "mime": "a"}}]),
    ("anthropic", "tools", [{"name": "a", "parameters": {}}]),
    ("gemini", "contents.0.content", "x"),
    ("gemini", "contents.0.parts.0.txt", "x"),
    ("gemini", "temperature", 1),
    ("gemini", "generationConfig", {"maxTokens": 1}),
    ("gemini", "generationConfig", {"thinkingConfig": {"budget": 1}}),
    ("gemini", "tools", [{"functionDeclarations": [{"name": "a", "arguments": {}}]}]),
    ("bedrock", "messages.0.name", "x"),
    ("bedrock", "messages.0.content", [{"text": "a", "type": "text"}]),
    ("bedrock", "messages.0.content", [{"image": {"format": "png", "source": {"bytes": "YQ==", "data": "YQ=="}}}]),
    ("bedrock", "inferenceConfig", {"max_tokens": 1}),
    ("bedrock", "toolConfig", {"toolChoice": {"auto": {}}}),
    ("mistral", "seed", 1),
    ("mistral", "stream_options", {"include_usage": True}),
    ("mistral", "tool_choice", "required"),
    ("mistral", "messages.0.name", "x"),
    ("mistral", "messages.0.role", "developer"),
    ("mistral", "messages.0.content", [{"type": "text", "text": "a", "cache": True}]),
    ("mistral", "messages.0.content", [{"type": "input_audio", "input_audio": {"data": "a", "format": "wav"}}]),
    ("mistral", "messages.0.content", [{"type": "file", "file": {"file_id": "a"}}]),
    ("mistral", "messages.1", {"role": "tool", "tool_call_id": "call_1", "content": "a"}),
    ("mistral", "messages.1", {"role": "assistant", "content": "a"}),
    ("mistral", "messages.1", {"role": "system", "content": "a"}),
    ("mistral", "tools", [{"type": "function", "function": {"name": "a"}}]),
    ("groq", "logprobs", True),
    ("deepseek", "max_completion_tokens", 1),
    ("deepseek", "messages.0.reasoning", "x"),
    ("moonshot", "messages.1", {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "a", "arguments": ""}}]}),
    ("zhipu", "tool_choice", "required"),
    ("azure_deployment", "temprature", 1),
    ("anthropic_vertex", "parallel", 1),
    ("vertex", "generationConfig", {"maxTokens": 1}),
    ("cohere", "top_p", 1),
    ("cohere", "messages.0.name", "x"),
    ("cohere", "messages.0.content", [{"type": "text", "text": "a", "cache": True}]),
    ("cohere", "tool_choice", "auto"),
]


@pytest.mark.parametrize("before, after", [("tool", "user"), ("tool", "system"), ("assistant", "system")])
def test_the_judge_minds_who_speaks_after_whom(before, after):
    sent = json.loads((REQUESTS / "openai/tools-one-round/mistral.json").read_text())
    assert not judge_mistral(sent)
    place = next(at for at, message in enumerate(sent["body"]["messages"]) if message["role"] == before)
    sent["body"]["messages"].insert(place + 1, {"role": after, "content": "a"})
    assert judge_mistral(sent)


@pytest.mark.parametrize("target, place, value", WRONG, ids=lambda value: None if isinstance(value, str) else "")
def test_the_judge_complains(target, place, value):
    sent = json.loads((REQUESTS / f"openai/simple/{target}.json").read_text())
    assert not JUDGES[target](sent)
    *way, last = (int(word) if word.isdigit() else word for word in place.split("."))
    at = sent["body"]
    for word in way:
        at = at[word]
    at[last] = value
    assert JUDGES[target](sent)
