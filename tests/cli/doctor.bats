load helper

@test "diagnose: a healthy chip answers plainly, exit 0" {
  need_firmware
  driven_board
  run_code 0 write "$fw/blinky.elf"
  run_code 0 diagnose
  said "$output" 'It answers plainly'
  run_code 0 diagnose --json
  json '.type == "diagnosis" and .answers == true and .observations.dpidr_hot == 463475831'
}

@test "diagnose: locked out, reset wired: swj-off, the line, nrst proven; exit 4" {
  need_firmware
  driven_board
  run_code 0 write --force "$fw/locked-rtos.elf"
  run_code 4 diagnose
  said "$output" 'swj-off'
  said "$output" 'display\.c:[0-9]+ in display_init\(\)'
  board_runs
  run_code 4 diagnose --json
  json '.type == "diagnosis" and .causes[0].cause == "swj-off" and .causes[0].confidence > 0.9
        and (.causes[0].for | length) > 0 and (.causes[0].next | length) > 0'
  json '.observations | .dpidr_hot == null and .dpidr_under_reset == 463475831 and .nrst == "proven"'
  json '.firmware.verdict == "locks-out" and (.firmware.findings[0].blame.file | endswith("display.c"))'
}

@test "diagnose --elf: symbols only when the bytes are the same" {
  need_firmware
  driven_board
  run_code 0 write --force "$fw/locked-rtos.bin"
  run_code 4 diagnose --elf "$fw/locked-rtos.elf"
  said "$output" 'display\.c:[0-9]+'
  rm -rf "$XDG_STATE_HOME"
  board_runs
  run_code 4 diagnose --elf "$fw/locked-rtos-O0.elf"
  said "$errors" "is not what lies in the chip's flash"
  ! grep -q 'display\.c' <<<"$output"
}

@test "diagnose: no power and no wire need a person: exit 9" {
  driven_board --power off
  run_code 9 diagnose
  said "$output" 'power'
  "$REFLASH" board stop >/dev/null
  driven_board --wires swdio=open
  run_code 9 diagnose
  said "$output" 'wiring'
}

@test "recover: a healthy chip needs nothing" {
  need_firmware
  driven_board
  run_code 0 write "$fw/blinky.elf"
  run_code 0 recover
  said "$output" 'nothing to recover'
  run_code 0 verify "$fw/blinky.elf"
}

@test "recover erases nothing without a yes, and says so before anybody is sent to RESET" {
  need_firmware
  driven_board --wires nrst=open
  run_code 0 write --force "$fw/locked-rtos.elf"
  run_code 9 recover
  one_clear_error
  said "$errors" '-y'
  ! grep -q '>> Please' <<<"$errors"
}

@test "recover: nobody comes: exit 9, what was tried, what next" {
  need_firmware
  driven_board --wires nrst=open
  run_code 0 write --force "$fw/locked-rtos.elf"
  run_code 9 recover -y --wait 1s
  said "$errors" '>> Please hold the RESET'
  said "$errors" 'BOOT0'
  said "$errors" 'could not be caught'
}

@test "recover under reset: page 0 goes, the rest and a backup stay" {
  need_firmware
  driven_board
  run_code 0 write --force "$fw/locked-rtos.elf"
  run_code 0 recover -y --backup backup.bin
  said "$output" 'caught: under reset'
  said "$output" 'stays attachable'
  [ "$(stat -c '%a %s' backup.bin)" = "600 65536" ]
  cmp -n "$(stat -L -c %s "$fw/locked-rtos.bin")" "$fw/locked-rtos.bin" backup.bin
  run_code 0 read now.bin
  cmp <(tail -c +1025 backup.bin) <(tail -c +1025 now.bin)
  run_code 0 diagnose
}

