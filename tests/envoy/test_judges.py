"""The judges of a storm themselves: what they must not let pass."""

import json

from harness.load import WORDS, judge_chat, judge_stream

SAYS = {"one": "A", "two": "B"}
WORD = [{"id": "1", "choices": [{"delta": {"content": f"{' ' if place else ''}A"}}]} for place in range(WORDS)]
CUT = ConnectionResetError("reset")


def sse(*events) -> str:
    return "".join(f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n" for event in events)


def judged(*events, error=None, target="one", tail="") -> tuple:
    return judge_stream(200, sse(*events) + tail, error, SAYS, target)


def test_streams():
    told = {"error": {"message": "…"}}
    other = {"id": "1", "choices": [{"delta": {"content": " B"}}]}
    assert judged(*WORD, "[DONE]") == ("whole", "")
    assert judged(*WORD[:5], told) == judged(*WORD[:5], told, error=CUT) == ("error_event", "")
    assert judged(*WORD[:5], error=CUT) == judged(*WORD[:5], error=CUT, tail='data: {"id') == ("reset", "")
    for wrong in (
        judged(*WORD[:5], "[DONE]"),
        judged(*WORD[:5], *WORD[6:], "[DONE]"),
        judged(*WORD[1:5], told),
        judged(*WORD[:5]),
        judged(*WORD[:5], told, "[DONE]"),
        judged(*WORD[:5], told, WORD[5]),
        judged(*WORD[:5], other, error=CUT),
        judged(*WORD, "[DONE]", target="two"),
        judged(*WORD[:-1], WORD[-1] | {"id": "2"}, "[DONE]"),
        judged(*WORD, "[DONE]", tail="<html>"),
        judged(WORD[0], "{not json", *WORD[1:], "[DONE]"),
        judged(told),
        judged(error=CUT),
        judge_stream(503, "", None, SAYS, "one"),
    ):
        assert wrong[0] == "failed", wrong


def test_chats():
    def chat(content, tail="", target="one", status=200, error=None):
        text = json.dumps({"choices": [{"message": {"content": content}}]}) + tail
        return judge_chat(status, text, error, SAYS, target)[0]

    whole = " ".join("A" * WORDS)
    assert chat(whole) == "whole"
    wrong = (chat(whole[:-2]), chat(whole + " B"), chat(whole, tail="{}"), chat(whole, target="two"), chat(whole, status=502))
    assert set(wrong + (chat(whole, error=CUT),)) == {"failed"}
