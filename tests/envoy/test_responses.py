"""OpenAI's Responses, asked of every kind of provider through a real Envoy, by the official SDK.

Its accumulating stream is the judge of the events: it wants each in its place.
"""

import json

import openai
import pydantic
import pytest
from openai.types.responses import Response

from harness.document import document, group, target
from harness.gateway import Gateway
from test_dialects import KINDS, SCHEMA, everyone, kind, said  # noqa: F401 (fixtures)

FORECAST = {"type": "function", "name": "forecast", "description": "…", "parameters": SCHEMA, "strict": False}
QUICK = {"first_token_timeout": "1s", "timeout": "20s"}


def strict(answer) -> Response:
    """The answer, which is all that its type says."""
    return Response.model_validate_json(answer.model_dump_json(warnings=False))


def test_whole(everyone, kind):
    answer = strict(everyone.openai().responses.create(model=kind, input="Grüß dich!", instructions="Be kind.", max_output_tokens=200))
    assert answer.output_text == said(kind) and answer.status == "completed" and answer.model == kind
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 3


def test_streamed(everyone, kind):
    with everyone.openai().responses.stream(model=kind, input="Grüß dich!") as stream:
        events = list(stream)
        final = strict(stream.get_final_response())
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == said(kind) == final.output_text and len(deltas) > 3
    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.usage.output_tokens > 3 and final.model == kind


def test_limit(everyone, kind):
    answer = everyone.openai().responses.create(model=kind, input="Grüß dich! " * 20, max_output_tokens=16)
    assert answer.status == "incomplete" and answer.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tools(everyone, kind, streamed):
    client = everyone.openai()
    conversation = [{"role": "user", "content": "What is the weather?"}]
    asked = {"model": kind, "tools": [FORECAST]}
    if streamed:
        with client.responses.stream(input=conversation, **asked) as stream:
            list(stream)
            answer = stream.get_final_response()
    else:
        answer = client.responses.create(input=conversation, **asked)
    (call,) = [item for item in answer.output if item.type == "function_call"]
    assert json.loads(call.arguments) == {"city": "Zürich", "days": 3} and call.name == "forecast"
    assert [tool.name for tool in answer.tools] == ["forecast"] or kind in ("openai", "openai_responses", "azure_openai", "azure_deployment")
    # The items go back as they came, with whatever a provider wants to see again.
    for item in answer.output:
        sent = item.to_dict()
        sent.pop("parsed_arguments", None)
        conversation.append(sent)
    conversation.append({"type": "function_call_output", "call_id": call.call_id, "output": "sunny ☀"})
    answer = client.responses.create(input=conversation, **asked)
    assert "The tool said:" in answer.output_text and "sunny ☀" in answer.output_text


def test_thoughts_come_back(everyone, cloud):
    """Claude's signed thought travels through the caller's items and arrives as it was signed."""
    client = everyone.openai()
    asked = {"model": "anthropic", "tools": [FORECAST], "reasoning": {"effort": "low", "summary": "auto"}}
    conversation = [{"role": "user", "content": "What is the weather?"}]
    answer = client.responses.create(input=conversation, **asked)
    kinds = [item.type for item in answer.output]
    assert kinds[0] == "reasoning" and kinds[-1] == "function_call"
    conversation += [item.to_dict() for item in answer.output]
    result = {"type": "function_call_output", "call_id": answer.output[-1].call_id, "output": "sunny ☀"}
    client.responses.create(input=[*conversation, result], **asked)
    assert [entry["problem"] for entry in cloud[KINDS["anthropic"]].log()] == [None, None]
    # To OpenAI it doesn't go.
    client.responses.create(input=[*conversation, result], model="openai", tools=[FORECAST])
    assert [entry["problem"] for entry in cloud[KINDS["openai"]].log()] == [None]


@pytest.fixture(scope="module")
def pairs(envoy_binary, cloud_process, tmp_path_factory):
    """OpenAI first, then Claude."""
    openai_main, claude = cloud_process["openai-main"], cloud_process["anthropic-last-resort"]
    names = ["down", "error", "middle", "stored", "claude-only"]
    targets, groups = [], []
    for name in names:
        targets += [target(openai_main, id=f"{name}-first"), target(claude, "anthropic", id=f"{name}-second")]
        members = [f"{name}-second"] if name == "claude-only" else [f"{name}-first", f"{name}-second"]
        groups.append(group(name, *members, **QUICK))
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("responses"), document(targets, groups))
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("name, behaviour", [("down", {"status": 503}), ("error", {"error_event": "first_token"})])
def test_failover_to_another_dialect(pairs, cloud, name, behaviour):
    cloud["openai-main"].behave(**behaviour)
    with pairs.openai().responses.stream(model=name, input="Grüß dich!") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert final.output_text.startswith("Hello from anthropic-last-resort.") and final.model == name
    assert [event.type for event in events].count("response.created") == 1


