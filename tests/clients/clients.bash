# Shared by the tests with real clients: each test has a board of its own, in a
# directory of its own, and stops it whatever happens.

bats_require_minimum_version 1.5.0

setup() {
	DIR=$(mktemp -d)
	chmod 700 "$DIR"
	export REFLASH_BOARD=$DIR/board.sock XDG_STATE_HOME=$DIR XDG_RUNTIME_DIR=$DIR HOME=$DIR
	FIRMWARE=$REFLASH_BUILD/examples/firmware
	ADAPTER=interface/stlink.cfg
	cd "$DIR"
}

teardown() {
	"$REFLASH" board stop >/dev/null 2>&1 || true
	cd /
	rm -rf "$DIR"
}

# A program that is not installed is no failure of the board.
need() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

board() {
	"$REFLASH" board "$@"
}

# Start a board behind: `bats` waits for everything that holds its descriptors.
board_up() {
	"$REFLASH" board start "$@" 3>&- 4>&- >"$DIR/places" 2>&1
}

with_board() {
	timeout "${PATIENCE:-60}" "$REFLASH" board exec -- "$@"
}

# board_field NAME: from the machine-readable status
board_field() {
	"$REFLASH" board status --json | jq -r ".$1"
}

# random_file NAME BYTES: the same bytes every time
random_file() {
	openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 -nosalt \
		-in /dev/zero 2>/dev/null | head -c "$2" >"$1"
}

# The words `$1` stand in the output of the last `run`; else show it all.
says() {
	grep -qE -- "$1" <<<"$output" || {
		echo "expected: $1"
		echo "$output"
		return 1
	}
}

says_not() {
	if grep -qE -- "$1" <<<"$output"; then
		echo "not expected: $1"
		echo "$output"
		return 1
	fi
}
