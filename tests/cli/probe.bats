load helper

@test "no probe: exit 3, what was looked at, what to do" {
  run_code 3 info
  one_clear_error
  said "$errors" 'board start'
  run_code 3 list
  run_code 3 diagnose
  said "$output" 'no-probe'
}

@test "an unknown probe: exit 3" {
  driven_board
  run_code 3 -p 0123456789ABCDEF info
  one_clear_error
  run_code 3 -p 1234:5678 info
  run_code 3 -p usb:9-9 info
  run_code 3 -p 7 info
}

@test "a socket nobody serves: exit 3" {
  run_code 3 -p virtual:/nowhere/board.sock info
  one_clear_error
  run_code 3 -p virtual info
  REFLASH_PROBE=virtual:/nowhere/board.sock run_code 3 info
}

@test "the only probe there is needs no -p; all names of it work" {
  driven_board
  run_code 0 list
  serial=$(grep -oE '[0-9A-F]{24}' <<<"$output" | head -1)
  [ -n "$serial" ]
  for p in "$serial" 0483:3748 "0483:3748:$serial" 0 virtual "virtual:$XDG_RUNTIME_DIR/reflash/board.sock"; do
    run_code 0 -p "$p" reset
  done
  REFLASH_PROBE=$serial run_code 0 reset
}

@test "list --json" {
  driven_board
  run_code 0 list --json
  json '.type == "probe" and .virtual == true and .vid == 1155 and .pid == 14152'
}

@test "two probes: one must be chosen, and the error names both" {
  driven_board
  "$REFLASH" board start --time driven --socket "$XDG_RUNTIME_DIR/reflash/two.sock" \
    --serial 424242424242424242424242 >/dev/null 2>&1
  run_code 3 info
  said "$errors" '424242424242424242424242'
  said "$errors" '-p'
  run_code 0 -p 424242424242424242424242 info
  run_code 0 -p "virtual:$XDG_RUNTIME_DIR/reflash/board.sock" info
  "$REFLASH" board stop --socket "$XDG_RUNTIME_DIR/reflash/two.sock"
}

@test "a serial port is no debug probe" {
  run_code 2 -p tty:/dev/null info
  one_clear_error
}

@test "a serial port that is not there, and what is none: exit 3, and what to look for" {
  for p in tty: tty:/nowhere/ttyUSB0 tty:/dev/null; do
    run_code 3 -p "$p" recover -y
    one_clear_error
    said "$errors" 'ttyUSB'
  done
}

@test "tcp: no host, no port, nobody there" {
  run_code 2 -p tcp: info
  one_clear_error
  run_code 2 -p tcp:127.0.0.1: info
  run_code 3 -p tcp:127.0.0.1:1 info
  one_clear_error
  said "$errors" 'stlink-server'
  run_code 3 -p tcp:127.0.0.1:nonsense info
  one_clear_error
  said "$errors" 'port'
}
