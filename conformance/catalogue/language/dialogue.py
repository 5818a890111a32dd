r"""The text form of a case's steps: one step a line, `>>` sent, `<<` received.

    >> request=find_endp label=E .        one write: attributes `name NUL value NUL`, `.` is the list's NUL
    << status=2 property= .               exactly what has arrived since the last look
    or << status=1 property= .            another acceptable outcome of the step before
    >> [A]                                one data byte that carries the session A; [] carries none, [A B] two
    >> 'x\0' @A                           raw bytes with Python's escapes; @A: the write carries A as well
    >> label="a b\n" label=x*5000         quoted values; a value repeated
    >> label=x*4095~y                     values put together
    << nothing / << end / << status=0 . end      silence; end of input
    b: >> ...                             another client (b, c17); clients connect at their first line
    connect / connect silent              connect now; `silent`: leave the announcement to the next <<
    shutdown / close                      half-close; close
    advance 2                             move the clock, seconds
    pass 2                                the same, and wake nobody
    log warning: ...                      the lines logged since the last look, one a line; `log nothing`
    held A / free A                       somebody but the bench holds the session, or nobody does
    terminate / lose master               SIGTERM; the status channel closes
    exit 0 / running                      the daemon's exit status
    hang up A                             the remote side of a session ends it
    heard A 'QUIT' / heard A nothing      what has arrived at the remote side of a session
    process NAME                          an act or a measurement on the daemon's process: model.ProcessStep

Whole exchanges in one line, with every step that the dialect asks for:

    save_endp E P A       save_endp E P A ttl=5
    save_dest D P E       save_dest D P E ttl=5
    find_endp E = P A     find_endp E = miss
    find_dest D = DP EP A find_dest D = miss
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import overload

from conformance.catalogue.language import model
from conformance.catalogue.language.model import Case, Step
from scache.protocol.dialect import DUMMY, POSTFIX_3_6, Dialect

__all__ = ["DialogueError", "attribute", "case", "parse"]

_PEER = re.compile(r"([a-z][0-9]*): +(.*)")
_WORD = re.compile(r"""\[[A-Z0-9 ]*\]|[^\s'"]*(?:'[^']*'|"[^"]*")?(?:\*\d+)?(?:~[^\s'"]*)?""")
_PARTS = re.compile(r"""(?:'[^']*'|"[^"]*"|[^~'"]+)+""")
_REPEATED = re.compile(r"(.+)\*(\d+)", re.DOTALL)
_TOKEN = re.compile(r"~?[A-Z][A-Z0-9.]*")
_FIRST_CLIENT = "a"


class DialogueError(ValueError):
    """A case's text can't be read: a mistake in the catalogue."""


def case(
    id: str,
    sentence: str,
    requirements: str,
    dialogue: str,
    *,
    options: Mapping[str, str] | None = None,
    dialect: Dialect | None = None,
    whole: str = "",
    informational: bool = False,
) -> Case:
    """A case from the text of its dialogue; `requirements` are ids of requirements.toml.

    Whoever first asks for its steps gets the DialogueError, which names the case and the line.
    """
    steps = _Dialogue(id, dialogue, dialect or POSTFIX_3_6)
    checked = tuple(requirements.split())
    return Case(id, sentence, checked, steps, dict(options or {}), dialect, whole, informational)


class _Dialogue(Sequence[Step]):
    """The steps of a text. They are read when they are first asked for: all cases together have 100,000."""

    def __init__(self, id: str, text: str, dialect: Dialect) -> None:
        self._id = id
        self._text = text
        self._dialect = dialect

    def __reduce__(self) -> tuple[type[_Dialogue], tuple[str, str, Dialect]]:
        """Another process reads them itself."""
        return _Dialogue, (self._id, self._text, self._dialect)

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        try:
            return parse(self._text, self._dialect)
        except DialogueError as error:
            raise DialogueError(f"{self._id}: {error}") from None

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> Step: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...

    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        return self._steps[index]


