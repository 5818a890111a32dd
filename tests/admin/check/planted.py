"""Configurations with one mistake each, and the finding that it has to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from scache.admin.check.catalogue import findings
from scache.admin.check.files import HERE
from scache.admin.check.finding import Finding
from scache.admin.configuration import Configuration
from scache.admin.sources import from_directory
from scache.admin.tools import Tools
from tests.support.configuration import settle

__all__ = ["GOOD", "PLANTED", "Planted", "found", "write"]

GOOD = """\
smtp      unix  -  -  n  -  -  smtp
relay     unix  -  -  n  -  -  smtp
lmtp      unix  -  -  n  -  -  lmtp
local     unix  -  n  n  -  -  local
virtual   unix  -  n  n  -  -  virtual
scache    unix  -  -  n  -  1  scache
tlsproxy  unix  -  -  n  -  0  tlsproxy
tlsmgr    unix  -  -  n  -  1  tlsmgr
postlog   unix-dgram n - n - 1 postlogd
proxymap  unix  -  -  n  -  -  proxymap
"""


@dataclass(frozen=True)
class Planted:
    """A mistake. {} in a text is the directory of the configuration."""

    id: str
    main_cf: str = ""
    master_cf: str = GOOD
    count: int = 1
    judge: tuple[str, str] | None = None
    """A program, and what the real one logs when it starts with this configuration, and not with the cure."""
    files: dict[str, str] = field(default_factory=dict)


def without(name: str) -> str:
    """The good master.cf without a service."""
    return "".join(line for line in GOOD.splitlines(True) if not line.startswith(f"{name} "))


def commented(name: str) -> str:
    """The good master.cf with a service as a comment."""
    return GOOD.replace(f"{name} ", f"#{name} ")


def replaced(name: str, entry: str) -> str:
    """The good master.cf with another entry."""
    return without(name) + entry + "\n"


_TOOLS = Tools.installed()
TLS = "smtp_tls_security_level = may\nsmtp_tls_connection_reuse = yes\n"
CLIENT = "tlsproxy_client_security_level = may\n"
LIST = "smtp_connection_cache_destinations = "
PROXIED = "proxy_read_maps = proxy:static:all\nsmtp_connection_cache_destinations = proxy:static:all\n"
SMTP, SCACHE = "smtp", "scache"

PLANTED = {
    # Services on the way.
    "cache missing": Planted("cache-missing", "", without("scache")),
    "cache under another name": Planted("cache-missing", "connection_cache_service_name = cache\n"),
    "cache of one agent under another name": Planted(
        "cache-missing", "", GOOD + "slow unix - - n - - smtp\n -o connection_cache_service_name=cache\n"
    ),
    "cache commented out": Planted("cache-commented-out", "", commented("scache")),
    "cache commented out with spaces": Planted(
        "cache-commented-out", "", GOOD.replace("scache ", "# scache ", 1)
    ),
    "cache commented out, with a limit that it refuses": Planted(
        "cache-commented-out", "", without("scache") + "#scache unix - - n - - scache\n"
    ),
    "cache switched off": Planted("cache-switched-off", "master_service_disable = inet, scache/unix\n"),
    "cache switched off, in the old notation": Planted(
        "cache-switched-off", "master_service_disable = SCACHE.unix\n"
    ),
    "tlsproxy switched off": Planted(
        "tlsproxy-switched-off", TLS + "master_service_disable = tlsproxy/unix\n"
    ),
    "tlsmgr switched off": Planted("tlsmgr-switched-off", TLS + "master_service_disable = tlsmgr/unix\n"),
    "proxymap switched off": Planted(
        "proxymap-switched-off", PROXIED + "master_service_disable = proxymap/unix\n"
    ),
    "postlog switched off": Planted(
        "postlog-switched-off", "maillog_file = /dev/stdout\nmaster_service_disable = unix-dgram\n"
    ),
    "a transport that is asked for switched off": Planted(
        "agent-switched-off", "master_service_disable = smtp/unix\n"
    ),
    "cache twice": Planted("cache-twice", "", GOOD + "scache unix - - n - 1 scache -v\n"),
    "cache without limit": Planted(
        "cache-process-limit", "", replaced("scache", "scache unix - - n - 0 scache")
    ),
    "cache with the default limit": Planted(
        "cache-process-limit", "", replaced("scache", "scache unix - - n - - scache")
    ),
    "cache with two processes": Planted(
        "cache-process-limit", "", replaced("scache", "scache unix - - n - 2 scache")
    ),
    "cache public": Planted("cache-private", "", replaced("scache", "scache unix n - n - 1 scache")),
    "cache of another type": Planted("cache-type", "", replaced("scache", "scache fifo - - n - 1 scache")),
    "cache runs another program": Planted(
        "cache-program", "", replaced("scache", "scache unix - - n - 1 anvil")
    ),
    "cache's program missing": Planted(
        "cache-program-missing",
        "daemon_directory = {}/daemons\n",
        files={f"daemons/{name}": "" for name in ("smtp", "lmtp", "tlsproxy", "tlsmgr", "local", "postlogd")},
    ),
    "cache's program may not be executed": Planted(
        "cache-program-missing",
        "daemon_directory = {}/daemons\n",
        files={
            "daemons/scache": "not executable",
            **{f"daemons/{name}": "" for name in ("smtp", "lmtp", "tlsmgr", "local", "postlogd")},
        },
    ),
    "proxymap missing": Planted("proxymap-missing", PROXIED, without("proxymap")),
    "proxymap missing, for a table of routes": Planted(
        "proxymap-missing", "transport_maps = proxy:static:smtp:\n", without("proxymap")
    ),
    "proxymap of one agent under another name": Planted(
        "proxymap-name", PROXIED, GOOD + "slow unix - - n - - smtp\n -o proxymap_service_name=tables\n"
    ),
    "proxymap under another name": Planted(
        "proxymap-name",
        f"{PROXIED}proxymap_service_name = tables\n",
        replaced("proxymap", "tables unix - - n - - proxymap"),
    ),
    "proxymap commented out": Planted("proxymap-commented-out", PROXIED, commented("proxymap")),
    "proxymap twice": Planted("proxymap-twice", PROXIED, GOOD + "proxymap unix - - n - - proxymap\n"),
    "proxymap public": Planted(
        "proxymap-private", PROXIED, replaced("proxymap", "proxymap unix n - n - - proxymap")
    ),
    "proxymap of another type": Planted(
        "proxymap-type", PROXIED, replaced("proxymap", "proxymap fifo - - n - - proxymap")
    ),
    "proxymap runs another program": Planted(
        "proxymap-program", PROXIED, replaced("proxymap", "proxymap unix - - n - - anvil")
    ),
    "proxymap's program missing": Planted(
        "proxymap-program-missing",
        PROXIED + "daemon_directory = {}/daemons\n",
        files={f"daemons/{name}": "" for name in ("smtp", "lmtp", "scache", "tlsmgr", "local", "postlogd")},
    ),
    "tlsproxy missing": Planted("tlsproxy-missing", TLS, without("tlsproxy")),
    "tlsproxy commented out": Planted("tlsproxy-commented-out", TLS, commented("tlsproxy")),
    "tlsproxy commented out, for lmtp": Planted(
        "tlsproxy-commented-out", CLIENT + TLS.replace("smtp_", "lmtp_"), commented("tlsproxy")
    ),
    "tlsproxy commented out, for one agent": Planted(
        "tlsproxy-commented-out",
        CLIENT,
        commented("tlsproxy")
        + "safe unix - - n - - smtp\n -o smtp_tls_security_level=encrypt -o smtp_tls_connection_reuse=yes\n",
    ),
    "tlsproxy commented out, TLS by policy": Planted(
        "tlsproxy-commented-out",
        "smtp_tls_policy_maps = inline:{{example.net = encrypt}}\nsmtp_tls_connection_reuse = YES\n",
        commented("tlsproxy"),
    ),
    "tlsproxy commented out, reuse by policy": Planted(
        "tlsproxy-commented-out",
        "smtp_tls_policy_maps = inline:{{example.net = encrypt connection_reuse=yes}}\n",
        commented("tlsproxy"),
    ),
    "tlsproxy twice": Planted("tlsproxy-twice", TLS, GOOD + "tlsproxy unix - - n - 0 tlsproxy\n"),
    "tlsproxy with the default limit": Planted(
        "tlsproxy-process-limit", TLS, replaced("tlsproxy", "tlsproxy unix - - n - - tlsproxy")
    ),
    "tlsproxy with a limit of 1": Planted(
        "tlsproxy-process-limit", TLS, replaced("tlsproxy", "tlsproxy unix - - n - 1 tlsproxy")
    ),
    "tlsproxy public": Planted(
        "tlsproxy-private", TLS, replaced("tlsproxy", "tlsproxy unix n - n - 0 tlsproxy")
    ),
    "tlsproxy of another type": Planted(
        "tlsproxy-type", TLS, replaced("tlsproxy", "tlsproxy fifo - - n - 0 tlsproxy")
    ),
    "tlsproxy runs another program": Planted(
        "tlsproxy-program", TLS, replaced("tlsproxy", "tlsproxy unix - - n - 0 smtp")
    ),
    "tlsproxy's program missing": Planted(
        "tlsproxy-program-missing",
        TLS + "daemon_directory = {}/daemons\n",
        files={f"daemons/{name}": "" for name in ("smtp", "lmtp", "scache", "tlsmgr", "local", "postlogd")},
    ),
    "tlsmgr missing": Planted(
        "tlsmgr-missing", TLS, without("tlsmgr"), judge=(SMTP, "disabling TLS support")
    ),
    "tlsmgr commented out": Planted("tlsmgr-commented-out", TLS, commented("tlsmgr")),
    "tlsmgr twice": Planted("tlsmgr-twice", TLS, GOOD + "tlsmgr unix - - n - 1 tlsmgr\n"),
    "tlsmgr without limit": Planted(
        "tlsmgr-process-limit", TLS, replaced("tlsmgr", "tlsmgr unix - - n - 0 tlsmgr")
    ),
    "tlsmgr public": Planted("tlsmgr-private", TLS, replaced("tlsmgr", "tlsmgr unix n - n - 1 tlsmgr")),
    "tlsmgr as before 2.2": Planted("tlsmgr-type", TLS, replaced("tlsmgr", "tlsmgr fifo - - n 300 1 tlsmgr")),
    "tlsmgr runs another program": Planted(
        "tlsmgr-program", TLS, replaced("tlsmgr", "tlsmgr unix - - n - 1 anvil")
    ),
    "tlsmgr's program missing": Planted(
        "tlsmgr-program-missing",
        TLS + "daemon_directory = {}/daemons\n",
        files={f"daemons/{name}": "" for name in ("smtp", "lmtp", "scache", "tlsproxy", "local", "postlogd")},
    ),
    "postlog missing": Planted("postlog-missing", "maillog_file = /dev/stdout\n", without("postlog")),
    "postlog commented out": Planted(
        "postlog-commented-out", "maillog_file = /dev/stdout\n", commented("postlog")
    ),
    "postlog twice": Planted(
        "postlog-twice", "maillog_file = /dev/stdout\n", GOOD + "postlog unix-dgram n - n - 1 postlogd\n"
    ),
    "postlog without limit": Planted(
        "postlog-process-limit",
        "maillog_file = /dev/stdout\n",
        replaced("postlog", "postlog unix-dgram n - n - - postlogd"),
    ),
    "postlog private": Planted(
        "postlog-private",
        "maillog_file = /dev/stdout\n",
        replaced("postlog", "postlog unix-dgram - - n - 1 postlogd"),
    ),
    "postlog of another type": Planted(
        "postlog-type", "maillog_file = /dev/stdout\n", replaced("postlog", "postlog unix n - n - 1 postlogd")
    ),
    "postlog as others are": Planted(
        "postlog-type", "maillog_file = /dev/stdout\n", replaced("postlog", "postlog unix - - n - - postlogd")
    ),
    "postlog runs another program": Planted(
        "postlog-program",
        "maillog_file = /dev/stdout\n",
        replaced("postlog", "postlog unix-dgram n - n - 1 anvil"),
    ),
    "postlog's program missing": Planted(
        "postlog-program-missing",
        "maillog_file = /dev/stdout\ndaemon_directory = {}/daemons\n",
        files={f"daemons/{name}": "" for name in ("smtp", "lmtp", "scache", "tlsproxy", "local", "tlsmgr")},
    ),
    "a transport that isn't there": Planted("agent-missing", "virtual_transport = dovecot:unix:x\n"),
    "a transport of a table that isn't there": Planted(
        "agent-missing", "transport_maps = inline:{{example.com = slow:[192.0.2.1]}}\n"
    ),
    "the relay transport missing, with domains for it": Planted(
        "agent-missing", "relay_domains = example.com\n", without("relay")
    ),
    "a filter that isn't there": Planted("agent-missing", "content_filter = amavis:[127.0.0.1]:10024\n"),
    "mailboxes by a transport that isn't there": Planted(
        "agent-missing", "mailbox_transport = lmtp:unix:private/lmtp\n", without("lmtp")
    ),
    "a sender's transport that isn't there": Planted(
        "agent-missing", "sender_dependent_default_transport_maps = inline:{{@a.example=out:}}\n"
    ),
    "a transport that isn't there, with a pause": Planted(
        "agent-missing",
        "slow_destination_rate_delay = 1s\ntransport_maps = inline:{{a.example=slow:[192.0.2.1]}}\n",
    ),
    "the default transport missing": Planted("agent-missing", "", without("smtp")),
    "a transport commented out": Planted(
        "agent-commented-out", "default_transport = slow\n", GOOD + "#slow unix - - n - 2 smtp\n"
    ),
    "a delivery agent twice": Planted("agent-twice", "", GOOD + "smtp unix - - n - 5 smtp\n"),
    "a delivery agent public": Planted("agent-private", "", replaced("smtp", "smtp unix n - n - - smtp")),
    "a transport of another type": Planted(
        "agent-type", "relay_transport = slow\n", GOOD + "slow fifo - - n - - smtp\n"
    ),
    "a delivery agent's program missing": Planted(
        "agent-program-missing",
        "daemon_directory = {}/daemons\n",
        files={f"daemons/{name}": "" for name in ("lmtp", "scache", "tlsproxy", "local", "tlsmgr")},
        count=2,
    ),
    # Lines.
    "a line without =": Planted("unreadable-line", "smtp_connection_cache_on_demand yes\n"),
    "an entry of seven fields": Planted("unreadable-line", "", GOOD + "slow unix - - n - smtp\n"),
    "an option with white space": Planted(
        "unreadable-option",
        CLIENT,
        GOOD + "slow unix - - n - - smtp\n -o smtp_tls_security_level = encrypt\n"
        " -o smtp_tls_connection_reuse=yes\n",
    ),
    "an option without a value": Planted(
        "unreadable-option",
        "",
        replaced("scache", "scache unix - - n - 1 scache -o connection_cache_ttl_limit"),
    ),
    "an option without its -o": Planted(
        "unreadable-option",
        "",
        replaced("relay", "relay unix - - n - - smtp -o syslog_name=r smtp_helo_timeout=5s"),
    ),
    # Values.
    "a time limit of 0": Planted(
        "value-ends-the-agent",
        "smtp_connection_cache_time_limit = 0\n",
        judge=(SMTP, "fatal: invalid smtp_connection_cache_time_limit: 0 (min 1)"),
    ),
    "a time limit of 0, with -o": Planted(
        "value-ends-the-agent",
        "",
        GOOD + "slow unix - - n - - smtp\n -o smtp_connection_cache_time_limit=0\n",
    ),
    "a time limit of 0 by reference": Planted(
        "value-ends-the-agent",
        "smtp_connection_cache_time_limit = ${smtp_connection_reuse_count_limit}s\n",
        judge=(SMTP, "fatal: invalid smtp_connection_cache_time_limit: 0 (min 1)"),
    ),
    "a time with a unit that isn't": Planted(
        "value-ends-the-agent",
        "smtp_connection_reuse_time_limit = 5 minutes\n",
        judge=(SMTP, "fatal: parameter smtp_connection_reuse_time_limit: bad time value or unit: 5 minutes"),
    ),
    "a boolean that isn't": Planted(
        "value-ends-the-agent",
        "smtp_connection_cache_on_demand = true\n",
        judge=(SMTP, "fatal: bad boolean configuration: smtp_connection_cache_on_demand = true"),
    ),
    "an empty boolean": Planted(
        "value-ends-the-agent",
        "smtp_tls_connection_reuse =\n",
        judge=(SMTP, "fatal: bad boolean configuration: smtp_tls_connection_reuse = "),
    ),
    "a rate of 0": Planted(
        "value-ends-the-agent",
        "smtp_min_data_rate = 0\n",
        judge=(SMTP, "fatal: invalid smtp_min_data_rate parameter value 0 < 1"),
    ),
    "a count with a unit": Planted(
        "value-ends-the-agent",
        "smtp_connection_reuse_count_limit = 10s\n",
        judge=(SMTP, "fatal: bad numerical configuration: smtp_connection_reuse_count_limit = 10s"),
    ),
    "an empty service name": Planted(
        "value-ends-the-agent",
        "tlsproxy_service_name =\n",
        judge=(SMTP, "fatal: bad string length 0 < 1: tlsproxy_service_name = "),
    ),
    "a TLS level that isn't": Planted(
        "value-ends-the-agent",
        "smtp_tls_security_level = required\n",
        judge=(SMTP, 'fatal: Invalid TLS level "required"'),
    ),
    "a login without passwords": Planted(
        "value-ends-the-agent",
        "smtp_sasl_auth_enable = yes\n",
        judge=(
            SMTP,
            "fatal: specify a password table via the `smtp_sasl_password_maps' configuration parameter",
        ),
    ),
    "a lookup that isn't": Planted(
        "value-ends-the-agent",
        "smtp_host_lookup = dns, hosts\n",
        judge=(SMTP, 'fatal: unknown smtp_host_lookup value "hosts" in "dns, hosts"'),
    ),
    "a DNS support level that isn't": Planted(
        "value-ends-the-agent",
        "smtp_dns_support_level = yes\n",
        judge=(SMTP, 'fatal: invalid smtp_dns_support_level: "yes"'),
    ),
    "an address preference that isn't": Planted(
        "value-ends-the-agent",
        "smtp_address_preference = inet\n",
        judge=(SMTP, "fatal: bad smtp_address_preference value: inet"),
    ),
    "a protocol in capitals": Planted(
        "value-ends-every-program",
        "inet_protocols = IPv4\n",
        judge=(SMTP, 'fatal: unknown inet_protocols value "IPv4" in "IPv4"'),
    ),
    "an interface's name to connect from": Planted("value-ends-the-agent", "smtp_bind_address = eth1\n"),
    "a host to connect from, for one agent": Planted(
        "value-ends-the-agent",
        "smtp_bind_address = 192.0.2.1\n",
        GOOD + "slow unix - - n - - smtp\n -o smtp_bind_address6=localhost\n",
    ),
    "a comment behind a value": Planted(
        "value-ends-the-agent",
        TLS.replace("may", "encrypt # for everybody"),
        judge=(SMTP, 'fatal: Invalid TLS level "encrypt # for everybody"'),
    ),
    "a value in quotes": Planted(
        "value-ends-the-agent",
        'smtp_connection_cache_on_demand = "yes"\n',
        judge=(SMTP, 'fatal: bad boolean configuration: smtp_connection_cache_on_demand = "yes"'),
    ),
    "two settings on a line": Planted(
        "value-ends-the-agent",
        "smtp_connection_cache_on_demand = yes; x = y\n",
        judge=(SMTP, "fatal: bad boolean configuration: smtp_connection_cache_on_demand = yes; x = y"),
    ),
    "minutes written out": Planted(
        "value-ends-the-agent",
        "smtp_connection_reuse_time_limit = 10 minutes\n",
        judge=(SMTP, "fatal: parameter smtp_connection_reuse_time_limit: bad time value or unit: 10 minutes"),
    ),
    "a misspelt TLS level": Planted(
        "value-ends-the-agent",
        "smtp_tls_security_level = encrpyt\n",
        judge=(SMTP, 'fatal: Invalid TLS level "encrpyt"'),
    ),
    "a comma behind an option": Planted(
        "value-ends-the-agent",
        TLS,
        GOOD + "slow unix - - n - - smtp\n -o smtp_tls_security_level=encrypt, -o smtp_helo_timeout=9s\n",
    ),
    "a login of the other kind": Planted(
        "value-ends-the-agent",
        "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = static:u:secret\nsmtp_sasl_type = dovecot\n",
        judge=(SMTP, "fatal: SASL library initialization"),
    ),
    "an expression's $ in a list": Planted(
        "value-ends-the-agent",
        f"{LIST}regexp:{{{{/example[.]com$/ x}}}}\n",
        judge=(SMTP, "fatal: dictionary mail_dict: macro processing error"),
    ),
    "a reference that doesn't end": Planted(
        "value-ends-every-program",
        "relayhost = ${relay\n",
        judge=(SMTP, "fatal: dictionary mail_dict: macro processing error"),
    ),
    "half a second between deliveries": Planted(
        "value-ends-the-queue-manager",
        "default_destination_rate_delay = 0.5s\n",
        judge=("qmgr", "fatal: parameter default_destination_rate_delay: bad time value or unit: 0.5s"),
    ),
    "half a second between deliveries of one transport": Planted(
        "value-ends-the-queue-manager", "smtp_destination_rate_delay = .5s\n"
    ),
    "no concurrency to begin with": Planted(
        "value-ends-the-queue-manager",
        "initial_destination_concurrency = 0\n",
        judge=("qmgr", "fatal: invalid initial_destination_concurrency parameter value 0 < 1"),
    ),
    "lmtp's time limit": Planted(
        "value-ends-the-agent",
        "lmtp_connection_cache_time_limit = 0s\n",
        judge=("lmtp", "fatal: invalid lmtp_connection_cache_time_limit: 0 (min 1)"),
    ),
    "the cache's limit of 0": Planted(
        "value-ends-the-cache",
        "connection_cache_ttl_limit = 0\n",
        judge=(SCACHE, "fatal: invalid connection_cache_ttl_limit: 0 (min 1)"),
    ),
    "the cache's limit of 0, with -o": Planted(
        "value-ends-the-cache",
        "",
        replaced("scache", "scache unix - - n - 1 scache\n -o connection_cache_ttl_limit=0"),
    ),
    "the cache's statistics without unit": Planted(
        "value-ends-the-cache",
        "connection_cache_status_update_time = ten\n",
        judge=(SCACHE, "fatal: parameter connection_cache_status_update_time: bad time value or unit: ten"),
    ),
    "tlsproxy's watchdog": Planted(
        "value-ends-tlsproxy",
        TLS + "tlsproxy_watchdog_timeout = 5s\n",
        judge=("tlsproxy", "fatal: invalid tlsproxy_watchdog_timeout: 5 (min 10)"),
    ),
    "an idle time of 0": Planted(
        "value-ends-every-program", "max_idle = 0\n", judge=(SMTP, "fatal: invalid max_idle: 0 (min 1)")
    ),
    "a delay above its limit": Planted(
        "value-ends-every-program",
        "in_flow_delay = 11s\n",
        judge=(SMTP, "fatal: invalid in_flow_delay: 11 (max 10)"),
    ),
    "a value that leads to itself": Planted(
        "value-ends-every-program",
        "max_use = ${max_use}\n",
        judge=(SMTP, "fatal: dictionary mail_dict: macro processing error"),
    ),
    # Destinations.
    "brackets": Planted("list-brackets", f"{LIST}[mx.example.org]\n"),
    "brackets and a port": Planted("list-brackets", f"{LIST}example.com, [mx.example.org]:587\n"),
    "brackets and a named port, by relayhost": Planted(
        "list-brackets", f"relayhost = [mail.example.com]:submission\n{LIST}$relayhost\n"
    ),
    "brackets around an address": Planted("list-brackets", f"{LIST}[192.0.2.1]\n"),
    "brackets around IPv6 addresses": Planted(
        "list-brackets", f"relayhost = [::1]:10025\n{LIST}$relayhost, [2001:db8::25]\n", count=2
    ),
    "a network": Planted("list-wildcard", f"{LIST}192.0.2.0/24, example.com\n"),
    "a network of IPv6 addresses": Planted("list-not-a-table", f"{LIST}2001:db8::/32\n"),
    "quotes": Planted("list-address", f'{LIST}"example.com"\n'),
    "semicolons": Planted("list-address", f"{LIST}example.com; example.net\n"),
    "a comment in the list": Planted(
        "list-address",
        f"{LIST}example.com, # the slow one\n",
        judge=(SMTP, "comment at end of line is not supported"),
    ),
    "a socket for smtp": Planted(
        "list-address", f"virtual_transport = lmtp:unix:private/lmtp\n{LIST}private/lmtp, example.com\n"
    ),
    "a socket's name without its folder": Planted(
        "list-address",
        "mailbox_transport = lmtp:unix:private/lmtp\nlmtp_connection_cache_destinations = lmtp\n",
    ),
    "a socket's path from outside the chroot": Planted(
        "list-file-missing",
        "virtual_transport = lmtp:unix:private/lmtp\n"
        "lmtp_connection_cache_destinations = /var/spool/nowhere/private/lmtp\n",
    ),
    "a URL": Planted(
        "list-not-a-table",
        f"{LIST}smtp://mx.example.com\n",
        judge=(SMTP, "unsupported dictionary type: smtp"),
    ),
    "an expression without a type": Planted(
        "list-file-missing", f"{LIST}/^mx.*[.]example[.]com/\n", judge=(SMTP, "error: open file /^mx")
    ),
    "a table without a name": Planted(
        "list-ends-the-program",
        f"{LIST}static:\n",
        judge=(SMTP, 'expecting "type:name" form instead of "static:"'),
    ),
    "a table that proxymap refuses": Planted(
        "list-table-unusable", f"{LIST}proxy:texthash:{{}}/names\n", files={"names": "example.com x\n"}
    ),
    "a table of the configuration's directory": Planted(
        "list-table-key",
        f"{LIST}texthash:$config_directory/names\n",
        files={"names": "example.com\na.example x\n"},
    ),
    "an inline table without values": Planted(
        "list-table-unusable",
        f"{LIST}inline:{{{{example.com, example.net}}}}\n".replace("{{", "{").replace("}}", "}"),
        judge=(SMTP, "error: missing '=' after attribute name"),
    ),
    "a file without values": Planted(
        "list-table-key",
        f"{LIST}texthash:{{}}/names\n",
        files={"names": "example.com\n"},
        judge=(SMTP, "expected format: key whitespace value"),
    ),
    "an expression with brackets": Planted(
        "list-table-key", f"{LIST}regexp:{{}}/names\n", files={"names": r"/^\[mx[.]example\]:25/ x" + "\n"}
    ),
    "a name among networks": Planted(
        "list-table-key",
        f"{LIST}cidr:{{}}/names\n",
        files={"names": "192.0.2.0/24 x\nexample.com x\n"},
    ),
    "an excluded table behind all": Planted(
        "list-order", f"{LIST}static:all, !inline:{{{{slow.example=x}}}}\n"
    ),
    "all excluded first": Planted("list-order", f"{LIST}!static:all, example.com\n"),
    "brackets in an included file": Planted(
        "list-brackets",
        f"{LIST}example.com, {{}}/names\n",
        files={"names": "# ours\na.example\n[b.example]:25\n"},
    ),
    "an excluded name with a port": Planted("list-brackets", f"{LIST}![slow.example]:25, static:all\n"),
    "a bare IPv6 address": Planted(
        "list-ends-the-program",
        f"{LIST}::1\n",
        judge=(SMTP, 'fatal: open dictionary: expecting "type:name" form instead of "::1"'),
    ),
    "a port alone": Planted(
        "list-ends-the-program",
        f"{LIST}example.com :25\n",
        judge=(SMTP, 'fatal: open dictionary: expecting "type:name" form instead of ":25"'),
    ),
    "! alone": Planted(
        "list-ends-the-program",
        f"{LIST}! example.com, static:all\n",
        judge=(SMTP, "no pattern after '!'"),
    ),
    "a directory": Planted(
        "list-ends-the-program", f"{LIST}{{}}\n", judge=(SMTP, "fatal: match_list_parse: read file ")
    ),
    "a bare IPv6 address of another kind": Planted(
        "list-not-a-table", f"{LIST}2001:db8::25\n", judge=(SMTP, "unsupported dictionary type: 2001")
    ),
    "a port": Planted(
        "list-not-a-table", f"{LIST}relay.example:25\n", judge=(SMTP, "unsupported dictionary type")
    ),
    "a named port": Planted(
        "list-not-a-table", f"{LIST}relay.example:smtp\n", judge=(SMTP, "unsupported dictionary type")
    ),
    "a transport and next hop": Planted(
        "list-not-a-table",
        f"{LIST}smtp:[relay.example]:25\n",
        judge=(SMTP, "unsupported dictionary type: smtp"),
    ),
    "a transport and domain": Planted("list-not-a-table", f"{LIST}relay:example.com\n"),
    "a socket": Planted(
        "list-not-a-table",
        "virtual_transport = lmtp:unix:private/dovecot-lmtp\n"
        "lmtp_connection_cache_destinations = unix:private/dovecot-lmtp\n",
        judge=("lmtp", "unknown table: unix:private/dovecot-lmtp"),
    ),
    "a socket by its path": Planted(
        "list-not-a-table",
        "virtual_transport = lmtp:unix:/run/dovecot/lmtp\n"
        "lmtp_connection_cache_destinations = unix:/run/dovecot/lmtp\n",
    ),
    "a socket by transport": Planted(
        "list-not-a-table",
        "virtual_transport = lmtp:unix:private/lmtp\nlmtp_connection_cache_destinations = "
        "$virtual_transport\n",
    ),
    "an internet address for lmtp": Planted(
        "list-not-a-table", "lmtp_connection_cache_destinations = inet:store.example:24\n"
    ),
    "a socket's path alone": Planted(
        "list-file-missing",
        "virtual_transport = lmtp:unix:/run/nowhere/lmtp\n"
        "lmtp_connection_cache_destinations = /run/nowhere/lmtp\n",
        judge=("lmtp", "open file /run/nowhere/lmtp"),
    ),
    "a file that is missing": Planted(
        "list-file-missing", f"{LIST}{{}}/names, example.com\n", judge=(SMTP, "open file ")
    ),
    "a table that wasn't made": Planted(
        "list-table-unusable", f"{LIST}hash:{{}}/names\n", judge=(SMTP, "names.db: No such file or directory")
    ),
    "a table whose source is there": Planted(
        "list-table-unusable", f"{LIST}hash:{{}}/names\n", files={"names": "example.com x\n"}
    ),
    "a byte order mark before a parameter": Planted(
        "byte-order-mark", files={"main.cf": "\ufeffsmtp_connection_cache_destinations = static:all\n"}
    ),
    "a byte order mark before a comment": Planted(
        "byte-order-mark", files={"main.cf": "\ufeff# made by an editor\ncompatibility_level = 3.6\n"}
    ),
    "a byte order mark before a service": Planted(
        "byte-order-mark", "", "\ufeffslow unix - - n - - smtp\n" + GOOD
    ),
    "a relative path to a table": Planted(
        "list-table-unusable",
        f"{LIST}hash:names\n",
        files={"../queue/names": "example.com x\n"},
        judge=(SMTP, "names.db: No such file or directory"),
    ),
    "a relative path to a table beside main.cf": Planted(
        "list-table-unusable", f"{LIST}texthash:names\n", files={"names": "example.com x\n"}
    ),
    "a file that begins with a byte order mark": Planted(
        "list-address", f"{LIST}{{}}/names\n", files={"names": "\ufeffexample.com\nexample.net\n"}
    ),
    "a table that begins with a byte order mark": Planted(
        "list-table-key", f"{LIST}texthash:{{}}/names\n", files={"names": "\ufeffexample.com x\n"}
    ),
    "a key with brackets": Planted("list-table-key", f"{LIST}inline:{{{{[mail.example.com]:587=x}}}}\n"),
    "a key with brackets in a file": Planted(
        "list-table-key", f"{LIST}texthash:{{}}/names\n", files={"names": "[mail.example.com]:587 x\n"}
    ),
    "a table of a type that isn't there": Planted("list-table-unusable", f"{LIST}ldap:{{}}/names\n"),
    "a table of a misspelt type": Planted(
        "list-table-unusable",
        f"{LIST}texthsh:{{}}/names\n",
        files={"names": "example.com x\n"},
        judge=(SMTP, "unsupported dictionary type: texthsh"),
    ),
    "a table of a type in capitals": Planted(
        "list-table-unusable", f"{LIST}STATIC:all\n", judge=(SMTP, "unsupported dictionary type: STATIC")
    ),
    "a number": Planted("list-address", f"{LIST}1000\n"),
    "a word for nothing": Planted("list-address", f"{LIST}None\n"),
    "semicolons without white space": Planted("list-address", f"{LIST}[example.com]:25;example.net\n"),
    "a list of another language": Planted("list-address", LIST + '["example.com", "example.net"]\n', count=2),
    "a template that nobody filled in": Planted("list-address", LIST + "{{ relay_host }}\n"),
    "a network in brackets": Planted("list-wildcard", f"{LIST}[fd00::]/64\n"),
    "an IPv6 address with its prefix": Planted("list-not-a-table", f"{LIST}IPv6:2001:db8::25\n"),
    "an IPv6 address with its prefix in brackets": Planted("list-brackets", f"{LIST}[IPv6:2001:db8::25]\n"),
    "a table of text that is missing": Planted("list-table-unusable", f"{LIST}texthash:{{}}/names\n"),
    "all by *": Planted("list-wildcard", f"{LIST}*\n"),
    "all by a word": Planted("list-wildcard", f"{LIST}ALL\n"),
    "all below a domain": Planted("list-wildcard", f"{LIST}*.example.com\n"),
    "all below a domain by a dot": Planted("list-wildcard", f"{LIST}.example.com\n"),
    "an address of a mailbox": Planted("list-address", f"{LIST}user@example.com\n"),
    "a domain with @": Planted("list-address", f"{LIST}@example.com\n"),
    "a trailing dot": Planted("list-address", f"{LIST}example.com.\n"),
    "exclusions only": Planted("list-only-exclusions", f"{LIST}!slow.example, !slower.example\n"),
    "an exclusion behind all": Planted("list-order", f"{LIST}static:all, !slow.example\n"),
    "an exclusion behind itself": Planted("list-order", f"{LIST}slow.example, !Slow.Example\n"),
    "domains of recipients, with a relayhost": Planted(
        "list-unasked", f"relayhost = [smtp.example.com]:587\n{LIST}example.net, example.org\n"
    ),
    "the relayhost's address": Planted(
        "list-unasked", f"relayhost = smtp.example.com\n{LIST}192.0.2.1, !slow.example\n"
    ),
    "the second of two relayhosts": Planted(
        "list-unasked", f"relayhost = [a.example]:587, [b.example]:587\n{LIST}b.example\n"
    ),
    "a domain that a table sends to a host": Planted(
        "list-unasked",
        f"transport_maps = texthash:{{}}/routes\n{LIST}inline:{{{{a.example=x}}}}\n",
        files={"routes": "a.example smtp:[mx.example]\n* relay:[out.example]:25\n"},
    ),
    "a relay for recipients' domains of another socket": Planted(
        "list-unasked",
        "virtual_transport = lmtp:unix:private/dovecot-lmtp\n"
        "lmtp_connection_cache_destinations = example.com\n",
    ),
    # TLS.
    "TLS without reuse": Planted("tls-without-reuse", "smtp_tls_security_level = encrypt\n"),
    "TLS without reuse or tlsproxy": Planted(
        "tls-without-reuse", "smtp_tls_security_level = encrypt\n", commented("tlsproxy")
    ),
    "TLS in capitals": Planted(
        "tls-without-reuse", "smtp_connection_cache_on_demand = Yes\nsmtp_tls_security_level = MAY\n"
    ),
    "TLS for one agent": Planted(
        "tls-without-reuse", "", GOOD + "safe unix - - n - - smtp\n -o smtp_tls_security_level=verify\n"
    ),
    "reuse switched off for one agent": Planted(
        "tls-without-reuse", TLS, GOOD + "safe unix - - n - - smtp\n -o smtp_tls_connection_reuse=No\n"
    ),
    "TLS by a reference": Planted("tls-without-reuse", "level = may\nsmtp_tls_security_level = ${level}\n"),
    "TLS for lmtp": Planted("tls-without-reuse", "lmtp_tls_security_level = encrypt\n"),
    "TLS by policy": Planted(
        "tls-policy-without-reuse",
        "smtp_tls_policy_maps = inline:{{example.net = encrypt}}\nsmtp_connection_cache_destinations = "
        "example.net\n",
    ),
    "TLS by policy in a file": Planted(
        "tls-policy-without-reuse",
        "smtp_tls_policy_maps = texthash:{}/policy\n",
        files={"policy": "example.org none\n.example.net secure match=example.net\n"},
    ),
    "a policy table that is missing": Planted(
        "tls-policy-unusable",
        TLS + "smtp_tls_policy_maps = hash:{}/policy\n",
        judge=(SMTP, "policy.db: No such file or directory"),
    ),
    "a policy table that wasn't made": Planted(
        "tls-policy-unusable",
        TLS + "smtp_tls_policy_maps = hash:{}/policy\n",
        files={"policy": "example.net encrypt\n"},
    ),
    "a policy that is none": Planted(
        "tls-policy-level", TLS + "smtp_tls_policy_maps = inline:{{example.net = required}}\n"
    ),
    "a misspelt attribute of a policy": Planted(
        "tls-policy-attribute",
        TLS + "smtp_tls_policy_maps = inline:{{ { example.net = encrypt protocol=TLSv1.2 } }}\n",
    ),
    "a policy that answers neither yes nor no": Planted(
        "tls-policy-attribute",
        TLS + "smtp_tls_policy_maps = texthash:{}/policy\n",
        files={"policy": "example.net encrypt connection_reuse=true\n"},
    ),
    "a policy that matches where nothing is verified": Planted(
        "tls-policy-attribute", TLS + "smtp_tls_policy_maps = static:{may match=.example.net}\n"
    ),
    "a policy for the relayhost without its brackets": Planted(
        "tls-policy-key",
        TLS + "relayhost = [mail.example.com]:587\n"
        "smtp_tls_policy_maps = inline:{{mail.example.com=encrypt}}\n",
    ),
    "a policy for the second relayhost without its brackets": Planted(
        "tls-policy-key",
        TLS + "relayhost = [a.example]:587, [b.example]:587\n"
        "smtp_tls_policy_maps = inline:{{[a.example]:587=encrypt}, {b.example=encrypt}}\n",
    ),
    "a policy table of a type that isn't there": Planted(
        "tls-policy-unusable",
        TLS + "smtp_tls_policy_maps = proxy:mysql:{}/policy.cf\n",
        files={"policy.cf": "hosts = 127.0.0.1\n"},
    ),
    "TLS by a resolver": Planted(
        "tls-policy-unknown", "smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix\n"
    ),
    "a misspelt cipher grade": Planted(
        "tls-value-unusable", TLS.replace("may", "verify") + "smtp_tls_mandatory_ciphers = hihg\n"
    ),
    "ciphers by their names": Planted(
        "tls-value-unusable", TLS + "smtp_tls_ciphers = ECDHE-RSA-AES256-GCM-SHA384\n"
    ),
    "a protocol that isn't": Planted(
        "tls-value-unusable", TLS + "smtp_tls_protocols = !SSLv2, !SSLv3, !TLS1\n"
    ),
    "an authority that isn't there": Planted("tls-value-unusable", TLS + "smtp_tls_CAfile = {}/ca.pem\n"),
    "a release without TLS reuse": Planted(
        "tls-release", "mail_version = 3.3.22\nsmtp_tls_security_level = may\n"
    ),
    "TLS by an old parameter": Planted(
        "tls-obsolete", "smtp_use_tls = yes\nsmtp_tls_connection_reuse = yes\n"
    ),
    "an old parameter that is ignored": Planted("tls-obsolete", TLS + "smtp_enforce_tls = yes\n"),
    "TLS by site": Planted(
        "tls-obsolete",
        "smtp_tls_connection_reuse = yes\nsmtp_tls_per_site = inline:{{example.net = MUST}}\n",
    ),
    "a relayhost at port 465": Planted(
        "tls-port-without-wrappermode", TLS + "relayhost = [mail.example.com]:465\n"
    ),
    "a relayhost at port 465, without TLS": Planted(
        "tls-port-without-wrappermode", "relayhost = [mail.example.com]:submissions\n"
    ),
    "one of several next hops at port 465": Planted(
        "tls-port-without-wrappermode",
        TLS + "transport_maps = inline:{{a.example = smtp:[mail.example.com]:smtps}}\n",
    ),
    "TLS from the first byte alone": Planted("tls-wrappermode", "smtp_tls_wrappermode = yes\n"),
    "TLS from the first byte": Planted("tls-wrappermode", TLS + "smtp_tls_wrappermode = yes\n"),
    "TLS for one agent alone": Planted(
        "tlsproxy-no-client",
        "smtp_tls_security_level = none\n",
        GOOD
        + "safe unix - - n - - smtp\n -o smtp_tls_security_level=encrypt -o smtp_tls_connection_reuse=yes\n",
    ),
    "TLS for lmtp alone": Planted("tlsproxy-no-client", TLS.replace("smtp_", "lmtp_")),
    "TLS for all but tlsproxy": Planted(
        "tlsproxy-no-client",
        TLS,
        replaced("tlsproxy", "tlsproxy unix - - n - 0 tlsproxy -o smtp_tls_security_level=none"),
    ),
    "DANE where names aren't looked up": Planted(
        "tls-dane-without-dnssec",
        TLS.replace("may", "dane") + "smtp_dns_support_level = dnssec\nsmtp_host_lookup = native\n",
    ),
    "DANE without DNSSEC": Planted("tls-dane-without-dnssec", TLS.replace("may", "dane")),
    "DANE without DNSSEC by policy": Planted(
        "tls-dane-without-dnssec",
        "smtp_tls_connection_reuse = yes\nsmtp_tls_policy_maps = inline:{{example.net = dane-only}}\n",
    ),
    # Time and limits.
    "caching off": Planted("caching-off", "smtp_connection_cache_on_demand = no\n"),
    "caching off for one agent": Planted(
        "caching-off", "", GOOD + "slow unix - - n - - smtp\n -o smtp_connection_cache_on_demand=no\n"
    ),
    "a time limit above the cache's": Planted("time-limit-capped", "smtp_connection_cache_time_limit = 1m\n"),
    "a time limit above the cache's, for lmtp": Planted(
        "time-limit-capped",
        "connection_cache_ttl_limit = 5s\nlonger = 6s\nlmtp_connection_cache_time_limit = $longer\n",
    ),
    "a time limit above the cache's own": Planted(
        "time-limit-capped",
        "connection_cache_ttl_limit = 1h\n",
        replaced("scache", "scache unix - - n - 1 scache\n -o connection_cache_ttl_limit=3s")
        + "slow unix - - n - - smtp\n -o smtp_connection_cache_time_limit=10s\n",
    ),
    "a rate delay above the time limit": Planted(
        "rate-delay", "smtp_connection_cache_destinations = example.net\nsmtp_destination_rate_delay = 3s\n"
    ),
    "a rate delay for a transport of one's own": Planted(
        "rate-delay", "slow_destination_rate_delay = 1m\n", GOOD + "slow unix - - n - 1 smtp\n"
    ),
    "a rate delay for a whole transport": Planted("rate-delay", "smtp_transport_rate_delay = 5s\n"),
    "a pause of minutes that was meant in milliseconds": Planted(
        "time-read-otherwise", "smtp_destination_rate_delay = 500ms\n"
    ),
    "a time limit in milliseconds": Planted(
        "time-read-otherwise", "smtp_connection_cache_time_limit = 1500ms\n"
    ),
    "minutes and seconds": Planted(
        "time-read-otherwise",
        "connection_cache_ttl_limit = 1m30s\nlmtp_connection_cache_time_limit = 90s\n",
    ),
    "a month": Planted("time-read-otherwise", "smtp_sasl_auth_cache_time = 3months\n"),
    "a time of a service with more behind it": Planted(
        "time-read-otherwise",
        "",
        GOOD + "slow unix - - n - - smtp\n -o smtp_connection_reuse_time_limit=5m,\n",
    ),
    "a rate delay for lmtp by default": Planted("rate-delay", "default_destination_rate_delay = 2\n"),
    "a rate delay too long for caching on demand": Planted(
        "rate-delay",
        "smtp_destination_rate_delay = 2s\nconnection_cache_ttl_limit = 30s\n"
        "smtp_connection_cache_time_limit = 30s\n",
    ),
    "a rate delay above the reuse time": Planted(
        "reuse-time-limit",
        "smtp_destination_rate_delay = 20s\nconnection_cache_ttl_limit = 40s\n"
        "smtp_connection_cache_time_limit = 40s\nsmtp_connection_cache_destinations = static:all\n"
        "smtp_connection_reuse_time_limit = 15s\n",
    ),
    "a reuse time below the time limit": Planted(
        "reuse-time-limit",
        "connection_cache_ttl_limit = 10m\nsmtp_connection_cache_time_limit = 10m\n",
    ),
    "a connection used twice": Planted("reuse-count-limit", "smtp_connection_reuse_count_limit = 1\n"),
    "one recipient a delivery": Planted("recipient-limit-one", "lmtp_destination_recipient_limit = 1\n"),
    "one recipient a delivery by default": Planted(
        "recipient-limit-one", "default_destination_recipient_limit = 1\n"
    ),
    "a login by sender": Planted(
        "by-sender", "smtp_sender_dependent_authentication = yes\nsmtp_sasl_password_maps = static:\n"
    ),
    # Tables.
    "passwords that weren't made": Planted(
        "table-unusable",
        "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:{}/passwords\n",
        files={"passwords": "[mail.example.com]:587 user:secret\n"},
        judge=(SMTP, "passwords.db: No such file or directory"),
    ),
    "passwords without a type": Planted(
        "table-unusable",
        "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = {}/passwords\n",
        count=2,
        files={"passwords": "[mail.example.com]:587 user:secret\n"},
        judge=(SMTP, 'fatal: open dictionary: expecting "type:name" form instead of "/'),
    ),
    "routes of a type in capitals": Planted(
        "table-unusable",
        "transport_maps = TextHash:{}/transport\n",
        files={"transport": "example.com smtp:\n"},
    ),
    "a policy table without a type": Planted(
        "tls-policy-unusable",
        TLS + "smtp_tls_policy_maps = {}/policy\n",
        count=2,
        files={"policy": "example.net encrypt\n"},
        judge=(SMTP, 'fatal: open dictionary: expecting "type:name" form instead of "/'),
    ),
    "header checks that aren't there": Planted("table-unusable", "smtp_header_checks = regexp:{}/checks\n"),
    "passwords that aren't there": Planted(
        "table-unusable", "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:{}/passwords\n"
    ),
    "routes that weren't made": Planted(
        "table-unusable", "transport_maps = hash:{}/transport\n", files={"transport": "example.com smtp:\n"}
    ),
    "routes that were made before": Planted(
        "table-stale",
        "transport_maps = hash:{}/transport\n",
        files={"transport.db": "", "transport": "example.com smtp:\n"},
    ),
    # Names.
    "a reference to nothing": Planted("undefined-reference", f"{LIST}$our_relays, example.com\n"),
    "white space before a parameter": Planted(
        "swallowed-line", f"{LIST}example.com\n  smtp_tls_connection_reuse = yes\n"
    ),
    "a parameter in capitals": Planted(
        "misspelt-parameter", TLS.replace("may", "may\nSMTP_CONNECTION_REUSE_COUNT_LIMIT = 9")
    ),
    "a misspelt reference": Planted(
        "undefined-reference", f"relayhost = mail.example.com\n{LIST}$realyhost\n"
    ),
    "a parameter that is set twice": Planted(
        "set-twice", "smtp_connection_reuse_count_limit = 9\nsmtp_connection_reuse_count_limit = 20\n"
    ),
    "an option of the other agent": Planted(
        "option-of-another", "", replaced("lmtp", "lmtp unix - - n - - lmtp\n -o smtp_host_lookup=native")
    ),
    "an option of the other agent that would end this one": Planted(
        "option-of-another",
        "",
        GOOD + "slow unix - - n - - smtp\n -o lmtp_connection_cache_time_limit=0\n",
    ),
    "the cache's limit as a delivery agent's option": Planted(
        "option-of-another", "", GOOD + "slow unix - - n - - smtp\n -o connection_cache_ttl_limit=9s\n"
    ),
    "the queue manager's limit as a delivery agent's option": Planted(
        "option-of-another",
        "",
        GOOD + "slow unix - - n - - smtp\n -o smtp_destination_concurrency_limit=2\n",
    ),
    "a pause as a delivery agent's option": Planted(
        "option-of-another", "", GOOD + "slow unix - - n - - smtp\n -o slow_destination_rate_delay=1s\n"
    ),
    "a delivery agent's option for the cache": Planted(
        "option-of-another",
        "",
        replaced("scache", "scache unix - - n - 1 scache\n -o smtp_connection_cache_time_limit=9s"),
    ),
    "a pause of a misspelt transport": Planted(
        "unused-parameter", "slwo_destination_rate_delay = 9s\n", GOOD + "slow unix - - n - 1 smtp\n"
    ),
    "a transport's own list in main.cf": Planted(
        "misspelt-parameter", "relay_connection_cache_destinations = static:all\n"
    ),
    "a transport's own limit in main.cf": Planted(
        "misspelt-parameter",
        "slow_connection_reuse_count_limit = 20\n",
        GOOD + "slow unix - - n - 1 smtp\n",
    ),
    "a pause of the transport that the manual means by any": Planted(
        "unused-parameter", "transport_destination_rate_delay = 5s\n"
    ),
    "an abolished parameter": Planted("misspelt-parameter", "smtp_connection_cache_reuse_limit = 10\n"),
    "a misspelt parameter": Planted("misspelt-parameter", "smtp_connection_cache_timelimit = 60s\n"),
    "a misspelt parameter of the cache": Planted("misspelt-parameter", "connection_cache_ttl_limits = 5s\n"),
    "an option in quotes": Planted(
        "misspelt-parameter",
        TLS,
        GOOD + "slow unix - - n - - smtp\n -o 'smtp_tls_connection_reuse=no'\n".replace("=no", "=yes"),
    ),
    "a misspelt option": Planted(
        "misspelt-parameter", "", GOOD + "slow unix - - n - - smtp\n -o smtp_tls_conection_reuse=yes\n"
    ),
    "an unused parameter": Planted("unused-parameter", "our_favourite_colour = blue\n"),
    # Log.
    "a log file at another place": Planted(
        "maillog-file-prefix", "maillog_file = /srv/log/mail\n", judge=(SMTP, "does not match any prefix")
    ),
}


def write(base: Path, planted: Planted) -> Path:
    """The configuration's directory, below base."""
    directory = base / "config"
    directory.mkdir()
    head = f"compatibility_level = 3.6\nqueue_directory = {base}/queue\n"
    (directory / "main.cf").write_text(head + planted.main_cf.replace("{}", str(directory)))
    settle(directory / "main.cf")
    (directory / "master.cf").write_text(planted.master_cf)
    for name, content in planted.files.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(content)
        (directory / name).chmod(0o644 if content else 0o755)
    return directory


def found(directory: Path) -> list[Finding]:
    """What is found in a configuration, with Postfix's tools."""
    settle(directory / "main.cf")
    configuration = read(directory)
    return findings(configuration, HERE.of(configuration.main().text("queue_directory")))


def read(directory: Path) -> Configuration:
    """The configuration of a directory."""
    return from_directory(directory, _TOOLS)
