"""`python -m conformance postfix`: fetch other Postfix releases, and list what is there."""

from __future__ import annotations

import argparse
import sys

from conformance.postfix.installations import default_cache
from conformance.postfix.releases import SUITES, fetch, fetched

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `postfix`."""
    parser.epilog = (
        "Example: scache-conformance postfix fetch bullseye trixie. Exit status: 0 they are there, 2 one "
        "isn't."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    fetching = verbs.add_parser(
        "fetch", help="get Postfix of Debian suites, unpacked into a cache folder", epilog=parser.epilog
    )
    fetching.add_argument(
        "suite", nargs="*", default=list(SUITES), help=f"Debian suites (default: {' '.join(SUITES)})"
    )
    verbs.add_parser(
        "list",
        help="what is in the cache folder",
        epilog="Example: scache-conformance postfix list. Exit status: 0.",
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry out a subcommand. Exit status 0, or 2 where a suite could not be had."""
    cache = default_cache()
    if arguments.verb == "list":
        for release in fetched(cache):
            print(release)
        return 0
    report = fetch(arguments.suite, cache, lambda line: print(line, file=sys.stderr))
    for release in report:
        print(release, file=sys.stderr if release.problem else sys.stdout)
    return 2 if any(release.problem for release in report) else 0