def parse(text: str, dialect: Dialect) -> tuple[Step, ...]:
    """The steps of a dialogue, as a client of this dialect plays them. Raises DialogueError."""
    parser = _Parser(dialect)
    for number, line in enumerate(text.strip().splitlines(), 1):
        try:
            parser.read(line.strip())
        except ValueError as error:
            raise DialogueError(f"line {number}: {line.strip()}: {error}") from None
    return tuple(parser.steps)


def attribute(name: str, value: bytes | str) -> bytes:
    """One attribute as it goes over the wire."""
    encoded = value if isinstance(value, bytes) else value.encode()
    return name.encode() + b"\0" + encoded + b"\0"


class _Parser:
    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.steps: list[Step] = []
        self.connected: set[str] = set()
        self.tokens: set[str] = set()  # of the sessions that were sent so far

    def read(self, line: str) -> None:
        if not line or line.startswith("#"):
            return
        if line.startswith("or "):
            self._alternative(line.removeprefix("or ").strip())
            return
        named = _PEER.fullmatch(line)
        peer, line = named.groups() if named else (_FIRST_CLIENT, line)
        verb, _, rest = line.partition(" ")
        if verb in _CLIENT_VERBS:
            if verb != "connect":
                self._connect(peer)
            self.connected.add(peer)
            for step in _client_steps(peer, verb, rest.strip(), self.dialect):
                self._add(step)
        elif verb in _DAEMON_VERBS and not named:
            self._add(_DAEMON_VERBS[verb](rest.strip()))
            self._merge_log()
        else:
            raise DialogueError("no such step")

    def _add(self, step: Step) -> None:
        """A session is sent before anything else can be said of it."""
        if isinstance(step, model.Send):
            self.tokens.update(step.tokens)
        elif unknown := _tokens_of(step) - self.tokens:
            raise DialogueError(f"no such session: {', '.join(sorted(unknown))}")
        self.steps.append(step)

    def _connect(self, peer: str) -> None:
        if peer not in self.connected:
            self.steps.append(model.Connect(peer))

    def _alternative(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        if not self.steps:
            raise DialogueError("no step before it")
        last = self.steps.pop()
        if isinstance(last, model.Expect) and verb == "<<":
            self._add(model.Expect(last.peer, (*last.outcomes, _reply(rest))))
            return
        if verb not in (_DAEMON_VERBS | _CLIENT_VERBS):
            raise DialogueError("no such step")
        other = _DAEMON_VERBS[verb](rest.strip()) if verb in _DAEMON_VERBS else None
        if isinstance(last, model.Log) and isinstance(other, model.Log):
            self.steps.append(model.Log(last.outcomes + other.outcomes))
        elif isinstance(last, model.Held) and isinstance(other, model.Held) and last.token == other.token:
            self.steps.append(model.Held(last.token, last.outcomes + other.outcomes))
        elif isinstance(last, model.Ended) and isinstance(other, model.Ended):
            self.steps.append(model.Ended(last.outcomes + other.outcomes))
        else:
            raise DialogueError("not an alternative of the step before")

    def _merge_log(self) -> None:
        """Log lines that follow each other are one look at the log."""
        if len(self.steps) < 2:
            return
        before, last = self.steps[-2:]
        if isinstance(before, model.Log) and isinstance(last, model.Log):
            *others, lines = before.outcomes
            self.steps[-2:] = [model.Log((*others, lines + last.outcomes[0]))]


class _Client:
    """One of a dialogue's clients: the steps that a line of his stands for."""

    def __init__(self, peer: str, dialect: Dialect) -> None:
        self.peer = peer
        self.dialect = dialect

    def connect(self, rest: str) -> Iterator[Step]:
        if rest not in ("", "silent"):
            raise DialogueError("it is `connect` or `connect silent`")
        yield model.Connect(self.peer, greeted=rest != "silent")

    def shutdown(self, rest: str) -> Iterator[Step]:
        yield _alone(model.Shutdown(self.peer), rest)

    def close(self, rest: str) -> Iterator[Step]:
        yield _alone(model.Close(self.peer), rest)

    def send(self, rest: str) -> Iterator[Step]:
        data, tokens = _bytes_and_tokens(rest)
        yield model.Send(self.peer, data, tokens)

    def expect(self, rest: str) -> Iterator[Step]:
        yield model.Expect(self.peer, (_reply(rest),))

    def save_endp(self, rest: str) -> Iterator[Step]:
        (label, properties, token), ttl = _words_and_ttl(rest, 3)
        yield model.Send(self.peer, _request("save_endp", ttl=ttl, label=label, property=properties))
        if self.dialect.write_wait:
            yield model.Expect(self.peer, (model.Reply(DUMMY),))
        yield model.Send(self.peer, b"\0", (_token(token.decode()),))
        yield model.Expect(self.peer, (model.Reply(attribute("status", "0") + b"\0"),))

    def save_dest(self, rest: str) -> Iterator[Step]:
        (label, properties, endpoint), ttl = _words_and_ttl(rest, 3)
        request = _request("save_dest", ttl=ttl, label=label, property=properties)
        yield model.Send(self.peer, request[:-1] + attribute("label", endpoint) + b"\0")
        yield model.Expect(self.peer, (model.Reply(attribute("status", "0") + b"\0"),))

    def find_endp(self, rest: str) -> Iterator[Step]:
        yield from self._find("find_endp", 1, rest)

    def find_dest(self, rest: str) -> Iterator[Step]:
        yield from self._find("find_dest", 2, rest)

    def _find(self, request: str, properties: int, rest: str) -> Iterator[Step]:
        words = [_unquote(word) for word in _split(rest)]
        found = words[2:]
        if words[1:2] != [b"="] or (found != [b"miss"] and len(found) != properties + 1):
            raise DialogueError(f"{request} LABEL = PROPERTY... TOKEN, or = miss: {rest}")
        yield model.Send(self.peer, _request(request, label=words[0]))
        if found == [b"miss"]:
            reply = attribute("status", "2") + attribute("property", "") * properties + b"\0"
            yield model.Expect(self.peer, (model.Reply(reply),))
            return
        *values, token = found
        reply = attribute("status", "0") + b"".join(attribute("property", value) for value in values) + b"\0"
        yield from self._hit(reply, _token(token.decode()))

    def _hit(self, reply: bytes, token: str) -> Iterator[Step]:
        """What follows the request of a find that hits: reply, dummy, descriptor, dummy."""
        if self.dialect.write_wait:
            yield model.Expect(self.peer, (model.Reply(reply),))
            yield model.Send(self.peer, DUMMY)
            reply = b""
        yield model.Expect(self.peer, (model.Reply(reply + b"\0", (token,)),))
        if self.dialect.read_wait:
            yield model.Send(self.peer, DUMMY)


_CLIENT_VERBS: dict[str, Callable[[_Client, str], Iterator[Step]]] = {
    "connect": _Client.connect,
    ">>": _Client.send,
    "<<": _Client.expect,
    "save_endp": _Client.save_endp,
    "save_dest": _Client.save_dest,
    "find_endp": _Client.find_endp,
    "find_dest": _Client.find_dest,
    "shutdown": _Client.shutdown,
    "close": _Client.close,
}


@lru_cache(maxsize=1024)
def _client_steps(peer: str, verb: str, rest: str, dialect: Dialect) -> tuple[Step, ...]:
    """The steps of a client's line. Every other line of the catalogue has been there shortly before."""
    return tuple(_CLIENT_VERBS[verb](_Client(peer, dialect), rest))


def _alone(step: Step, rest: str) -> Step:
    if rest:
        raise DialogueError(f"nothing may follow, but {rest!r} does")
    return step


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise DialogueError(f"not the name of a session: {text!r}")
    return text


def _after(word: str, rest: str) -> str:
    if rest.split()[:1] != [word]:
        raise DialogueError(f"{word!r} expected, not {rest!r}")
    return rest.removeprefix(word).strip()


_DAEMON_VERBS: dict[str, Callable[[str], Step]] = {
    "advance": lambda rest: model.Advance(int(rest)),
    "pass": lambda rest: model.PassTime(int(rest)),
    "log": lambda rest: model.Log(((),) if rest == "nothing" else ((_log_text(rest),),)),
    "held": lambda rest: model.Held(_token(rest), (True,)),
    "free": lambda rest: model.Held(_token(rest), (False,)),
    "terminate": lambda rest: _alone(model.Terminate(), rest),
    "lose": lambda rest: _alone(model.LoseMaster(), _after("master", rest)),
    "exit": lambda rest: model.Ended((int(rest),)),
    "running": lambda rest: _alone(model.Ended((None,)), rest),
    "hang": lambda rest: model.HangUp(_token(_after("up", rest))),
    "heard": lambda rest: _heard(rest),
    "process": lambda rest: model.OnProcess(model.ProcessStep(rest)),
}


def _tokens_of(step: Step) -> set[str]:
    """The sessions that a step looks at or touches, other than by sending them."""
    match step:
        case model.Expect():
            return {token for reply in step.outcomes for token in reply.tokens}
        case model.Held() | model.HangUp() | model.Heard():
            return {step.token}
        case _:
            return set()


def _heard(rest: str) -> Step:
    token, _, text = rest.partition(" ")
    if text != "nothing" and text[:1] not in ("'", '"'):
        raise DialogueError("heard TOKEN nothing, or quoted bytes")
    return model.Heard(_token(token), (b"" if text == "nothing" else _unquote(text),))


def _log_text(rest: str) -> str:
    """A log line; `'x'*N` in it is repeated text, and `'x'` at its end keeps blanks. All in quotes: bytes."""
    if re.fullmatch(r"'[^']*'", rest):
        return _unquote(rest).decode("utf-8", "surrogateescape")
    rest = re.sub(r"'([^']*)'\*(\d+)", lambda repeated: repeated[1] * int(repeated[2]), rest)
    return re.sub(r"'([^']*)'$", r"\1", rest)


def _reply(text: str) -> model.Reply:
    words = text.split()
    end = bool(words) and words[-1] == "end"
    text = text.rsplit("end", 1)[0] if end else text
    data, tokens = (b"", ()) if words == ["nothing"] else _bytes_and_tokens(text)
    return model.Reply(data, tokens, end)


def _bytes_and_tokens(text: str) -> tuple[bytes, tuple[str, ...]]:
    data = b""
    tokens: list[str] = []
    for word in _split(text):
        if word.startswith("["):
            data += b"\0"
            tokens += word.strip("[]").split()
        elif word.startswith("@"):
            tokens.append(_token(word[1:]))
        else:
            data += _wire(word)
    return data, tuple(tokens)


def _wire(word: str) -> bytes:
    if word == ".":
        return b"\0"
    if word == "dummy":
        return DUMMY
    if word[0] in "'\"":
        return _unquote(word)
    name, equals, value = word.partition("=")
    if not equals:
        raise DialogueError(f"neither an attribute nor raw bytes: {word}")
    return attribute(_unquote(name).decode(), _unquote(value))


def _split(text: str) -> list[str]:
    words = [found for found in _WORD.findall(text) if found]
    if "".join(words).replace(" ", "") != text.replace(" ", ""):
        raise DialogueError(f"can't be read: {text}")
    return words


def _unquote(word: str) -> bytes:
    if word.isalnum():  # as most are
        return word.encode()
    parts: list[str] = _PARTS.findall(word)
    if len(parts) > 1:
        return b"".join(map(_unquote, parts))
    value, times = word, 1
    repeated = _REPEATED.fullmatch(word)
    if repeated:
        value, times = repeated[1], int(repeated[2])
    if value[:1] in ("'", '"') and value:
        literal: bytes = ast.literal_eval("b" + value)
        return literal * times
    return value.encode() * times


def _words_and_ttl(text: str, count: int) -> tuple[list[bytes], bytes]:
    words = _split(text)
    ttl = b"2"
    if words[-1].startswith("ttl="):
        ttl = _unquote(words.pop().removeprefix("ttl="))
    if len(words) != count:
        raise DialogueError(f"{count} words expected: {text}")
    return [_unquote(word) for word in words], ttl


def _request(name: str, **attributes: bytes) -> bytes:
    listed = b"".join(attribute(key, value) for key, value in attributes.items())
    return attribute("request", name) + listed + b"\0"
