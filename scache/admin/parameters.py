"""The parameters of the programs on a connection's way, with type, default and bounds: one row each.

Facts of Postfix's parameter tables (smtp_params.c, lmtp_params.c, tlsproxy.c, scache.c, tlsmgr.c, qmgr.c,
mail_params.c), release 3.7 and what came later; a release that doesn't know a parameter doesn't read it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULTS", "PARAMETERS", "TLS_LEVELS", "Parameter"]

TLS_LEVELS = ("none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure")


@dataclass(frozen=True)
class Parameter:
    """What a program makes of a parameter when it starts."""

    name: str
    program: str
    """Who reads it: smtp, lmtp, scache, tlsproxy, tlsmgr, qmgr; `all` for every program."""
    kind: str
    """time, int, bool or text."""
    default: str
    minimum: int
    """The smallest value, or shortest text."""
    maximum: int
    """0 for none."""


#: name; default; smallest; largest. `X_` is smtp_ and lmtp_, read by the program of that name.
_TABLE = {
    ("agent", "time"): """
        X_connect_timeout 30s 0; X_xforward_timeout 300s; X_mail_timeout 300s; X_rcpt_timeout 300s
        X_data_init_timeout 120s; X_data_xfer_timeout 180s; X_data_done_timeout 600s; X_rset_timeout 20s
        X_quit_timeout 300s; X_pix_workaround_threshold_time 500s 0; X_pix_workaround_delay_time 10s
        X_connection_cache_time_limit 2s; X_connection_reuse_time_limit 300s; X_starttls_timeout 300s
        X_sasl_auth_cache_time 90d 0; queue_run_delay 300s; minimal_backoff_time 300s
        connection_cache_protocol_timeout 5s
    """,
    ("agent", "int"): """
        X_line_length_limit 998 0; X_mx_address_limit 5 0; X_mx_session_limit 2 0
        X_connection_reuse_count_limit 0 0; X_tls_scert_verifydepth 9 0; X_tls_trace_size_limit 102400 0
        X_min_data_rate 500
    """,
    ("agent", "bool"): """
        X_skip_5xx_greeting yes; X_skip_quit_response yes; X_sasl_auth_enable no; X_randomize_addresses yes
        X_quote_rfc821_envelope yes; X_defer_if_no_mx_address_found no; X_send_xforward_command no
        X_connection_cache_on_demand yes; X_use_tls no; X_enforce_tls no; X_tls_connection_reuse no
        X_tls_enforce_peername yes; X_tls_note_starttls_offer no; X_tls_block_early_mail_reply no
        X_tls_force_insecure_host_tlsa_lookup no; X_tls_enable_rpk no; X_tls_wrappermode no
        X_sender_dependent_authentication no; X_cname_overrides_servername no; X_sasl_auth_soft_bounce yes
        X_send_dummy_mail_auth no; X_balance_inet_protocols yes; X_bind_address_enforce no
        X_per_request_deadline no; X_tlsrpt_enable no; X_tlsrpt_skip_reused_handshakes no
        X_tls_enforce_sts_mx_patterns yes; X_log_tls_feature_status yes; lmtp_assume_final no
        ignore_srv_lookup_error no; allow_srv_lookup_fallback no
    """,
    ("agent", "text"): """
        X_sasl_password_result_delimiter : 1 1; X_tls_mandatory_ciphers medium; X_tls_ciphers medium
        X_tls_verify_cert_match hostname; X_tls_secure_cert_match nexthop; X_sasl_type cyrus
        X_address_verify_target rcpt; X_host_lookup dns; X_address_preference any
        error_notice_recipient postmaster
        connection_cache_service_name scache; tlsproxy_service_name tlsproxy; header_from_format standard
    """,
    ("smtp", "time"): "smtp_helo_timeout 300s",
    ("lmtp", "time"): "lmtp_lhlo_timeout 300s",
    ("smtp", "text"): "smtp_helo_name $myhostname",
    ("lmtp", "text"): "lmtp_lhlo_name $myhostname",
    ("smtp", "bool"): "ignore_mx_lookup_error no; smtp_always_send_ehlo yes; smtp_never_send_ehlo no",
    ("scache", "time"): "connection_cache_ttl_limit 2s; connection_cache_status_update_time 600s",
    ("tlsproxy", "time"): "tlsproxy_watchdog_timeout 10s 10",
    ("tlsproxy", "int"): """
        smtpd_tls_ccert_verifydepth 9 0; smtp_tls_scert_verifydepth 9 0
        tlsproxy_tls_ccert_verifydepth $smtpd_tls_ccert_verifydepth 0
        tlsproxy_client_scert_verifydepth $smtp_tls_scert_verifydepth 0
    """,
    ("tlsproxy", "bool"): """
        smtpd_use_tls no; smtpd_enforce_tls no; smtpd_tls_ask_ccert no; smtpd_tls_req_ccert no
        smtpd_tls_enable_rpk no; smtpd_tls_always_issue_session_ids yes; smtp_use_tls no; smtp_enforce_tls no
        tlsproxy_use_tls $smtpd_use_tls; tlsproxy_enforce_tls $smtpd_enforce_tls
        tlsproxy_tls_ask_ccert $smtpd_tls_ask_ccert; tlsproxy_tls_req_ccert $smtpd_tls_req_ccert
        tlsproxy_tls_enable_rpk $smtpd_tls_enable_rpk
        tlsproxy_tls_always_issue_session_ids $smtpd_tls_always_issue_session_ids
        tlsproxy_client_use_tls $smtp_use_tls; tlsproxy_client_enforce_tls $smtp_enforce_tls
    """,
    ("tlsmgr", "time"): """
        tls_random_reseed_period 3600s; tls_random_prng_update_period 3600s
        smtpd_tls_session_cache_timeout 3600s 0 8640000; smtp_tls_session_cache_timeout 3600s 0 8640000
        lmtp_tls_session_cache_timeout 3600s 0 8640000
    """,
    ("tlsmgr", "int"): "tls_random_bytes 32",
    ("qmgr", "time"): """
        default_destination_rate_delay 0s 0; default_transport_rate_delay 0s 0; maximal_backoff_time 4000s
        maximal_queue_lifetime 5d 0; bounce_queue_lifetime 5d 0; transport_retry_time 60s
    """,
    ("qmgr", "int"): """
        default_destination_concurrency_limit 20 0; default_destination_recipient_limit 50 0
        initial_destination_concurrency 5; default_recipient_limit 20000 0; qmgr_message_active_limit 20000
        qmgr_message_recipient_limit 20000
    """,
    ("all", "time"): """
        application_event_drain_time 100s; max_idle 100s; ipc_timeout 3600s; ipc_idle 5s; ipc_ttl 1000s
        trigger_timeout 10s; fork_delay 1s; deliver_lock_delay 1s; stale_lock_time 500s; daemon_timeout 18000s
        in_flow_delay 1s 0 10
    """,
    ("all", "int"): """
        default_process_limit 100; max_use 100; line_length_limit 2048 512; hash_queue_depth 1
        fork_attempts 5; deliver_lock_attempts 20; debug_peer_level 2
        berkeley_db_create_buffer_size 16777216; berkeley_db_read_buffer_size 131072
        header_size_limit 102400; header_address_token_limit 10240
        mime_nesting_limit 100; mime_boundary_length_limit 2048; delay_logging_resolution_limit 2 0 6
        tcp_windowsize 0 0; socketmap_max_reply_size 100000; socketmap_max_query_size 10000
    """,
    ("all", "bool"): """
        daemon_table_open_error_is_fatal no; dns_ncache_ttl_fix_enable no; smtputf8_enable yes
        enable_idna2003_compatibility no; respectful_logging yes; requiretls_enable yes
        tls_required_enable yes; non_bdb_migration_log_redirect yes; disable_dns_lookups no; soft_bounce no
        owner_request_special yes; strict_8bitmime no; strict_7bit_headers no; strict_8bitmime_body no
        strict_mime_encoding_domain no; disable_mime_input_processing no; disable_mime_output_conversion no
        address_verify_negative_cache yes; backwards_bounce_logfile_compatibility yes; helpful_warnings yes
        send_cyrus_sasl_authzid no; multi_instance_enable no; enable_long_queue_ids no; strict_smtputf8 no
        enable_original_recipient yes
    """,
    ("all", "text"): """
        syslog_facility mail; postlog_service_name postlog; mail_name Postfix; syslog_name postfix
        mail_owner postfix; setgid_group postdrop; daemon_directory /usr/libexec/postfix
        queue_directory /var/spool/postfix; data_directory /var/lib/postfix; command_directory /usr/sbin
    """,
}
_DIFFERENT = {"lmtp_connect_timeout": "0s", "lmtp_skip_quit_response": "no"}


def _rows() -> list[Parameter]:
    rows = []
    for (program, kind), text in _TABLE.items():
        for row in text.replace("\n", ";").split(";"):
            if not row.strip():
                continue
            name, default, *bounds = row.split()
            minimum = int(bounds[0]) if bounds else 1
            maximum = int(bounds[1]) if len(bounds) > 1 else 0
            for reader in ("smtp", "lmtp") if program == "agent" else (program,):
                full = name.replace("X_", f"{reader}_", 1) if name.startswith("X_") else name
                if full == "lmtp_assume_final" and reader == "smtp":
                    continue
                rows.append(Parameter(full, reader, kind, _DIFFERENT.get(full, default), minimum, maximum))
    return rows


PARAMETERS = _rows()
#: What counts where no Postfix is there to say it: these, and what the findings look at besides.
DEFAULTS = {
    **{parameter.name: parameter.default for parameter in PARAMETERS},
    **{
        f"{agent}_{name}": ""
        for agent in ("smtp", "lmtp")
        for name in (
            "connection_cache_destinations",
            "tls_security_level",
            "tls_policy_maps",
            "tls_per_site",
            "fallback_relay",
            "dns_support_level",
        )
    },
    "compatibility_level": "3.6",
    "connection_cache_service_name": "scache",
    "default_transport": "smtp",
    "inet_protocols": "all",
    "local_transport": "local:$myhostname",
    "mail_version": "3.7.0",
    "maillog_file": "",
    "maillog_file_prefixes": "/var, /dev/stdout",
    "mydestination": "$myhostname, localhost.$mydomain, localhost",
    "mydomain": "localdomain",
    "myhostname": "localhost.localdomain",
    "relay_domains": "",
    "relay_transport": "relay",
    "relayhost": "",
    "sender_dependent_default_transport_maps": "",
    "sender_dependent_relayhost_maps": "",
    "transport_maps": "",
    "virtual_mailbox_domains": "$virtual_mailbox_maps",
    "virtual_mailbox_maps": "",
    "virtual_transport": "virtual",
}
