"""Man pages and shell completion, made from the parsers, the table of parameters and docs/trace-format.md
by `python -m tests.support.pages`.

They stand in contrib/man/ and contrib/completion/, for whoever packages this.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from scache import __version__
from scache.cli import ABOUT, COMMANDS
from scache.commands.program import whole_parser
from scache.config.parameters import PARAMETERS

__all__ = ["CONTRIB", "pages", "troff"]

ROOT = Path(__file__).parents[2]
CONTRIB = ROOT / "contrib"

_COMPLETIONS = {"bash": "scache.bash", "zsh": "_scache", "fish": "scache.fish"}

#: What begins a line of argparse-manpage's as a request of troff would, and is text.
_TEXT = re.compile(r"^(\.(?![A-Z]{1,2}\b|nf|fi|sp|br)|')", re.MULTILINE)

_DAEMON = """\
# NAME

scache \\- Postfix's shared connection cache, in Python

# SYNOPSIS

`scache-python` [generic Postfix daemon options]

`scache serve` --socket PATH [-o NAME=VALUE]...

# DESCRIPTION

Keeps open SMTP connections for the clients of Postfix: they hand it a connected socket as a file descriptor,
under an endpoint's name and with a time to live, and bind destinations to endpoints. Later another client
asks for a destination or an endpoint and gets the descriptor. Under master(8) it is in the place of Postfix's
own scache(8), where `scache install` has put it; `scache serve` runs it alone.

It answers, logs and ends as Postfix's does, to the byte, but no client waits for another, and all that
clients can make it hold is bounded.

# SIGNALS

SIGTERM ends it in order. `scache serve` reads main.cf anew at SIGHUP and keeps all sessions; under master(8),
`postfix reload` starts another one.

# EXIT STATUS

0 where it ended in order; 1 under master(8), 2 alone, where it can't begin.

# PARAMETERS

They stand in main.cf, or behind `-o`. Beyond those of Postfix:

{parameters}

# SEE ALSO

scache(1), scache-trace(5), master(8), smtp(8), postconf(5)
"""


def pages() -> dict[str, str]:
    """What each file below contrib/ is to hold."""
    import shtab
    from argparse_manpage.manpage import Manpage

    parser = whole_parser("scache", ABOUT, COMMANDS)
    made = {f"completion/{name}": shtab.complete(parser, shell=shell) for shell, name in _COMPLETIONS.items()}
    commands = _TEXT.sub(r"\\&\1", str(Manpage(parser)))
    commands = re.sub(r"\A\.TH .*", _head("scache", 1), commands)
    made["man/scache.1"] = commands.replace(
        ".SH NAME\nscache\n", f".SH NAME\nscache \\- {_escaped(ABOUT)}\n", 1
    )
    rows = "\n".join(f"- `{row.name}` ({row.default or 'empty'}): {row.meaning}" for row in PARAMETERS)
    made["man/scache.8"] = troff(_DAEMON.format(parameters=rows), "scache", 8)
    trace = (ROOT / "docs" / "trace-format.md").read_text()
    title, _, rest = trace.partition("\n")
    name = f"# NAME\n\nscache-trace \\- {title.removeprefix('# ').lower()}\n\n# DESCRIPTION\n"
    made["man/scache-trace.5"] = troff(name + rest, "scache-trace", 5)
    return made


def troff(text: str, name: str, section: int) -> str:
    """A page of Markdown as our pages are written in: headings, paragraphs, lists, tables, code."""
    return "\n".join([_head(name, section), *_blocks(text)]) + "\n"


def _head(name: str, section: int) -> str:
    return f'.TH {name.upper()} "{section}" "" "scache {__version__}" "scache"'


def _blocks(text: str) -> Iterator[str]:
    for block in re.split(
        r"\n(?=#)|\n\n+|\n(?=- )", re.sub(r"```\w*\n(.*?)```", _fenced, text, flags=re.DOTALL)
    ):
        lines = block.strip("\n").split("\n")
        if not block.strip():
            continue
        if lines[0].startswith("#"):
            yield f".SH {_inline(lines[0].lstrip('# ')).upper()}"
            yield from _blocks("\n".join(lines[1:]))
        elif lines[0].startswith("|"):
            for row in lines[2:]:
                first, *others = [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("|"))]
                yield f".TP\n{_inline(first)}\n{_inline(' - '.join(filter(None, others)))}"
        elif lines[0].startswith("    "):
            yield ".PP\n.nf\n" + "\n".join(_escaped(line) for line in lines) + "\n.fi"
        elif lines[0].startswith("- "):
            yield f".IP \\(bu 2\n{_inline(' '.join([lines[0][2:], *map(str.strip, lines[1:])]))}"
        else:
            yield f".PP\n{_inline(' '.join(lines))}"


def _fenced(found: re.Match[str]) -> str:
    return "\n" + "\n".join(f"    {line}" for line in found[1].rstrip("\n").split("\n")) + "\n"


def _inline(text: str) -> str:
    """Code in bold, links as their text."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    parts = re.split(r"`([^`]*)`", text)
    return "".join(rf"\fB{_escaped(part)}\fR" if at % 2 else _escaped(part) for at, part in enumerate(parts))


def _escaped(text: str) -> str:
    text = re.sub(r"\\(?!-)", r"\\e", text)
    return re.sub(r"^([.'])", r"\\&\1", text)


def main() -> int:
    """Write them all."""
    for name, content in pages().items():
        path = CONTRIB / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
