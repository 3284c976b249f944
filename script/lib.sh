# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the scripts share. Sourced, not run.

export LC_ALL=C

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# The private folder of this run, once private_dir has made it, and what this
# script has started in the background. Both go when the script ends, however
# it ends.
private=
started=()

cleanup() {
	local pid

	# Last started, first ended.
	for ((i = ${#started[@]} - 1; i >= 0; i--)); do
		stop "${started[i]}"
	done
	started=()
	if [[ -n $private ]]; then
		rm -rf -- "$private"
		private=
	fi
}

cleanup_on_exit() {
	trap cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# private_dir: makes a folder only we can read; its name is in $private.
private_dir() {
	private=$(mktemp -d "${TMPDIR:-/tmp}/stmfw.XXXXXX")
}

# start LOG COMMAND...: runs it in the background; its pid is in $pid.
start() {
	local log=$1

	shift
	: >"$log" # at once: who waits for a line in it looks sooner than the child has opened it
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	started+=("$pid")
}

# running PID: whether a child of ours with this pid is still there. (The
# shell's own list, as a pid by itself may be another process's by now.)
running() {
	local child

	for child in $(jobs -pr); do
		if [[ $child == "$1" ]]; then
			return 0
		fi
	done
	return 1
}

# stop PID: asks it to end, insists after 5 seconds. Only for what start gave.
stop() {
	local left=50

	if running "$1"; then
		kill -TERM "$1" 2>/dev/null || true
	fi
	while running "$1" && ((left-- > 0)); do
		sleep 0.1
	done
	if running "$1"; then
		kill -KILL "$1" 2>/dev/null || true
	fi
	wait "$1" 2>/dev/null || true
}

# wait_for SECONDS PID COMMAND...: until the command succeeds. Fails when the
# time is over, or when process PID is gone and it still does not succeed.
wait_for() {
	local left=$(($1 * 10)) of=$2

	shift 2
	while ! "$@"; do
		if ((left-- <= 0)); then
			return 1
		fi
		if ! running "$of"; then
			"$@"
			return
		fi
		sleep 0.1
	done
}

# finish SECONDS PID: waits for its end and returns its status; 124 when it
# had to be ended because the time was over. (Unlike a command in the
# foreground, it does not keep our traps waiting.)
finish() {
	if ! wait_for "$1" "$2" not_running "$2"; then
		stop "$2"
		return 124
	fi
	wait "$2"
}

not_running() {
	! running "$1"
}
