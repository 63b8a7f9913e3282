# A real Blue Pill on a real ST-LINK/V2. See README.md in this folder.

setup() {
  : "${REFLASH:?path of the program}" "${REFLASH_BUILD:?build folder}"
  firmware=$REFLASH_BUILD/examples/firmware
  probe=$("$REFLASH" list --json | jq -r 'select(.type == "probe" and .virtual == false) | .path' | head -n 1)
  [ -n "$probe" ] || skip "no ST-LINK is plugged in"
}

person() {
  [ -n "${HIL_PERSON:-}" ] || skip "needs a person: set HIL_PERSON=1"
}

@test "info knows the chip and says whether it is genuine" {
  run "$REFLASH" -p "$probe" info
  [ "$status" -eq 0 ]
  [[ "$output" == *STM32F103* ]]
}

@test "blinky is written, verified and stays attachable" {
  run "$REFLASH" -p "$probe" write "$firmware/blinky.elf"
  [ "$status" -eq 0 ]
  [[ "$output" == *"still attachable"* ]]
  run "$REFLASH" -p "$probe" verify "$firmware/blinky.elf"
  [ "$status" -eq 0 ]
}

@test "writing the same file again writes nothing" {
  run "$REFLASH" -p "$probe" --json write "$firmware/blinky.elf"
  [ "$status" -eq 0 ]
  [ "$(jq -r 'select(.type == "result") | .pages_written' <<<"$output")" -eq 0 ]
}

@test "a firmware that switches SWD off locks the port, and a finger on RESET gets it back" {
  person
  run "$REFLASH" -p "$probe" write --force "$firmware/locked-rtos.elf"
  [ "$status" -eq 0 ]
  run "$REFLASH" -p "$probe" --hot-plug info
  [ "$status" -eq 4 ]
  echo "# hold RESET on the board, let go after two seconds" >&3
  run "$REFLASH" -p "$probe" recover -y --wait 60s
  [ "$status" -eq 0 ]
  run "$REFLASH" -p "$probe" write "$firmware/locked-rtos-fixed.elf"
  [ "$status" -eq 0 ]
}
