"""Log: each line to the letter."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_FROM = "from scache socket"
_MALFORMED = "log warning: malformed numerical data from scache socket while reading input attribute value:"
_BAD_DEST = "log warning: scache_save_dest_service: bad or missing request parameter"

CASES = (
    case(
        "log/silence/1",
        "Requests that are served log nothing.",
        "log.silence",
        """
        save_dest D DP E
        save_endp E P A
        find_dest D = DP P A
        find_endp E = miss
        find_dest D = miss
        close
        log nothing
        """,
    ),
    case(
        "log/bad/1",
        "Each of the four requests names its own service when its parameters are bad.",
        "log.bad log.missing",
        """
        >> request=save_endp .
        << status=1 .
        >> request=find_endp .
        << status=1 property= .
        >> request=save_dest .
        << status=1 .
        >> request=find_dest .
        << status=1 property= property= .
        log warning: missing attribute ttl in input from scache socket
        log warning: scache_save_endp_service: bad or missing request parameter
        log warning: missing attribute label in input from scache socket
        log warning: scache_find_endp_service: bad or missing request parameter
        log warning: missing attribute ttl in input from scache socket
        log warning: scache_save_dest_service: bad or missing request parameter
        log warning: missing attribute label in input from scache socket
        log warning: scache_find_dest_service: bad or missing request parameter
        """,
    ),
    case(
        "log/missing/1",
        "A missing attribute is named: the first that is wanted and not there.",
        "log.missing",
        f"""
        >> request=save_dest ttl=2 label=D .
        << status=1 .
        log warning: missing attribute property in input {_FROM}
        {_BAD_DEST}
        """,
    ),
    case(
        "log/unexpected/1",
        "An unexpected attribute is named, with the one that was wanted.",
        "log.unexpected",
        f"""
        >> request=save_dest ttl=2 label=D 'foo\\0'
        << status=1 .
        log warning: unexpected attribute foo {_FROM} (expecting: property)
        {_BAD_DEST}
        """,
    ),
    case(
        "log/unexpected/2",
        "Behind the last attribute the list terminator is what was wanted.",
        "log.unexpected scanner.extra",
        f"""
        >> request=save_dest ttl=2 label=D property=DP label=E 'foo\\0'
        << status=0 .
        log warning: unexpected attribute foo {_FROM} (expecting: (list terminator))
        """,
    ),
    case(
        "log/unexpected/3",
        "Bytes of a name that don't print become question marks.",
        "log.printable log.unexpected",
        rf"""
        >> 'a\x01b\x7fc\n\0'
        << nothing
        log warning: unexpected attribute a?b?c? {_FROM} (expecting: request)
        """,
    ),
    case(
        "log/malformed/1",
        "The text of a malformed number is shown up to its first 100 bytes.",
        "log.malformed",
        f"""
        >> request=save_dest ttl="x"*200
        << status=1 .
        {_MALFORMED} 'x'*100
        {_BAD_DEST}
        """,
    ),
    case(
        "log/malformed/2",
        "Bytes of a malformed number that don't print become question marks.",
        "log.malformed log.printable",
        rf"""
        >> request=save_dest ttl="5\x01\x02\t"
        << status=1 .
        {_MALFORMED} 5???
        {_BAD_DEST}
        """,
    ),
    case(
        "log/unknown/1",
        "An unknown request is named in quotes.",
        "log.unknown",
        """
        >> request="no such request"
        << status=1 .
        log warning: unrecognized request: "no such request", ignored
        """,
    ),
    case(
        "log/unknown/5",
        "What would be a format in C is shown as it is.",
        "log.unknown",
        """
        >> request=%s%n%d%%
        << status=1 .
        log warning: unrecognized request: "%s%n%d%%", ignored
        >> request=find_endp %n=%s .
        << status=1 property= .
        log warning: unexpected attribute %n from scache socket (expecting: label)
        log warning: scache_find_endp_service: bad or missing request parameter
        """,
        whole="bytes behind the unexpected name go with the reply only where they have come",
    ),
    case(
        "log/unknown/2",
        "Bytes of an unknown request that don't print become question marks.",
        "log.unknown log.printable",
        r"""
        >> request="a\x1b[0m"
        << status=1 .
        log warning: unrecognized request: "a?[0m", ignored
        """,
    ),
    case(
        "log/unknown/3",
        "UTF-8 is shown as it is (as question marks where it isn't supported), the rest as question marks.",
        "log.unknown log.printable",
        r"""
        >> request="\xc3\xa9\xff"
        << status=1 .
        log warning: unrecognized request: "é?", ignored
        or log warning: unrecognized request: "???", ignored
        """,
    ),
    case(
        "log/unknown/4",
        "What looks like UTF-8 is shown, to Postfix 3.7 valid or not, from 3.10 on only if it is.",
        "log.printable",
        r"""
        >> request="\xed\xa0\x80 \xf8\xb1 \xc3\xa9\x80 \xc3x \x80 \xc1\xa9 \xff \x7f"
        << status=1 .
        log 'warning: unrecognized request: "\xed\xa0\x80 \xf8\xb1 \xc3\xa9\x80 ?x ? ?? ? ?", ignored'
        or log 'warning: unrecognized request: "??? ?? \xc3\xa9? ?x ? ?? ? ?", ignored'
        or log 'warning: unrecognized request: "??? ?? ??? ?x ? ?? ? ?", ignored'
        """,
    ),
    case(
        "log/end/1",
        "End of input before a name, where one is wanted: premature, name.",
        "log.premature",
        """
        >> request=find_endp label=E
        shutdown
        << status=1 property= . end
        log warning: premature end-of-input on scache socket while reading input attribute name
        log warning: scache_find_endp_service: bad or missing request parameter
        """,
    ),
    case(
        "log/end/2",
        "End of input before a value: premature, value.",
        "log.premature",
        r"""
        >> request=find_endp 'label\0'
        shutdown
        << status=1 property= . end
        log warning: premature end-of-input on scache socket while reading input attribute value
        log warning: scache_find_endp_service: bad or missing request parameter
        """,
    ),
    case(
        "log/end/3",
        "End of input inside a name: unexpected, name.",
        "log.cut",
        """
        >> request=find_endp 'labe'
        shutdown
        << status=1 property= . end
        log warning: unexpected end-of-input from scache socket while reading input attribute name
        log warning: scache_find_endp_service: bad or missing request parameter
        """,
    ),
    case(
        "log/end/4",
        "End of input inside a value: unexpected, value.",
        "log.cut",
        r"""
        >> request=find_endp 'label\0E'
        shutdown
        << status=1 property= . end
        log warning: unexpected end-of-input from scache socket while reading input attribute value
        log warning: scache_find_endp_service: bad or missing request parameter
        """,
    ),
    case(
        "log/end/5",
        "A string that ends in byte 255 before the end of input passes for one that isn't there: premature.",
        "log.premature log.cut",
        r"""
        >> request=find_endp 'label\0E\xff'
        shutdown
        << status=1 property= . end
        log warning: premature end-of-input on scache socket while reading input attribute value
        log warning: scache_find_endp_service: bad or missing request parameter
        b: >> request=find_endp 'lab\xff'
        b: shutdown
        b: << status=1 property= . end
        log warning: premature end-of-input on scache socket while reading input attribute name
        log warning: scache_find_endp_service: bad or missing request parameter
        c: >> request=find_endp 'label\0\xff\xfe'
        c: shutdown
        c: << status=1 property= . end
        log warning: unexpected end-of-input from scache socket while reading input attribute value
        log warning: scache_find_endp_service: bad or missing request parameter
        d: >> '\xff'
        d: close
        log warning: premature end-of-input on scache socket while reading input attribute name
        """,
    ),
    case(
        "log/timeout/1",
        "The time limit before a value: a warning of a timeout.",
        "log.timeout config.ipc-timeout",
        r"""
        >> 'request\0'
        advance 1
        log warning: timeout on scache socket while reading input attribute value
        """,
        options={"ipc_timeout": "1s"},
        whole="each byte starts the time limit anew",
    ),
    case(
        "log/timeout/2",
        "The time limit before a name: a warning of a timeout, and one of the request.",
        "log.timeout config.ipc-timeout",
        """
        >> request=find_endp label=E
        advance 1
        log warning: timeout on scache socket while reading input attribute name
        log warning: scache_find_endp_service: bad or missing request parameter
        << status=1 property= . end
        or << nothing
        """,
        options={"ipc_timeout": "1s"},
        whole="each byte starts the time limit anew",
    ),
    case(
        "log/timeout/3",
        "The time limit inside a string: the warning is that of an end of input.",
        "log.timeout log.cut",
        r"""
        >> 'request\0find'
        advance 1
        log warning: unexpected end-of-input from scache socket while reading input attribute value
        """,
        options={"ipc_timeout": "1s"},
        whole="each byte starts the time limit anew",
    ),
    case(
        "log/timeout/4",
        "The time limit behind byte 255: a warning of a timeout.",
        "log.timeout",
        r"""
        >> 'request\0find\xff'
        advance 1
        log warning: timeout on scache socket while reading input attribute value
        """,
        options={"ipc_timeout": "1s"},
        whole="each byte starts the time limit anew",
    ),
    case(
        "log/descriptor/1",
        "A descriptor that doesn't come is a warning of save_endp's service.",
        "log.not-received",
        """
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> []
        << status=2 .
        log warning: scache_save_endp_service: unable to receive file descriptor: REASON
        """,
    ),
    case(
        "log/descriptor/2",
        "A descriptor that can't be handed out is a warning of the find's service.",
        "log.not-sent",
        """
        save_dest D DP E
        save_endp E P A
        >> request=find_dest label=D .
        << status=0 property=DP property=P .
        >> .
        << nothing
        log warning: missing attribute dummy in input from scache socket
        log warning: scache_find_dest_service: cannot send file descriptor: REASON
        """,
    ),
)
