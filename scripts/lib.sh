# SPDX-License-Identifier: Apache-2.0
# What scripts/test and scripts/demo share; sourced, never run. The sourcing
# script sets `program` (its name in messages) and `root` (the checkout).
# Services run with settings from flags and files only.
unset "${!POSTERN_INGEST_@}" "${!POSTERN_EVALUATOR_@}" "${!POSTERN_NOTIFIER_@}"
began=$EPOCHREALTIME

# A line of progress, with the seconds since the script began.
say() {
	printf '%s: [%6.1f s] %s\n' "$program" \
		"$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN {print b - a}')" "$*"
}
die() { say "$*" >&2; exit 1; }

# show_tail FILE [LINES]: the end of a log, so that nobody has to look for it
show_tail() {
	[ -s "$1" ] || { printf '    (%s is empty)\n' "$1"; return 0; }
	printf '    --- end of %s ---\n' "$1"
	tail -n "${2:-30}" "$1" | sed 's/^/    /'
}

# logged NAME LOG COMMAND...: runs it into LOG; says how it went
logged() {
	local name=$1 log=$2 start=$EPOCHREALTIME
	shift 2
	say "$name ..."
	if "$@" >"$log" 2>&1 </dev/null; then
		say "$name: done ($(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.1f", b - a}') s)"
		return 0
	fi
	say "$name: FAILED; its log is $log"
	show_tail "$log" 40
	return 1
}

configure_and_build() {
	cmake --preset "$1" && cmake --build --preset "$1"
}

# PostgreSQL does not run as root: where its user cannot reach FOLDER (a
# checkout below /root), state goes to a folder below /tmp, linked from there.
reachable_folder() {
	local folder=$1 other
	if [ "$(id -u)" -ne 0 ]; then mkdir -p "$folder"; return; fi
	rm -f "$folder" 2>/dev/null || true
	mkdir -p "$folder"
	if setpriv --reuid postgres --regid postgres --clear-groups test -x "$folder"; then return; fi
	rmdir "$folder"
	other=$(mktemp -d "${TMPDIR:-/tmp}/postern.XXXXXX")
	chmod 755 "$other"
	ln -s "$other" "$folder"
}

# Removes FOLDER and what it links to.
remove_folder() {
	if [ -L "$1" ]; then rm -rf -- "$(readlink "$1")" "$1"; else rm -rf -- "$1"; fi
}
