#!/usr/bin/env bash
# Prints, as the page docs/licenses.md, which modules a user's build gets and under
# which licences, by what the go command says and the licence files say.
set -euo pipefail
cd "$(dirname "$0")/.."

# licence DIR says which licence the text in a module's folder is.
licence() {
	local file text
	file=$(find "$1" -maxdepth 1 -type f -iname 'licen[sc]e*' | sort | head -n 1)
	[ -n "$file" ] || { echo "tools/licenses.sh: $1 has no licence file" >&2; return 1; }
	text=$(tr -s '[:space:]' ' ' <"$file")
	case $text in
	*"Apache License"*"Version 2.0"*) echo Apache-2.0 ;;
	*"Mozilla Public License Version 2.0"*) echo MPL-2.0 ;;
	*"Permission is hereby granted, free of charge"*) echo MIT ;;
	*"Redistribution and use in source and binary forms"*"Neither the name"*) echo BSD-3-Clause ;;
	*"Redistribution and use in source and binary forms"*) echo BSD-2-Clause ;;
	*) echo "tools/licenses.sh: $file is of a kind that this script does not know" >&2; return 1 ;;
	esac
}

# table DIR PACKAGE lists what a package links beside the standard library and us.
table() {
	local modules path version dir name
	modules=$(go -C "$1" list -deps -f '{{with .Module}}{{.Path}} {{.Version}} {{.Dir}}{{end}}' "$2" |
		sort -u | grep -v '^github.com/idemgen/idemgen' || true)
	if [ -z "$modules" ]; then
		printf '\nNothing.\n'
		return
	fi
	printf '\n| module | version | licence |\n|---|---|---|\n'
	while read -r path version dir; do
		name=$(licence "$dir")
		printf '| %s | %s | %s |\n' "$path" "$version" "$name"
	done <<<"$modules"
}

echo '# Licences of what a build gets'
echo
echo 'Beside the standard library of Go and idemgen itself ('"$(licence .)"'). Written by'
echo '`make licenses`; `make lint` says so when it is out of date. Some of the modules hold'
echo 'parts under other licences; their own files have the last word.'
printf '\n## A program that imports runtime or memstore, and no other store\n'
table . ./runtime/memstore
printf '\n## A program that imports redisstore\n'
table . ./runtime/redisstore
for module in idemasynq idemgrpc idemotel idemriver idemwatermill zstdcodec; do
	printf '\n## A program that imports %s, beside these\n' "$module"
	table "runtime/$module" .
done
printf '\n## A program that imports runtime/ops or runtime/ops/console\n'
table . ./runtime/ops/console
printf '\n## The command idemgen, which no program of yours links\n'
table . ./cmd/idemgen
printf '\n## The command idemops, likewise\n'
table . ./cmd/idemops
