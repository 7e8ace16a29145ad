"""The previews of a trace's input and output: the last message of a chat, else the beginning of the value.  Pure."""

from typing import Any

from trackside.traces.model import MAX_PREVIEW
from trackside.traces.spans import value_of

_TEXT_PARTS = ("text", "output_text")


def preview(text: str | None, role: str) -> str | None:
    """Return the preview of an attribute's JSON text; `role` is the role of the message to show."""
    if text is None:
        return None
    messages = _messages(value_of(text))
    shown = (_text_of(messages, role) if messages else "") or text
    return shown if len(shown) <= MAX_PREVIEW else shown[: MAX_PREVIEW - 3] + "..."


def _messages(value: Any) -> list[dict[str, Any]]:
    """Return the messages of a chat, in the forms of OpenAI's APIs; empty if the value is not a chat."""
    while isinstance(value, dict):
        for key in ("messages", "input", "output"):
            found = value.get(key)
            if found and isinstance(found, list):
                return [each for each in found if _is_message(each)]
            if key == "messages":
                choices = value.get("choices")
                if isinstance(choices, list) and choices and isinstance(choices[0], dict):
                    message = choices[0].get("message")
                    if isinstance(message, dict) and _is_message(message):
                        return [message]
        value = value.get("request")
    return []


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and "role" in value and "content" in value


def _text_of(messages: list[dict[str, Any]], role: str) -> str:
    message = next((each for each in reversed(messages) if each["role"] == role), messages[-1])
    content = message["content"]
    if isinstance(content, str):
        return content
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            return part
        if isinstance(part, dict) and part.get("type") in _TEXT_PARTS and isinstance(part.get("text"), str):
            return str(part["text"])
    return ""
