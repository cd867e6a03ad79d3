#!/usr/bin/env bash
# Makes sure that this machine has what `make test` needs beside Go: a real
# redis-server (7.0 or newer), PostgreSQL, a Chromium for the console's tests, and a C
# compiler for the race detector. Installs what is missing by apt, and says so; does
# nothing where all is there.
set -euo pipefail

redis=${IDEMGEN_REDIS_SERVER:-redis-server}
missing=()
command -v "$redis" >/dev/null || missing+=(redis-server)
[ -n "${IDEMGEN_POSTGRES_BIN:-}" ] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
	command -v initdb >/dev/null || missing+=(postgresql)
command -v "${CC:-gcc}" >/dev/null || command -v clang >/dev/null || missing+=(gcc libc6-dev)

browser=${IDEMGEN_CHROMIUM:-}
[ -n "$browser" ] || browser=$(command -v chromium chromium-browser google-chrome | head -n 1 || true)
[ -n "$browser" ] && command -v "$browser" >/dev/null || missing+=(chromium)

if [ ${#missing[@]} -gt 0 ]; then
	if ! command -v apt-get >/dev/null; then
		cat >&2 <<-MESSAGE
			make test needs ${missing[*]}, and there is no apt-get here to install it with.
			Install redis-server 7.0 or newer (or set IDEMGEN_REDIS_SERVER to its path),
			PostgreSQL (or set IDEMGEN_POSTGRES_BIN to the folder of its programs), a
			Chromium (or set IDEMGEN_CHROMIUM) and a C compiler, for instance:
			  dnf install redis postgresql-server chromium gcc
			  pacman -S redis postgresql chromium gcc
			  apk add redis postgresql chromium gcc musl-dev
			  brew install redis postgresql chromium
		MESSAGE
		exit 1
	fi
	sudo=()
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || {
			echo "make test needs ${missing[*]}: as root, run apt-get install ${missing[*]}" >&2
			exit 1
		}
		sudo=(sudo)
	fi
	echo "make test needs ${missing[*]}: installing by apt-get, without starting a service"
	# The package would start a system service. A policy of exit 101 forbids it;
	# one that is there already stays.
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c '
		policy=/usr/sbin/policy-rc.d
		if [ ! -e "$policy" ]; then
			trap "rm -f $policy" EXIT
			printf "#!/bin/sh\nexit 101\n" >"$policy"
			chmod 755 "$policy"
		fi
		apt-get update -q
		apt-get install -q -y --no-install-recommends "$@"
	' bash "${missing[@]}"
fi
"$redis" --version
