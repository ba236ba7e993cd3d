#!/bin/sh
# Stands for Beyla and OBI in tests. What it says and does is in files beside the link that it is called by:
# `version`, `log` and `errors` (what it says after its first line), and `does`.
here=${0%/*}
# With the program `detaching` beside the link, the ended process stays a zombie until the file
# `detached` exists, or for as many seconds as the file `detaches` says.
if [ "$1" = --detaching ]; then
    shift
elif [ "$1" = -config ] && [ -x "$here/detaching" ]; then
    read -r seconds < "$here/detaches"
    exec "$here/detaching" "$seconds" "$here/detached" /bin/sh "$0" --detaching "$@"
fi
read -r version < "$here/version"
name='Grafana Beyla'
# The variables of a configuration without a file.
target=$BEYLA_AUTO_TARGET_EXE
case $version in obi-*) name='OpenTelemetry eBPF Instrumentation' target=$OTEL_EBPF_AUTO_TARGET_EXE ;; esac
# OBI, and Beyla from 3.33 on, read arguments and configuration before they say their version.
case $version in
    obi-* | 3.33.*)
        [ "$1" = -h ] && echo 'Usage of beyla:' >&2 && exit 0
        [ "$1" = -config ] || [ "$target" ] || { echo 'level=ERROR msg="wrong configuration"'; exit 255; }
        ;;
esac
echo "time=2026-11-23T07:00:00.000Z level=INFO msg=\"$name\" Version=v${version#obi-} Revision=fake \"OpenTelemetry SDK Version\"=1.44.0"
[ "$1" = -h ] && exit 0
# Without a file, nothing is traced; who wanted the version only kills it.
[ "$1" = -config ] || while :; do sleep 0.05; done

printf '%s\n' "$@" > "$here/argv"
tr '\0' '\n' < "/proc/$$/environ" > "$here/env"
cp -p "$2" "$here/config"
cat "$here/log"
cat "$here/errors" >&2
read -r does code < "$here/does"
# Last, so that who waits for it finds the rest.
echo $$ >> "$here/starts"

case $does in
    exit) exit "$code" ;;
    hang) trap '' TERM ;;
    # As a Beyla with many probes does.
    run) trap 'echo "level=ERROR msg=\"graceful shutdown has timed out\""; exit 255' TERM ;;
    # Has something to send before it ends.
    flush) trap 'touch "$here/ending"; while [ ! -e "$here/sent" ]; do sleep 0.02; done; exit 0' TERM ;;
esac
while :; do sleep 0.05; done