def test_an_error_in_the_middle_is_raised(pairs, cloud):
    # Slowly, or what fails would come together with the first token, when there still is a choice.
    cloud["openai-main"].behave(error_event=7, slow_ms=30)
    with pytest.raises(openai.APIError) as raised:
        for _ in pairs.openai().responses.create(model="middle", input="Grüß dich!", stream=True):
            pass
    assert "middle-first" in str(raised.value)


def test_stored_conversations_stay_where_they_are(pairs, cloud):
    client = pairs.openai()
    client.responses.create(model="stored", input="And then?", previous_response_id="resp_1")
    assert cloud["anthropic-last-resort"].log() == []
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(model="claude-only", input="And then?", previous_response_id="resp_1")
    assert "previous_response_id" in str(raised.value) and "whole conversation" in str(raised.value)
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(model="claude-only", input="News?", tools=[{"type": "file_search", "vector_store_ids": ["vs_1"]}])
    assert "tools[0]" in str(raised.value)


@pytest.fixture(scope="module")
def chat_only(envoy_binary, cloud_process, tmp_path_factory):
    """A provider that speaks Chat Completions and nothing else, and one that tells its thoughts."""
    targets = [target(cloud_process["openai-main"], "openai_compatible"), target(cloud_process["anthropic-main"], "anthropic")]
    groups = [group("chat", "openai-main"), group("thinker", "anthropic-main")]
    gateway = Gateway(envoy_binary, tmp_path_factory.mktemp("chat-only"), document(targets, groups))
    yield gateway
    gateway.stop()


# What follows what: an item, and inside it its parts, each from its beginning to its end.
WORDS = [
    "response.output_item.added", "response.content_part.added", "response.output_text.delta",
    "response.output_text.done", "response.content_part.done", "response.output_item.done",
]
CALL = [
    "response.output_item.added", "response.function_call_arguments.delta",
    "response.function_call_arguments.done", "response.output_item.done",
]
THOUGHT = [
    "response.output_item.added", "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done", "response.reasoning_summary_part.done", "response.output_item.done",
]
BEGIN, END = ["response.created", "response.in_progress"], ["response.completed"]


def steps(events) -> list:
    """The types of the events, deltas that follow one another as one."""
    found = []
    for event in events:
        if not (event.type.endswith(".delta") and found and found[-1] == event.type):
            found.append(event.type)
    return found


@pytest.mark.parametrize(
    "said, more, wanted",
    [
        ("Grüß dich!", {}, WORDS),
        ("What is the weather?", {"tools": [FORECAST], "tool_choice": "required"}, CALL),
        ("Think!", {"reasoning": {"effort": "low", "summary": "auto"}}, THOUGHT + WORDS),
    ],
    ids=["words", "call", "thought"],
)
def test_events_of_a_chat_in_order(chat_only, cloud, said, more, wanted):
    model = "thinker" if wanted[: len(THOUGHT)] == THOUGHT else "chat"
    events = list(chat_only.openai().responses.create(model=model, input=said, stream=True, **more))
    found = steps(events)
    if wanted is CALL:
        # Words may come before a call.
        found = [*BEGIN, *found[found.index("response.function_call_arguments.delta") - 1 :]]
    assert found == [*BEGIN, *wanted, *END]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].response.usage.output_tokens > 0
    # Every item of the answer is the one that was told to be done.
    done = [event.item.to_dict() for event in events if event.type == "response.output_item.done"]
    assert [item.to_dict() for item in events[-1].response.output] == done
    paths = {"chat": ("openai-main", "/v1/chat/completions"), "thinker": ("anthropic-main", "/v1/messages")}
    provider, path = paths[model]
    assert cloud[provider].log()[-1]["path"].endswith(path)


def test_parsed(chat_only, cloud):
    class Weather(pydantic.BaseModel):
        city: str
        days: int

    answer = chat_only.openai().responses.parse(model="chat", input="What is the weather?", text_format=Weather)
    assert isinstance(answer.output_parsed, Weather) and answer.output_parsed.days


REFUSED = {
    "previous_response_id": "resp_1",
    "conversation": "conv_1",
    "prompt": {"id": "pmpt_1"},
    "background": True,
    "tools": [{"type": "web_search"}],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_chat_is_not(chat_only, cloud, name):
    with pytest.raises(openai.BadRequestError) as raised:
        chat_only.openai().responses.create(model="chat", input="And then?", **{name: REFUSED[name]})
    assert name in raised.value.message and cloud["openai-main"].log() == []


def test_storing_is_advice(chat_only, cloud):
    """`store` is what OpenAI does where nobody says otherwise: an answer without it is the same answer."""
    raw = chat_only.openai().responses.with_raw_response.create(model="chat", input="Grüß dich!", store=True, metadata={"a": "b"})
    assert "store" in raw.headers["x-switchover-dropped"] and raw.parse().status == "completed"
