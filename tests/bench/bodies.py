"""The requests that are measured: what applications send, in the sizes of the goals."""

import json

WORDS = "The quick brown fox said \"hello\" to the lazy dog — naïve café, 42 times over.\n"


def chat(size: int, stream: bool = False) -> bytes:
    """A chat of about `size` bytes: instructions, a few tools where there is room, turns of text."""
    body = {"model": "production-llm", "messages": [{"role": "system", "content": "You are a helpful assistant."}], "temperature": 0.2}
    if stream:
        body["stream"] = True
    if size >= 16_384:
        body["tools"] = [tool(number) for number in range(10)]
    roles = ("user", "assistant")
    turns = 1 if size < 4096 else 9
    left = size - len(json.dumps(body)) - 60 * turns
    for turn in range(turns):
        text = (WORDS * (left // turns // len(json.dumps(WORDS)) + 1))[: max(1, left // turns)]
        body["messages"].append({"role": roles[turn % 2], "content": text})
    return json.dumps(body).encode()


def tool(number: int) -> dict:
    """A function as frameworks describe them."""
    properties = {f"field_{place}": {"type": "string", "description": f"Argument {place} of the tool"} for place in range(5)}
    schema = {"type": "object", "properties": properties, "required": ["field_0"], "additionalProperties": False}
    return {"type": "function", "function": {"name": f"tool_{number}", "description": "Does something useful.", "parameters": schema}}


WORKLOADS = {
    "chat 1 KB": chat(1024),
    "chat 32 KB": chat(32 * 1024),
    "chat 1 MB": chat(1024 * 1024),
    "stream, 50 events": chat(1024, stream=True),
}
