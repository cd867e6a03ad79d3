#!/usr/bin/env bash
# Runs the tests of runtime and redisstore on every server that servers.sh fetches,
# and writes docs/compatibility.md on standard output. Ends with 1 if a test failed.
set -euo pipefail

cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

cat <<PAGE
# Compatibility

What was really run, by \`make compat\`, which writes this page: the tests of \`runtime\` and
of \`runtime/redisstore\` on servers from Debian's packages. Among them are crashes, lost
replies, restarts, a full memory, Sentinel, a Cluster of six, TLS and ACLs.

Go: $(go env GOVERSION). idemgen asks for Go $(go list -m -f '{{.GoVersion}}') or newer.

| server | first execution | tests passed | failed |
|---|---|---|---|
PAGE

failures=0
for server in $(tools/servers.sh tools/servers); do
	name=$("$server" --version | sed -E 's/^(Redis|Valkey) server v=([^ ]+).*/\1 \2/')
	packages=(./runtime ./runtime/redisstore)
	how='`SET NX GET`, script'
	case $name in
	"Redis 6"*)
		# Older than what idemgen asks for. redisstore's own tests set up their servers by
		# what later ones know, and count commands.
		packages=(./runtime)
		how='scripts' ;;
	"Valkey 8.0"*) ;;
	Valkey*) how='`SET NX GET`, `SET IFEQ`' ;;
	esac
	echo "$name: go test ${packages[*]}" >&2
	IDEMGEN_REDIS_SERVER=$server go test -count=1 -v "${packages[@]}" >"$log" 2>&1 || grep -E '^ *--- FAIL|^FAIL' "$log" >&2 || true
	passed=$(grep -c '^--- PASS' "$log" || true)
	failed=$(grep -c '^--- FAIL' "$log" || true)
	grep -q '^ok' "$log" || [ "$failed" -gt 0 ] || { cat "$log" >&2; failed=all; }
	[ "$failed" = 0 ] || failures=1
	echo "| $name | $how | $passed$([ "${#packages[@]}" = 2 ] || echo " of \`runtime\` alone") | $failed |"
done

cat <<'PAGE'

Redis before 7.0 is not supported: it has no `SET … NX GET`, so that every claim runs a
script and a duplicate costs two scripts' time; what runs there is what the tests of
`runtime` show. Redis 8.4, which has `SET … IFEQ` as well, was not at hand. A server of your
own is tested by

    IDEMGEN_REDIS_SERVER=/path/to/server go test ./runtime ./runtime/redisstore
PAGE
exit "$failures"
