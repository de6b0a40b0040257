"""What an answer needs around one of its fields so that a caller can be given it: values where types say too little, the events of a
stream before and after."""

import dataclasses
import json

import anthropic.types
import openai.types
import openai.types.chat
import openai.types.responses

import asking
from walk import flat, is_scalar

MODEL = "a-model"
# What a member holds of which its type says no more than that it is a text, a number or an object.
BY_NAME = {
    "annotation": ({"type": "url_citation", "url": asking.URLS[0], "title": "One", "start_index": 0, "end_index": 4},),
    "arguments": ('{"q": "one"}', '{"q": "two"}'),
    "categories": ({"violence": True}, {"violence": False}),
    "category_applied_input_types": ({"violence": ["text"]}, {"violence": ["image"]}),
    "category_scores": ({"violence": 0.25}, {"violence": 0.75}),
    "created": (1750000001, 1750000002),
    "created_at": (1750000001, 1750000002),
    "data": asking.PDF,
    "end_index": (4, 5),
    # More than those of them that were cached.
    "input_tokens": (9001, 9002),
    "input": ({"q": "one"}, {"q": "two"}),
    "model": (MODEL,),
    "partial_image_b64": asking.PNG,
    "partial_json": ('{"q": "one"}', '{"q": "two"}'),
    "prompt_tokens": (9001, 9002),
    "result": asking.PNG,
    "sequence_number": (5, 6),
    "start_index": (0, 1),
    "url": asking.URLS,
} | dict.fromkeys(("annotation_index", "command_index", "content_index", "index", "output_index", "partial_image_index", "summary_index"), (0, 1))
# What an answer repeats of the request, where the other table has each of its fields.
REPEATED = {
    "instructions": ("Be kind.", "Be brief."),
    "metadata": ({"one": "1"}, {"two": "2"}),
    "prompt": ({"id": "one"}, {"id": "two"}),
    "reasoning": ({"effort": "low"}, {"effort": "high"}),
    "text": ({"format": {"type": "text"}}, {"format": {"type": "json_object"}}),
    "tool_choice": ("auto", "none"),
    "tools": ([], [{"type": "function", "name": "look_up", "parameters": {}, "strict": False}]),
}
WORDS = "Words that rest on something."
SAID = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": WORDS, "annotations": []}]}
# The same for one type.
BY_TYPE = {
    ("ChatCompletion", "metadata"): REPEATED["metadata"],
    ("CustomToolCallInput", "input"): ("one input", "two input"),
    ("Custom", "input"): ("one input", "two input"),
    ("ResponseCustomToolCall", "input"): ("one input", "two input"),
    ("ResponseCustomToolCallInputDoneEvent", "input"): ("one input", "two input"),
    ("RedactedThinkingBlock", "data"): ("one data", "two data"),
    ("ToolUseBlock", "name"): ("one_name", "two_name"),
    ("AdditionalTools", "tools"): REPEATED["tools"],
    ("ResponseToolSearchOutputItem", "tools"): REPEATED["tools"],
    **{("Response", name): values for name, values in REPEATED.items()},
}
# Members without which a value of that type is none, though the type says that it can do without.
BESIDE = {
    "ChatCompletionMessage": {"content": WORDS},
    "ChoiceDeltaFunctionCall": {"name": "look_up"},
    "ChoiceDeltaToolCall": {"id": "call_1", "function": {"name": "look_up", "arguments": "{}"}},
    "ChoiceDeltaToolCallFunction": {"name": "look_up", "arguments": "{}"},
    "ImageGenerationCall": {"result": asking.PNG[1]},
    "Message": {"stop_reason": "end_turn"},
    "Response": {"status": "completed"},
    "TextBlock": {"text": WORDS},
    "ResponseOutputText": {"text": WORDS},
}


def samples(owner, name, hint):
    found = BY_TYPE.get((owner.__name__, name))
    if found is None and name in BY_NAME and is_plain(hint):
        found = BY_NAME[name]
    return found


def is_plain(hint) -> bool:
    """Whether a hint says no more than that it is a text, a number or an object."""
    return all(is_scalar(one) for one in flat(hint))


