"""Half-close: end of input at every place, and the replies that still come."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_NAME = "log warning: premature end-of-input on scache socket while reading input attribute name"
_VALUE = "log warning: premature end-of-input on scache socket while reading input attribute value"
_IN_NAME = "log warning: unexpected end-of-input from scache socket while reading input attribute name"
_IN_VALUE = "log warning: unexpected end-of-input from scache socket while reading input attribute value"
_BAD = "bad or missing request parameter"

CASES = (
    case(
        "half-close/reply/1",
        "A request followed by a half-close is answered, then the server closes.",
        "half-close.reply after.close",
        """
        >> request=find_endp label=E .
        shutdown
        << status=2 property= . end
        """,
    ),
    case(
        "half-close/reply/2",
        "A half-close without a word: the server closes, and says nothing.",
        "after.close",
        """
        connect
        shutdown
        << end
        """,
    ),
    case(
        "half-close/reply/3",
        "A half-close after a served request: the server closes, and says nothing.",
        "after.close half-close.reply",
        """
        find_endp E = miss
        shutdown
        << end
        """,
    ),
    case(
        "half-close/reply/4",
        "A whole hit is possible with a client that half-closes after its last dummy.",
        "half-close.reply after.close",
        """
        save_endp E P A
        find_endp E = P A
        shutdown
        << end
        """,
    ),
    case(
        "half-close/reply/5",
        "A client that sent both dummies ahead and half-closes gets its descriptor.",
        "half-close.reply",
        """
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy dummy
        shutdown
        << [A] end
        """,
    ),
    case(
        "half-close/parameters/1",
        "End of input before the first parameter: the BAD reply is sent.",
        "half-close.bad scanner.end",
        f"""
        >> request=find_endp
        shutdown
        << status=1 property= . end
        log warning: scache_find_endp_service: {_BAD}
        """,
    ),
    case(
        "half-close/parameters/2",
        "End of input before the list end: the BAD reply is sent.",
        "half-close.bad scanner.end log.premature",
        f"""
        >> request=find_endp label=E
        shutdown
        << status=1 property= . end
        {_NAME}
        log warning: scache_find_endp_service: {_BAD}
        """,
    ),
    case(
        "half-close/parameters/3",
        "End of input before a value: the BAD reply is sent.",
        "half-close.bad scanner.end log.premature",
        f"""
        >> request=save_dest 'ttl\\0'
        shutdown
        << status=1 . end
        {_VALUE}
        log warning: scache_save_dest_service: {_BAD}
        """,
    ),
    case(
        "half-close/parameters/4",
        "End of input inside a parameter's name: the BAD reply is sent.",
        "half-close.bad scanner.end log.cut",
        f"""
        >> request=find_dest 'lab'
        shutdown
        << status=1 property= property= . end
        {_IN_NAME}
        log warning: scache_find_dest_service: {_BAD}
        """,
    ),
    case(
        "half-close/parameters/5",
        "End of input inside a parameter's value: the BAD reply is sent.",
        "half-close.bad scanner.end log.cut",
        f"""
        >> request=save_endp ttl=2 'label\\0E'
        shutdown
        << status=1 . end
        {_IN_VALUE}
        log warning: scache_save_endp_service: {_BAD}
        """,
    ),
    case(
        "half-close/parameters/6",
        "End of input before save_endp's list end: the BAD reply is sent, and nothing is saved.",
        "half-close.bad scanner.end",
        f"""
        >> request=save_endp ttl=2 label=E property=P
        shutdown
        << status=1 . end
        {_NAME}
        log warning: scache_save_endp_service: {_BAD}
        b: find_endp E = miss
        """,
    ),
    case(
        "half-close/parameters/7",
        "End of input inside a number: the BAD reply is sent.",
        "half-close.bad scanner.end log.cut",
        f"""
        >> request=save_dest 'ttl\\0' '2'
        shutdown
        << status=1 . end
        {_IN_VALUE}
        log warning: scache_save_dest_service: {_BAD}
        """,
    ),
    case(
        "half-close/request/1",
        "End of input before the request's value: no reply.",
        "scanner.end half-close.bad log.premature",
        f"""
        >> 'request\\0'
        shutdown
        << end
        {_VALUE}
        """,
    ),
    case(
        "half-close/request/2",
        "End of input inside the request's value: no reply.",
        "scanner.end log.cut",
        f"""
        >> 'request\\0find_e'
        shutdown
        << end
        {_IN_VALUE}
        """,
    ),
    case(
        "half-close/request/3",
        "End of input inside the first name: no reply.",
        "scanner.end log.cut",
        f"""
        >> 'requ'
        shutdown
        << end
        {_IN_NAME}
        """,
    ),
    case(
        "half-close/close/1",
        "A client that closes in the middle of a request: a warning, and the others are served.",
        "scanner.end log.cut after.close",
        f"""
        >> 'request\\0find_e'
        close
        {_IN_VALUE}
        b: find_endp E = miss
        """,
    ),
    case(
        "half-close/close/2",
        "A client that closes before it reads its reply: the request is carried out.",
        "after.close",
        """
        a: save_endp E P A
        a: >> request=save_dest ttl=2 label=D property=DP label=E .
        a: << status=0 .
        a: close
        b: find_dest D = DP P A
        """,
    ),
)