@test "recover --write: other firmware instead, and it too is checked" {
  need_firmware
  driven_board
  run_code 0 write --force "$fw/locked-rtos.elf"
  run_code 7 recover --write "$fw/locked-rtos-O2.elf"
  run_code 0 recover --write "$fw/locked-rtos-fixed.elf" --json
  json '.type == "result" and .command == "recover" and .rung == "under reset" and .attachable == true'
  run_code 0 verify "$fw/locked-rtos-fixed.elf"
}

@test "recover over BOOT0" {
  need_firmware
  driven_board --wires nrst=open
  run_code 0 write --force "$fw/locked-rtos.elf"
  "$REFLASH" board boot0 1 >/dev/null
  "$REFLASH" board press-reset >/dev/null
  run_code 0 recover --write "$fw/blinky.elf"
}

@test "explain: a log from a file, from stdin, as JSON; nonsense is not guessed" {
  printf 'chipid: 0x0748\nunknown chip id! 0x3748\nFailed to connect to target\n' >log
  run_code 0 explain log
  said "$output" 'st-flash'
  said "$output" 'USB product id'
  said "$output" 'swj-off'
  output=$("$REFLASH" explain --json <log)
  json '.type == "explanation" and .tool == "st-flash" and (.lines | length) >= 2 and .causes[0].cause == "swj-off"
        and .causes[0].confidence > 0 and (.causes[0].next | length) > 0'
  echo "nothing of interest" >log
  run_code 1 explain log
  one_clear_error
  run_code 8 explain missing.log
}

@test "recover over the UART of the boot ROM: asks for BOOT0, erases page 0, writes, reads back" {
  need_firmware
  "$REFLASH" board start --uart --wires nrst=open >/dev/null 2>&1
  tty=$XDG_RUNTIME_DIR/reflash/board.sock.uart
  run_code 0 write --force "$fw/locked-rtos.elf"
  run_code 9 recover -y -p "tty:$tty" --wait 500ms
  one_clear_error || said "$errors" '>> Please move the BOOT0'
  "$REFLASH" board boot0 1 >/dev/null
  "$REFLASH" board press-reset >/dev/null
  run_code 9 recover -p "tty:$tty"
  said "$errors" '-y'
  run_code 0 recover -y -p "tty:$tty"
  said "$output" 'page 0 is erased'
  run_code 0 recover --write "$fw/blinky.elf" -p "tty:$tty"
  said "$output" 'read back'
  "$REFLASH" board press-reset >/dev/null
  run_code 0 write "$fw/blinky.elf" -p "tty:$tty"
  said "$output" ' 0 written'
  said "$output" 'BOOT0 jumper back'
  "$REFLASH" board press-reset >/dev/null
  run_code 0 read part.bin 0x08000000 1k -p "tty:$tty"
  run_code 0 erase -y 0x08000000 1k -p "tty:$tty"
  run_code 6 verify "$fw/blinky.elf" -p "tty:$tty"
  run_code 0 write "$fw/blinky.elf" -p "tty:$tty"
  said "$output" ' written'
  "$REFLASH" board boot0 0 >/dev/null
  "$REFLASH" board press-reset >/dev/null
  run_code 0 verify "$fw/blinky.elf"
  run_code 3 recover -p tty:/dev/nonexistent
}

@test "recover, interrupted while it waits for a person: 130, and nothing was changed" {
  need_firmware
  driven_board --wires nrst=open
  run_code 0 write --force "$fw/locked-rtos.elf"
  "$REFLASH" recover -y --wait 600 2>cut.txt >/dev/null </dev/null &
  recovering=$!
  for _ in $(seq 200); do
    grep -q 'RESET button' cut.txt && break
    sleep 0.05
  done
  kill -INT "$recovering"
  set +e
  wait "$recovering"
  code=$?
  set -e
  cat cut.txt
  [ "$code" -eq 130 ]
  said "$(tail -n 2 cut.txt)" 'interrupted'
  said "$(tail -n 1 cut.txt)" 'nothing was changed'
}
