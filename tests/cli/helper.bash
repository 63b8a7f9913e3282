# What every command test starts from: a desk of its own (sockets, memory of
# what was written), no probe chosen, and the example firmware.
fw=$REFLASH_BUILD/examples/firmware
forms=$REFLASH_BUILD/tests/firmware/check # firmware of known truth

setup() {
  desk=$(mktemp -d)
  export XDG_RUNTIME_DIR=$desk/run XDG_STATE_HOME=$desk/state XDG_CACHE_HOME=$desk/cache NO_COLOR=1
  unset REFLASH_PROBE REFLASH_BOARD REFLASH_UART
  mkdir -m 700 "$XDG_RUNTIME_DIR"
  cd "$desk" || return 1
}

teardown() {
  "$REFLASH" board stop >/dev/null 2>&1 || true
  cd / && rm -rf "$desk"
}

need_firmware() {
  [ -f "$fw/blinky.elf" ] || skip "no ARM compiler: the example firmware is not built"
}

# A board whose time moves only by transfers: no test waits for a clock.
driven_board() {
  "$REFLASH" board start --time driven "$@" >/dev/null 2>&1
}

# Let a driven board's firmware run on for a while.
board_runs() {
  "$REFLASH" board run "${1:-100}" >/dev/null
}

# run_code CODE COMMAND...: run reflash; stdout in $output, stderr in $errors.
run_code() {
  local want=$1
  shift
  set +e
  output=$("$REFLASH" "$@" 2>"$desk/stderr" </dev/null)
  code=$?
  set -e
  errors=$(cat "$desk/stderr")
  if [ "$code" -ne "$want" ]; then
    echo "reflash $*: exit code $code instead of $want"
    echo "stdout: $output"
    echo "stderr: $errors"
    return 1
  fi
}

# said WHERE PATTERN: does the text hold it?
said() {
  if ! grep -qE -- "$2" <<<"$1"; then
    echo "not said: $2"
    echo "but: $1"
    return 1
  fi
}

# A sentence for a person: names the program, no more than four lines, no
# word of a crash.
one_clear_error() {
  said "$errors" '^reflash: ' || return 1
  [ "$(wc -l <<<"$errors")" -le 4 ] || { echo "too long: $errors"; return 1; }
  ! grep -qiE 'assert|segmentation|core dumped|sanitizer' <<<"$errors"
}

# The JSON filter must give true for some line of $output; every line is JSON.
json() {
  jq -e . >/dev/null <<<"$output" || { echo "not JSON: $output"; return 1; }
  jq -se "any(.[]; $1)" >/dev/null <<<"$output" || { echo "no line with $1 in: $output"; return 1; }
}