def samples_of_stream(owner, name, hint):
    """The same for streams, whose answers and items are those of whole answers: the end of each has its fields."""
    if (owner.__name__, name) in (("Response", "output"), ("Message", "content")):
        return ([],)
    if (owner.__name__, name) == ("Response", "id"):
        return (response("completed")["id"],)
    if name == "response" and owner.__name__ != "ResponseCompletedEvent":
        return (response("incomplete" if owner.__name__ == "ResponseIncompleteEvent" else "in_progress"),)
    if name == "item" and owner.__name__ != "ResponseOutputItemDoneEvent":
        return (SAID,)
    return samples(owner, name, hint)


def response(status: str) -> dict:
    said = {"id": "resp_1", "object": "response", "created_at": 1750000000, "status": status, "model": MODEL, "output": []}
    return said | {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}


def chat_events(chunk: dict, path: str) -> list:
    """A stream of chunks with this one in it."""
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1750000000, "model": MODEL}
    # The same in each of them.
    frame |= {name: value for name, value in chunk.items() if name not in ("choices", "usage")}

    def told(delta: dict, reason=None) -> dict:
        return frame | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    if not path.startswith("choices[].finish_reason"):
        chunk = chunk | {"choices": [choice | {"finish_reason": None} for choice in chunk.get("choices", [])]}
    return [told({"role": "assistant", "content": WORDS}), chunk, told({}, "stop")]


OPENS = {"text_delta": "text", "citations_delta": "text", "input_json_delta": "tool_use", "thinking_delta": "thinking", "signature_delta": "thinking"}
BLOCKS = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
    "tool_use": {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {}},
}
PIECES = {
    "text": {"type": "text_delta", "text": WORDS},
    "thinking": {"type": "thinking_delta", "thinking": "Hm."},
    "tool_use": {"type": "input_json_delta", "partial_json": "{}"},
}


# How an answer ends that says this of its end.
ENDS = {"stop_details": {"stop_reason": "refusal"}, "stop_sequence": {"stop_reason": "stop_sequence"}}


def messages_events(event: dict, path: str) -> list:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": [], "stop_reason": None, "stop_sequence": None}
    start = {"type": "message_start", "message": message | {"usage": {"input_tokens": 9, "output_tokens": 1}}}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 7}}

    def block(begun: dict, piece) -> list:
        pieces = [{"type": "content_block_delta", "index": 0, "delta": piece}] if piece else []
        return [{"type": "content_block_start", "index": 0, "content_block": begun}, *pieces, {"type": "content_block_stop", "index": 0}]

    said = block(BLOCKS["text"], PIECES["text"])
    match event["type"]:
        case "message_start":
            # Nothing has ended there yet.
            message = event.get("message", {})
            start = event | {"message": message | ({"stop_reason": None} if message.get("stop_reason") == "end_turn" else {})}
        case "message_delta":
            reason = next((reason["stop_reason"] for start, reason in ENDS.items() if start in path), "end_turn")
            end = event | {"delta": {"stop_reason": reason} | event.get("delta", {})}
        case "content_block_start":
            kind = event.get("content_block", {}).get("type")
            said = [event, *block(BLOCKS["text"], PIECES.get(kind))[1:]]
        case "content_block_delta":
            opened = OPENS[event.get("delta", {}).get("type", "text_delta")]
            said = [block(BLOCKS[opened], None)[0], event, {"type": "content_block_stop", "index": 0}]
            if opened == "text" and event.get("delta", {}).get("type") == "citations_delta":
                said.insert(1, {"type": "content_block_delta", "index": 0, "delta": PIECES["text"]})
        case "content_block_stop":
            said = [*said[:-1], event]
    return [start, *said, end, {"type": "message_stop"}]


# The item that an event is about, by the start of its type.
ITEMS = {
    "response.code_interpreter_call": {"type": "code_interpreter_call", "container_id": "c", "code": None, "outputs": None, "status": "in_progress"},
    "response.custom_tool_call": {"type": "custom_tool_call", "call_id": "call_1", "name": "look_up", "input": ""},
    "response.file_search_call": {"type": "file_search_call", "queries": [], "status": "in_progress"},
    "response.function_call": {"type": "function_call", "call_id": "call_1", "name": "look_up", "arguments": ""},
    "response.image_generation_call": {"type": "image_generation_call", "status": "in_progress", "result": None},
    "response.mcp_": {"type": "mcp_call", "server_label": "s", "name": "look_up", "arguments": ""},
    "response.reasoning": {"type": "reasoning", "summary": []},
    "response.shell_call": {"type": "shell_call", "call_id": "call_1", "action": {"commands": []}, "status": "in_progress"},
    "response.web_search_call": {"type": "web_search_call", "status": "in_progress"},
}


