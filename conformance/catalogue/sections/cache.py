"""Cache: order, refresh, independence; expiry has a section of its own."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

CASES = (
    case(
        "cache/order/1",
        "Sessions of one endpoint come back first in, first out.",
        "cache.find_endp",
        """
        save_endp E P1 A
        save_endp E P2 B
        save_endp E P3 C
        find_endp E = P1 A
        find_endp E = P2 B
        find_endp E = P3 C
        find_endp E = miss
        """,
    ),
    case(
        "cache/order/2",
        "Sessions with the same property are not merged.",
        "cache.save_endp",
        """
        save_endp E P A
        save_endp E P B
        find_endp E = P A
        find_endp E = P B
        find_endp E = miss
        """,
    ),
    case(
        "cache/order/3",
        "The same socket saved twice is two sessions.",
        "cache.save_endp",
        """
        save_endp E P1 A
        save_endp E P2 A
        find_endp E = P1 A
        held A
        find_endp E = P2 A
        free A
        """,
    ),
    case(
        "cache/order/4",
        "Saves of other endpoints in between don't change an endpoint's order.",
        "cache.find_endp cache.names",
        """
        save_endp E P1 A
        save_endp F Q1 B
        save_endp E P2 C
        save_endp F Q2 D
        find_endp F = Q1 B
        find_endp E = P1 A
        find_endp E = P2 C
        find_endp F = Q2 D
        """,
    ),
    case(
        "cache/order/5",
        "Fifty sessions of one endpoint keep their order.",
        "cache.find_endp",
        "\n".join(
            [f"save_endp E P{n} S{n}" for n in range(50)] + [f"find_endp E = P{n} S{n}" for n in range(50)]
        ),
    ),
    case(
        "cache/refresh/1",
        "A binding saved again stays in its place.",
        "cache.refresh",
        """
        save_dest D DP1 E1
        save_dest D DP2 E2
        save_dest D DP1 E1
        save_endp E1 P1 A
        save_endp E2 P2 B
        find_dest D = DP1 P1 A
        """,
    ),
    case(
        "cache/refresh/2",
        "A binding saved again is not there twice.",
        "cache.refresh",
        """
        save_dest D DP1 E1
        save_dest D DP1 E1
        save_endp E1 P1 A
        find_dest D = DP1 P1 A
        find_dest D = miss
        """,
    ),
    case(
        "cache/refresh/3",
        "The same endpoint with another destination property is another binding, behind the first.",
        "cache.refresh",
        """
        save_dest D DP1 E
        save_dest D DP2 E
        save_endp E P A
        find_dest D = DP1 P A
        """,
    ),
    case(
        "cache/refresh/4",
        "The same destination property with another endpoint is another binding.",
        "cache.refresh",
        """
        save_dest D DP E1
        save_dest D DP E2
        save_endp E2 P2 B
        find_dest D = DP P2 B
        """,
    ),
    case(
        "cache/refresh/5",
        "The same binding of another destination is not refreshed with it.",
        "cache.refresh cache.independent",
        """
        save_dest D1 DP E
        save_dest D2 DP E
        advance 1
        save_dest D1 DP E
        advance 1
        save_endp E P A
        find_dest D2 = miss
        find_dest D1 = DP P A
        """,
    ),
    case(
        "cache/refresh/6",
        "Saving a session under the same label and property refreshes nothing.",
        "cache.save_endp expiry.seconds",
        """
        save_endp E P A
        advance 1
        save_endp E P B
        advance 1
        free A
        find_endp E = P B
        """,
    ),
    case(
        "cache/shared/1",
        "Two destinations share one endpoint: whoever asks first gets the session.",
        "cache.find_dest cache.independent",
        """
        save_dest D1 DP1 E
        save_dest D2 DP2 E
        save_endp E P A
        find_dest D2 = DP2 P A
        find_dest D1 = miss
        """,
    ),
    case(
        "cache/shared/2",
        "Two destinations share one endpoint's sessions in their order.",
        "cache.find_dest cache.find_endp",
        """
        save_dest D1 DP1 E
        save_dest D2 DP2 E
        save_endp E P1 A
        save_endp E P2 B
        find_dest D1 = DP1 P1 A
        find_dest D2 = DP2 P2 B
        """,
    ),
    case(
        "cache/shared/3",
        "find_endp takes what a destination would have found.",
        "cache.find_endp cache.independent",
        """
        save_dest D DP E
        save_endp E P A
        find_endp E = P A
        find_dest D = miss
        """,
    ),
    case(
        "cache/shared/4",
        "A destination with two properties for one endpoint: the older binding's property is told each time.",
        "cache.find_dest cache.refresh",
        """
        save_dest D DP1 E
        save_dest D DP2 E
        save_endp E P1 A
        save_endp E P2 B
        find_dest D = DP1 P1 A
        find_dest D = DP1 P2 B
        """,
    ),
    case(
        "cache/independent/1",
        "A binding outlives the sessions of its endpoint.",
        "cache.independent",
        """
        save_dest D DP E
        save_endp E P1 A
        find_endp E = P1 A
        save_endp E P2 B
        find_dest D = DP P2 B
        """,
    ),
    case(
        "cache/independent/2",
        "A session outlives the binding that names its endpoint.",
        "cache.independent expiry.seconds",
        """
        save_dest D DP E
        advance 1
        save_endp E P A
        advance 1
        find_dest D = miss
        find_endp E = P A
        """,
    ),
    case(
        "cache/independent/3",
        "A binding outlives an expired session.",
        "cache.independent expiry.seconds",
        """
        save_endp E P1 A
        advance 1
        save_dest D DP E
        advance 1
        save_endp E P2 B
        find_dest D = DP P2 B
        """,
    ),
    case(
        "cache/clients/1",
        "All clients share one cache.",
        "cache.names",
        """
        a: save_dest D DP E
        b: save_endp E P A
        c: find_dest D = DP P A
        a: find_dest D = miss
        """,
    ),
    case(
        "cache/clients/2",
        "What a client saved stays when it closes.",
        "cache.names after.close",
        """
        a: save_dest D DP E
        a: save_endp E P A
        a: close
        b: find_dest D = DP P A
        """,
    ),
    case(
        "cache/labels/1",
        "Labels and properties are any bytes but NUL.",
        "cache.names",
        r"""
        save_endp "a\nb\xff\xfe\x01" "p\n\xe9\r\n\t" A
        find_endp "a\nb\xff\xfe\x01" = "p\n\xe9\r\n\t" A
        """,
    ),
    case(
        "cache/labels/2",
        "What looks like white space is part of a label.",
        "cache.names",
        r"""
        save_endp " E" P1 A
        save_endp "E " P2 B
        save_endp "E" P3 C
        find_endp "E" = P3 C
        find_endp "E " = P2 B
        find_endp " E" = P1 A
        """,
    ),
    case(
        "cache/labels/3",
        "Labels in UTF-8 and in Latin-1 are different labels.",
        "cache.names",
        r"""
        save_endp "\xc3\xa9" P1 A
        save_endp "\xe9" P2 B
        find_endp "\xe9" = P2 B
        find_endp "\xc3\xa9" = P1 A
        """,
    ),
    case(
        "cache/labels/4",
        "The empty label is a label.",
        "cache.names",
        """
        save_endp "" P A
        find_endp E = miss
        find_endp "" = P A
        find_endp "" = miss
        """,
    ),
)
