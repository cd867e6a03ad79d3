#!/usr/bin/env bash
# Fetches releases of Redis and Valkey from Debian's suites into the folder given,
# without installing anything: packages and all they need are unpacked beside each
# other, and run by their own C library. Prints the path of each server's binary.
# Needs apt-get, dpkg-deb and Debian's keyring.
set -euo pipefail

folder=$(mkdir -p "${1:?folder}" && cd "$1" && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# fetch SUITE PACKAGE...
fetch() {
	local suite=$1 root=$folder/$1 architecture
	shift
	architecture=$(dpkg --print-architecture)
	mkdir -p "$root"/apt/{lists,archives}/partial
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$root/apt/sources.list"
	: >"$root/apt/status" # as if nothing were installed, so that everything is fetched
	local apt=(apt-get -q -y
		-o Dir::Etc::sourcelist="$root/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::State::lists="$root/apt/lists" -o Dir::State::status="$root/apt/status"
		-o Dir::Cache="$root/apt" -o Dir::Cache::archives="$root/apt/archives"
		-o APT::Architecture="$architecture" -o APT::Sandbox::User=root -o Debug::NoLocking=1)
	"${apt[@]}" update >&2
	"${apt[@]}" install --no-install-recommends --download-only "$@" >&2
	mkdir -p "$root/tree"
	local package
	for package in "$root"/apt/archives/*.deb; do
		dpkg-deb -x "$package" "$root/tree"
	done
	rm -r "$root/apt"
}

# wrapper SUITE SERVER
wrapper() {
	local tree=$folder/$1/tree loader libraries binary=$folder/$1/$2
	loader=$(find "$tree" -name 'ld-linux*.so*' \( -type f -o -type l \) | sort | head -n 1)
	libraries=$(find "$tree" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
	printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "$libraries" "$tree/usr/bin/$2" >"$binary"
	chmod +x "$binary"
	echo "$binary"
}

# get SUITE SERVER...
get() {
	local suite=$1 server
	shift
	[ -d "$folder/$suite/tree" ] || fetch "$suite" "$@"
	for server in "$@"; do
		wrapper "$suite" "$server"
	done
}

get bullseye redis-server
get bookworm redis-server
get trixie redis-server valkey-server
get sid redis-server valkey-server