def responses_events(event: dict, _) -> list:
    kind = event["type"]
    begin = [{"type": "response.created", "sequence_number": 0, "response": response("in_progress")}]
    # Beside an item for which nobody has a place there are words.
    words = {"item_id": "words", "output_index": 7, "sequence_number": 0}
    begin.append(words | {"type": "response.output_item.added", "item": SAID | {"id": "words", "content": []}})
    begin.append(words | {"type": "response.content_part.added", "content_index": 0, "part": {"type": "output_text", "text": "", "annotations": []}})
    begin.append(words | {"type": "response.output_text.delta", "content_index": 0, "delta": WORDS, "logprobs": []})
    end = [{"type": "response.completed", "sequence_number": 9, "response": response("completed")}]
    if kind in ("response.created", "response.completed"):
        return [event, *begin[1:], *end] if kind == "response.created" else [*begin, event]
    if kind in ("response.incomplete", "response.failed", "error"):
        return [*begin, event]
    if kind in ("response.in_progress", "response.queued"):
        return [*begin, event, *end]
    at = {"item_id": "one_item_id", "output_index": 0}
    item = next((one for start, one in ITEMS.items() if kind.startswith(start)), SAID | {"content": []})
    added = {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": {"id": "one_item_id", **item}}
    before = [*begin, added]
    if item["type"] == "message" and kind.startswith("response.output_item"):
        return [*begin, event, *end]
    if item["type"] == "message" and not kind.startswith(("response.content_part", "response.output_text.done")):
        part = {"type": "output_text", "text": "", "annotations": []}
        before.append({"type": "response.content_part.added", "sequence_number": 2, "content_index": 0, "part": part, **at})
        if kind == "response.output_text.annotation.added":
            before.append({"type": "response.output_text.delta", "sequence_number": 3, "content_index": 0, "delta": WORDS, "logprobs": [], **at})
    return [*before, event, *end]


@dataclasses.dataclass
class Answer:
    """Answers of one dialect's kind, and who gets them: first whoever speaks the same."""

    kind: object
    target: str
    callers: tuple
    # The events with one of them in it; nothing for a whole answer.
    events: object = None
    # What a field needs beside it: the start of its path, and members.
    needs: dict = dataclasses.field(default_factory=dict)

    def body(self, value: dict, path: str) -> bytes:
        for start, members in self.needs.items():
            if path.startswith(start):
                value = value | members
        if self.events is None:
            # Beside an item for which nobody has a place there are words.
            more = {"output": [*value["output"], SAID]} if value.get("output") else {}
            return json.dumps(value | more).encode()
        lines = []
        for event in self.events(value, path):
            lines += [f"event: {event['type']}\n"] if "type" in event else []
            lines.append(f"data: {json.dumps(event)}\n\n")
        return "".join([*lines, "data: [DONE]\n\n" if self.target == "openai" else ""]).encode()


CHAT, MESSAGES, RESPONSES = ("chat", "messages", "responses"), ("messages", "chat", "responses"), ("responses", "chat", "messages")
PATHS = {name: caller.path for name, caller in asking.CALLERS.items()} | {"embeddings": "/v1/embeddings"}
ANSWERS = {
    "chat": Answer(openai.types.chat.ChatCompletion, "openai", CHAT),
    "chat-stream": Answer(openai.types.chat.ChatCompletionChunk, "openai", CHAT, chat_events),
    "messages": Answer(anthropic.types.Message, "anthropic", MESSAGES, needs=ENDS),
    "messages-stream": Answer(anthropic.types.RawMessageStreamEvent, "anthropic", MESSAGES, messages_events),
    "responses": Answer(openai.types.responses.Response, "responses", RESPONSES),
    "responses-stream": Answer(openai.types.responses.ResponseStreamEvent, "responses", RESPONSES, responses_events),
    "embeddings": Answer(openai.types.CreateEmbeddingResponse, "embeddings", ("embeddings",)),
}
