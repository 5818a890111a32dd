"""$name expansion in parameter values, as Postfix's mac_parse.c and mac_expand.c do it (release 3.7).

$name  ${name}  $(name)     the value, expanded in turn
${name?text}  ${name:text}  text if the value is not empty, or if it is
${name?{a}:{b}}             a or b
${{a} == {b}?{c}:{d}}       also != < <= >= >, of numbers where both sides are all digits
$$                          a dollar sign
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cut", "expand"]

_SPACE = " \t\r\n"
_DIGITS = frozenset("0123456789")
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") | _DIGITS
_OPERATOR_CHARACTERS = "<>!=?+-*/~&|%"  # more than there are operators, for Postfix's diagnostics
_OPERATORS = ("==", "!=", "<", "<=", ">=", ">")
_ANY_OPERATOR = '"==" or "!="" or "<"" or "<="" or ">="" or ">"'  # Postfix's own quotes
_DEEPEST = 100
#: Postfix begins at 0 again in each side of a comparison, and dies of a recursion that comes through there.
_DEEPEST_IN_ALL = 120

#: Expressions of one value, and characters that it may come to. Postfix has no such bounds: values that refer
#: to each other twice, one behind the other, take it twice as long for each.
_MOST_EXPRESSIONS = 10_000
_LONGEST = 1 << 20


def expand(text: str, lookup: Callable[[str], str | None], warn: Callable[[str], None]) -> str | None:
    """The expanded text; None after a syntax error, which `warn` has been told in Postfix's words.

    lookup: value of a parameter, None where it is not defined (it then expands to nothing).
    """
    expansion = _Expansion(lookup, warn, _Effort())
    expansion.parse(text)
    return None if expansion.failed else "".join(expansion.result)


class _Effort:
    """What an expansion has taken so far, with those inside it."""

    __slots__ = ("characters", "expressions", "was_too_much")

    def __init__(self) -> None:
        self.was_too_much = False
        self.expressions = 0
        self.characters = 0


class _Expansion:
    """One expansion under way. After the first error nothing is expanded any more, but parsing goes on."""

    def __init__(
        self, lookup: Callable[[str], str | None], warn: Callable[[str], None], effort: _Effort
    ) -> None:
        self.result: list[str] = []
        self.failed = False
        self._effort = effort
        self._lookup = lookup
        self._warn = warn
        self._depth = 0
        self._around = 0  # how deep those are together inside which this one is

    def _fail(self, warning: str) -> None:
        self.failed = True
        self._warn(warning)

    def parse(self, text: str) -> None:
        """Split into literal text and expressions (mac_parse)."""
        literal: list[str] = []
        position = 0
        while position < len(text):
            dollar = text.find("$", position)
            if dollar < 0:
                dollar = len(text)
            literal.append(text[position:dollar])
            if text[dollar : dollar + 2] == "$$":
                literal.append("$")
                position = dollar + 2
                continue
            self._literal(literal)
            if dollar == len(text):
                return
            expression, position = self._cut_expression(text, dollar + 1)
            if expression is None:
                return
            if not expression:
                self._fail(f'empty macro name: "{text}"')
                return
            self._nest(expression)
        self._literal(literal)

    def _literal(self, parts: list[str]) -> None:
        text = "".join(parts)
        parts.clear()
        if text and not self.failed and not self._too_deep(text) and not self._too_much(len(text)):
            self.result.append(text)

    def _cut_expression(self, text: str, start: int) -> tuple[str | None, int]:
        """The expression behind a dollar sign, without brackets (None: stop), and the position behind it."""
        opening = text[start : start + 1]
        if opening not in ("{", "("):
            end = start
            while end < len(text) and text[end] in _NAME:
                end += 1
            return text[start:end], end
        closing = "}" if opening == "{" else ")"
        level = 0
        for position in range(start, len(text)):
            if text[position] == opening:
                level += 1
            elif text[position] == closing:
                level -= 1
                if level == 0:  # behind an error, brackets end the parsing
                    return None if self.failed else text[start + 1 : position], position + 1
        self._fail(f'truncated macro reference: "{text}"')
        return None, len(text)

    def _nest(self, expression: str) -> None:
        if not self.failed and not self._too_deep(expression) and not self._too_much(0):
            self._depth += 1
            self._expression(expression)
            self._depth -= 1

    def _too_deep(self, text: str) -> bool:
        if self._depth > _DEEPEST or self._around + self._depth > _DEEPEST_IN_ALL:
            self._fail(f'unreasonable macro call nesting: "{text}"')
        return self.failed

    def _too_much(self, characters: int) -> bool:
        effort = self._effort
        effort.expressions += 1
        effort.characters += characters
        if effort.expressions > _MOST_EXPRESSIONS or effort.characters > _LONGEST:
            self.failed = True
            if not effort.was_too_much:
                effort.was_too_much = True
                self._warn(
                    f"a value that takes more than {_MOST_EXPRESSIONS} steps, or {_LONGEST} characters,"
                    " to expand"
                )
        return self.failed

    def _expression(self, text: str) -> None:
        """`name` or `{a} == {b}`, then nothing, `?` or `:` (mac_expand_callback)."""
        start = _skip_space(text, 0)
        parsed = self._relation(text, start) if text[start : start + 1] == "{" else self._name(text, start)
        if parsed is None:
            return
        value, position = parsed
        operator = text[position : position + 1]
        if not operator:
            if value:
                self.parse(value)
        elif operator == "?":
            self._choose(text, position + 1, bool(value))
        else:
            self._choose_if_empty(text, position + 1, bool(value))

    def _name(self, text: str, start: int) -> tuple[str | None, int] | None:
        """Value of the parameter named here, and where its name (and white space) ends."""
        end = start
        while end < len(text) and text[end] in _NAME:
            end += 1
        behind = _skip_space(text, end)
        if behind < len(text) and text[behind] not in "?:":
            self._fail(f'attribute name syntax error at: "...{text[:end]}>>>{cut(text[end:], 20)}"')
            return None
        return self._lookup(text[start:end]), behind

    def _relation(self, text: str, start: int) -> tuple[str | None, int] | None:
        """Outcome of a comparison ("true" or nothing), and where it ends (mac_exp_parse_relational)."""
        left, position = self._braces(text, start)
        if left is None:
            return None
        end = position
        while end < len(text) and text[end] in _OPERATOR_CHARACTERS:
            end += 1
        operator = text[position:end]
        if operator not in _OPERATORS:
            self._fail(f'{_ANY_OPERATOR} expected at: "...{left}}}>>>{cut(text[position:], 20)}"')
            return None
        suffix_end = end
        while suffix_end < len(text) and text[suffix_end] in _NAME:
            suffix_end += 1
        suffix = text[end:suffix_end]
        if suffix not in ("", "level"):
            self._fail(f'bad operator suffix at: "...{operator}>>>{suffix}"')
            return None
        brace = _skip_space(text, suffix_end)
        if text[brace : brace + 1] != "{":
            at = f"...{{{left}}} {operator}{suffix}>>>{cut(text[suffix_end:], 20)}"
            self._fail(f'"{{expression}}" expected at: "{at}"')
            return None
        right, position = self._braces(text, brace)
        if right is None:
            return None
        outcome = self._compare(left, operator, suffix, right)
        if outcome is None:
            return None
        if position < len(text) and text[position] not in "?:":
            self._fail(f'"?" or ":" expected at: "...}}>>>{cut(text[position:], 20)}"')
            return None
        return ("true" if outcome else ""), position

    def _compare(self, left: str, operator: str, suffix: str, right: str) -> bool | None:
        sides = []
        for side in (left, right):
            inner = _Expansion(self._lookup, self._warn, self._effort)
            inner._around = self._around + self._depth
            inner.parse(side)
            self.failed |= inner.failed
            sides.append("".join(inner.result))
        if self.failed:
            return None
        if suffix:
            return self._compare_levels(sides[0], operator, sides[1])
        if all(side and _DIGITS.issuperset(side) for side in sides):
            numbers = [_magnitude(side) for side in sides]
            return _holds((numbers[0] > numbers[1]) - (numbers[0] < numbers[1]), operator)
        return _holds((sides[0] > sides[1]) - (sides[0] < sides[1]), operator)

    def _compare_levels(self, left: str, operator: str, right: str) -> bool | None:
        """Compatibility levels, `major.minor.patch` with the last two optional (compat_level.c)."""
        levels = []
        for side in (left, right):
            parts = side.split(".")
            if len(parts) > 3 or not all(part and _DIGITS.issuperset(part) for part in parts):
                self._fail(f'malformed compatibility level syntax: "{side}"')
                return None
            levels.append([_magnitude(part) for part in [*parts, "0", "0"][:3]])
        return _holds((levels[0] > levels[1]) - (levels[0] < levels[1]), operator)

    def _braces(self, text: str, start: int) -> tuple[str | None, int]:
        """What stands between balanced braces, and where the white space behind them ends."""
        level = 0
        for position in range(start, len(text)):
            if text[position] == "{":
                level += 1
            elif text[position] == "}":
                level -= 1
                if level == 0:
                    return text[start + 1 : position], _skip_space(text, position + 1)
        self._fail(f'unbalanced {{}} in attribute expression: "{text[start:]}"')
        return None, len(text)

    def _operand(self, text: str, start: int) -> tuple[str | None, int]:
        """A `{text}`, or all that is left."""
        brace = _skip_space(text, start)
        if text[brace : brace + 1] == "{":
            return self._braces(text, brace)
        return text[start:], len(text)

    def _choose(self, text: str, start: int, true: bool) -> None:
        """What follows a question mark."""
        chosen, position = self._operand(text, start)
        if chosen is None:
            return
        if true:
            self.parse(chosen)
        if position == len(text):
            return
        if text[position] != ":":
            self._fail(f'":" expected at: "...{chosen}}}>>>{cut(text[position:], 20)}"')
            return
        self._choose_if_empty(text, position + 1, true)

    def _choose_if_empty(self, text: str, start: int, true: bool) -> None:
        """What follows a colon."""
        chosen, position = self._operand(text, start)
        if chosen is None:
            return
        if not true:
            self.parse(chosen)
        if position < len(text):
            self._fail(f'unexpected input at: "...{chosen}}}>>>{cut(text[position:], 20)}"')


def _holds(order: int, operator: str) -> bool:
    """Whether a comparison (-1, 0 or 1) is what the operator wants."""
    if operator == "!=":
        return order != 0
    return (
        (order == 0 and "=" in operator) or (order < 0 and "<" in operator) or (order > 0 and ">" in operator)
    )


def _magnitude(digits: str) -> tuple[int, str]:
    """What orders numbers, however long: int() takes no more than some thousand digits."""
    significant = digits.lstrip("0")
    return len(significant), significant


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position


def cut(text: str, size: int) -> str:
    """At most so many bytes of a text that was decoded as UTF-8 with surrogate escapes."""
    return text.encode("utf-8", "surrogateescape")[:size].decode("utf-8", "surrogateescape")
