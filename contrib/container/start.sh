#!/bin/sh
# A container's start script: install, complain about what is wrong, and run Postfix in the foreground.
# Log to standard output by `maillog_file = /dev/stdout` in main.cf, and postlog in master.cf.
set -eu

# main.cf and master.cf must be files of the container's own: what is mounted file by file can't be changed.
# Where they are mounted, mount them elsewhere and copy them here first.
if [ -n "${POSTFIX_TEMPLATES:-}" ]; then
    cp "$POSTFIX_TEMPLATES/main.cf" "$POSTFIX_TEMPLATES/master.cf" "${MAIL_CONFIG:-/etc/postfix}/"
fi

scache install --ensure

status=0
scache check || status=$?
if [ "$status" -eq 2 ]; then
    echo "start: the configuration could not be checked" >&2
    exit 1
fi

exec ${START:-postfix start-fg}
