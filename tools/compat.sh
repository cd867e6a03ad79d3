#!/usr/bin/env bash
# Runs the tests of runtime and redisstore on every server that servers.sh fetches, and
# those of the main module with the oldest and the newest Go that it is for. Writes
# docs/compatibility.md on standard output. Ends with 1 if a test failed.
set -euo pipefail

cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failures=0

# try runs a command of go test, and says in passed and failed how it went.
try() {
	echo "$*" >&2
	failed=0
	env "$@" >"$log" 2>&1 || {
		failures=1
		failed=$(grep -c '^--- FAIL' "$log" || true)
		grep -E '^ *--- FAIL|^FAIL' "$log" >&2 || cat "$log" >&2
		[ "$failed" -gt 0 ] || failed="a whole package"
	}
	passed=$(grep -c '^--- PASS' "$log" || true)
}

cat <<PAGE
# Compatibility

What was really run, by \`make compat\`, which writes this page: do not edit.

## Redis and Valkey

The tests of \`runtime\` and of \`runtime/redisstore\` on servers from Debian's packages. Among
them are crashes, lost replies, restarts, a full memory, Sentinel, a Cluster of six, TLS
and ACLs. Go was $(go env GOVERSION).

| server | first execution | tests passed | failed |
|---|---|---|---|
PAGE

for server in $(tools/servers.sh tools/servers); do
	name=$("$server" --version | sed -E 's/^(Redis|Valkey) server v=([^ ]+).*/\1 \2/')
	packages=(./runtime ./runtime/redisstore)
	how='`SET NX GET`, script'
	of=
	case $name in
	"Redis 6"*)
		# Older than what idemgen asks for. redisstore's own tests set up their servers by
		# what later ones know, and count commands.
		packages=(./runtime)
		of=' of `runtime` alone'
		how='scripts' ;;
	"Valkey 8.0"*) ;;
	Valkey*) how='`SET NX GET`, `SET IFEQ`' ;;
	esac
	try IDEMGEN_REDIS_SERVER="$server" go test -count=1 -v "${packages[@]}"
	echo "| $name | $how | $passed$of | $failed |"
done

cat <<'PAGE'

Redis before 7.0 is not supported: it has no `SET … NX GET`, so that every claim runs a
script and a duplicate costs two scripts' time; what runs there is what the tests of
`runtime` show. Redis 8.4, which has `SET … IFEQ` as well, was not at hand. A server of your
own is tested by

    IDEMGEN_REDIS_SERVER=/path/to/server go test ./runtime ./runtime/redisstore

## Go

PAGE

oldest=$(go list -m -f '{{.GoVersion}}')
newest=$(go list -m -versions golang.org/toolchain | tr ' ' '\n' | sed -nE "s/^v0\.0\.1-go([0-9.]+)\.$(go env GOOS)-$(go env GOARCH)$/\1/p" | sort -V | tail -n 1)
echo "idemgen asks for Go $oldest or newer. All tests of the main module, the generator's among them, with"
echo
echo '| Go | tests passed | failed |'
echo '|---|---|---|'
for version in "$oldest" "$newest"; do
	try GOTOOLCHAIN="go$version" go test -count=1 -v ./...
	echo "| $version | $passed | $failed |"
done
exit "$failures"
