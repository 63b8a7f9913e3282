load helper

@test "write, verify, write again: only what changed, and still attachable" {
  need_firmware
  driven_board
  run_code 0 write "$fw/blinky.elf"
  said "$output" '[0-9]+ pages?: [1-9][0-9]* written, 0 unchanged · connect [0-9]+ ms'
  said "$output" 'still attachable'
  run_code 0 verify "$fw/blinky.elf"
  said "$output" 'the chip holds'
  run_code 0 write "$fw/blinky.elf"
  said "$output" ': 0 written'
  run_code 6 verify "$fw/locked-rtos.elf"
  one_clear_error
}

@test "write --json: progress and one result with pages and times" {
  need_firmware
  driven_board
  run_code 0 write --json "$fw/blinky.elf"
  json '.type == "result" and .command == "write" and .written > 0 and .attachable == true and .verdict == "clear"'
  json '.type == "result" and (.ms.connect >= 0) and (.ms.program > 0) and .chip == "STM32F103C8" and (.uid | length) == 24'
  [[ ! $output =~ \.[0-9]{10} ]] # 34.74, not 34.740000000000002
  json '.type == "progress" and .phase == "program" and .total > 0'
}

@test "write refuses firmware that locks out (7), --force writes it, then 4 and diagnose" {
  need_firmware
  driven_board --wires nrst=open
  run_code 7 write "$fw/locked-rtos.elf"
  said "$output" 'change this line'
  said "$errors" 'refused: .*display\.c:'
  said "$errors" '--force'
  run_code 6 verify "$fw/locked-rtos.elf"
  run_code 0 write --force "$fw/locked-rtos.elf"
  said "$output" 'SWD no longer answers'
  run_code 4 write "$fw/blinky.elf"
  one_clear_error
  said "$errors" 'plain.*under reset'
  said "$errors" 'reflash diagnose'
}

@test "it is the firmware's own store: without it the same firmware stays attachable" {
  need_firmware
  driven_board --wires nrst=open
  run_code 0 write "$fw/locked-rtos-no-remap.elf"
  said "$output" 'still attachable'
  run_code 0 --hot-plug info
  run_code 0 write "$fw/blinky.elf"
}

@test "a wired reset line gets in by itself" {
  need_firmware
  driven_board
  run_code 0 write --force "$fw/locked-rtos.elf"
  run_code 0 write "$fw/blinky.elf"
  said "$errors" 'attached under reset'
  said "$output" 'still attachable'
}

@test "aliases: flash, load, download, program; save, dump" {
  need_firmware
  driven_board
  for verb in flash load download program; do
    run_code 0 $verb "$fw/blinky.elf"
  done
  run_code 0 save a.bin 0x08000000 1k
  run_code 0 dump b.bin 0x08000000 1k
  cmp a.bin b.bin
}

@test "read gives back what was written, raw and at an address" {
  driven_board
  head -c 3000 /dev/urandom >data.bin
  run_code 0 write --check=no data.bin 0x08004000
  run_code 0 read back.bin 0x08004000 3000
  cmp data.bin back.bin
  run_code 0 read whole.bin
  [ "$(stat -c %s whole.bin)" -eq 65536 ]
  "$REFLASH" read - 0x08004000 3000 2>/dev/null | cmp - data.bin
}

@test "read where nothing is: what was tried, and where there is something" {
  driven_board
  run_code 4 read out.bin 0x08020000 1k
  one_clear_error
  said "$errors" 'tried: reading 1024 bytes from 0x08020000'
  said "$errors" 'flash from 0x08000000 to 0x0800FFFF and RAM from 0x20000000 to 0x20004FFF'
}

@test "dry run changes nothing" {
  need_firmware
  driven_board
  run_code 0 write -n "$fw/blinky.elf"
  said "$output" 'dry run'
  run_code 6 verify "$fw/blinky.elf"
  run_code 0 erase -n
  run_code 0 options -n wdg=hw
  run_code 0 options
  said "$output" 'wdg +sw'
  run_code 0 options -n rdp=on
  said "$output" 'rdp +on'
  run_code 0 options
  said "$output" 'rdp +off'
}

@test "dry run says what it would do" {
  driven_board
  { head -c 3000 /dev/urandom; printf y; head -c 1999 /dev/urandom; } >data.bin
  run_code 0 write -n --force --check=no data.bin
  said "$output" '^5 pages: (5 would be erased|the whole chip would be erased), 5 written, 0 stay as they are$'
  run_code 0 write --force --check=no data.bin
  printf 'x' | dd of=data.bin bs=1 seek=3000 conv=notrunc status=none
  run_code 0 write -n --json --force --check=no data.bin
  json '.type == "result" and .dry_run and .erased == 2 and .written == 2 and .unchanged == 3 and .bytes == 0'
  run_code 0 write -n --erase=chip --force --check=no data.bin
  said "$output" '^5 pages: the whole chip would be erased, 5 written, 0 stay'
  run_code 0 erase -n 0x08000400 3k
  said "$output" '^3 pages would be erased$'
  run_code 0 erase -n --json
  json '.type == "result" and .mass_erased and .erased == 64 and .dry_run'
  run_code 0 reset -n
  said "$output" '^dry run: it would be reset'
  run_code 0 reset -n --halt --json
  json '.dry_run and .halted == false'
}

@test "--verify=full reads everything back" {
  driven_board
  head -c 5000 /dev/urandom >data.bin
  run_code 0 write --force --check=no data.bin
  run_code 0 write --json --force --check=no --verify=quick data.bin
  json '.type == "result" and .ms.verify == 0'
  run_code 0 write --json --force --check=no --verify=full data.bin
  json '.type == "result" and .written == 0 and .ms.verify > 0'
  run_code 2 write --verify=no data.bin
  said "$errors" '--verify is quick or full, not no'
}

@test "progress: JSON lines on stderr without --json; a bar with rate and time left" {
  driven_board
  head -c 20000 /dev/urandom >data.bin
  run_code 0 write --progress=json --force --check=no data.bin
  said "$errors" '^\{"type":"progress","phase":"program","done":[0-9]+,"total":[0-9]+\}$'
  said "$output" '^20 pages: '
  command -v script >/dev/null || skip "no script(1): no terminal to draw on"
  "$REFLASH" board stop >/dev/null
  "$REFLASH" board start >/dev/null 2>&1 # real time: long enough for a rate
  script -qec "$REFLASH write --check=no --force --erase=pages --speed 100k data.bin" /dev/null >bar.txt </dev/null
  said "$(tr '\r' '\n' <bar.txt)" 'program .*\[#+\.+\] +[0-9]+%  [0-9.]+ KiB/s  [0-9.]+ s left'
}

# The address the core is at, after it ran on for a while.
runs_from_flash() {
  board_runs 50
  "$REFLASH" board status --json | jq -e --argjson base $((0x08000000)) \
    '.halted == false and .pc >= $base and .pc < $base + 65536' >/dev/null ||
    { "$REFLASH" board status; echo "after: $*"; return 1; }
}

@test "what compares or erases a range leaves the firmware running, not the loader" {
  need_firmware
  driven_board
  head -c 3000 /dev/urandom >data.bin
  run_code 0 write "$fw/blinky.elf"
  runs_from_flash write
  run_code 0 verify "$fw/blinky.elf"
  runs_from_flash verify
  run_code 6 verify "$fw/locked-rtos.elf"
  runs_from_flash a mismatch
  run_code 0 write -n --check=no data.bin 0x08004000
  runs_from_flash write -n
  run_code 0 erase -n
  runs_from_flash erase -n
  run_code 0 erase -y 0x08008000 1k
  runs_from_flash erase of a range
  run_code 0 options wrp=0-3
  run_code 5 write --check=no --force data.bin
  runs_from_flash a refused write
}

@test "write protection: the command the error names removes it" {
  need_firmware
  driven_board
  run_code 0 options wrp=0-3
  run_code 5 write "$fw/blinky.elf"
  command=$(sed -nE 's/.*`reflash ([^`]*)` removes.*/\1/p' <<<"$errors")
  [ -n "$command" ]
  # shellcheck disable=SC2086
  run_code 0 $command
  run_code 0 write "$fw/blinky.elf"
}

# Cut a write short by a signal, in the middle of programming, which a slow clock
# makes last longer than any hold-up of this test. Whoever runs the tests may ignore
# hang-ups (nohup does), and the writer would, too.
cut_by() {
  env --default-signal "$REFLASH" write --check=no --force --speed 100k --progress plain data.bin >cut.txt 2>&1 &
  local writer=$!
  for _ in $(seq 400); do
    grep -q '^program' cut.txt && break
    sleep 0.05
  done
  kill "-$1" "$writer"
  set +e
  wait "$writer"
  code=$?
  set -e
  [ "$code" -eq 130 ] || { echo "exit code $code"; cat cut.txt; return 1; }
}

@test "Ctrl-C, an end and a hang-up in the middle of a write: 130, said, the next write is whole" {
  "$REFLASH" board start >/dev/null 2>&1 # real time: the write lasts long enough
  for signal in INT TERM HUP; do
    head -c 60000 /dev/urandom >data.bin
    cut_by "$signal"
    said "$(cat cut.txt)" 'interrupted'
    said "$(cat cut.txt)" 'not whole|a part only'
    run_code 0 write --check=no --force data.bin
    run_code 0 verify data.bin
  done
}

@test "erase asks, and takes no silence for a yes" {
  need_firmware
  driven_board
  run_code 0 write "$fw/blinky.elf"
  run_code 9 erase
  one_clear_error
  said "$errors" '-y'
  run_code 0 verify "$fw/blinky.elf"
  run_code 0 erase -y
  run_code 6 verify "$fw/blinky.elf"
}

@test "erase of a range leaves the rest" {
  driven_board
  head -c 4096 /dev/urandom >data.bin
  run_code 0 write --check=no data.bin 0x08004000
  run_code 0 erase -y 0x08004400 1
  run_code 0 read back.bin 0x08004000 4096
  cmp <(head -c 1024 data.bin) <(head -c 1024 back.bin)
  cmp <(tail -c 2048 data.bin) <(tail -c 2048 back.bin)
  [ "$(tail -c +1025 back.bin | head -c 1024 | tr -d '\377' | wc -c)" -eq 0 ]
}

@test "reset and reset --halt" {
  need_firmware
  driven_board
  run_code 0 write "$fw/blinky.elf"
  run_code 0 reset
  said "$output" 'reset, and running'
  run_code 0 reset --halt --json
  json '.type == "result" and .halted == true'
}

@test "info: chip, maker with evidence, protection; JSON" {
  driven_board
  run_code 0 info
  said "$output" 'STM32F103C8'
  said "$output" 'genuine'
  said "$output" 'CPUID +0x411FC231'
  run_code 0 info --json
  json '.type == "info" and .genuine == true and .dpidr == 463475831 and .flash_kib == 64 and .rdp == false'
}

@test "info: a clone is told, by evidence, and how to treat it" {
  driven_board --silicon air32f103
  run_code 0 info
  said "$output" "not ST's: .*AIR32"
  said "$output" 'advice: .*under reset cannot work'
  run_code 0 info --json
  json '.genuine == false and ([.evidence[] | select(.says == "other")] | length) >= 2'
}

@test "options: show, change, refuse nonsense" {
  driven_board
  run_code 0 options
  said "$output" 'rdp +off'
  run_code 0 options data0=0x5A wrp=0-3
  said "$output" 'data0 +0x5A'
  said "$output" 'wrp +0-3'
  run_code 0 options wrp=0-9,60-127
  said "$output" 'wrp +0-11,60-127$'
  run_code 0 options wrp=none
  said "$output" 'wrp +none'
  said "$output" 'data0 +0x5A'
  run_code 2 options nonsense=1
  one_clear_error
  run_code 2 options data0=300
  run_code 2 options wrp=0-9999
}

@test "write-protected pages: exit 5 before anything is erased" {
  need_firmware
  driven_board
  run_code 0 options wrp=0-3
  run_code 5 write "$fw/blinky.elf"
  one_clear_error
  run_code 5 diagnose
  said "$output" 'wrp'
}

@test "read-out protection: 5 for reading and writing; unlock asks, erases, and frees" {
  need_firmware
  driven_board
  run_code 0 write "$fw/blinky.elf"
  run_code 9 options rdp=on
  run_code 0 options -y rdp=on
  "$REFLASH" board power-cycle 50 >/dev/null
  run_code 5 read out.bin
  one_clear_error
  said "$errors" 'options unlock'
  run_code 5 write "$fw/blinky.elf"
  run_code 5 options rdp=off
  run_code 9 options unlock
  run_code 0 options -y unlock
  "$REFLASH" board power-cycle 50 >/dev/null
  run_code 6 verify "$fw/blinky.elf"
  run_code 0 write "$fw/blinky.elf"
}

@test "options unlock on a chip that is not protected changes nothing" {
  need_firmware
  driven_board
  run_code 0 write "$fw/blinky.elf"
  run_code 0 options data0=5 wrp=0-3
  run_code 0 options -y unlock
  said "$output" 'not on: nothing was changed'
  run_code 0 options -y unlock --json
  json '.unlocked == false'
  run_code 0 options
  said "$output" 'data0 +0x05'
  said "$output" 'wrp +0-3'
  run_code 0 verify "$fw/blinky.elf"
}

@test "firmware larger than the flash: exit 8, nothing written" {
  driven_board
  head -c 70000 /dev/zero | tr '\0' '\125' >big.bin
  printf '\x00\x50\x00\x20\x09\x00\x00\x08' | dd of=big.bin conv=notrunc status=none
  run_code 8 write --check=no big.bin
  one_clear_error
  run_code 0 read page.bin 0x08000000 1k
  [ "$(tr -d '\377' <page.bin | wc -c)" -eq 0 ]
}

@test "a vector table that points nowhere: exit 8, nothing written; --force writes" {
  driven_board
  head -c 2048 /dev/zero >nowhere.bin
  run_code 8 write nowhere.bin
  one_clear_error
  run_code 0 read page.bin 0x08000000 1k
  [ "$(tr -d '\377' <page.bin | wc -c)" -eq 0 ]
  run_code 0 write --force nowhere.bin
}

@test "bad files are refused before the chip is touched" {
  : >empty.bin
  cp "$REFLASH" x86.elf
  for f in missing.bin empty.bin x86.elf; do
    run_code 8 write "$f"
    one_clear_error
  done
  run_code 8 verify missing.bin
}

@test "what stdout and stderr say keeps its order in one file" {
  need_firmware
  driven_board --silicon air32f103
  "$REFLASH" write --check=no "$forms/nojtag-Os.elf" >both 2>&1 </dev/null
  [[ $(cat both) == *"SWD no longer answers"*"next: "* ]]
}

@test "a lock-out that check proved is not written for want of time to see it" {
  need_firmware
  driven_board
  run_code 0 write "$forms/timer-long.elf"
  run_code 7 check "$forms/timer-long.elf"
  run_code 7 write "$forms/timer-long.elf"
  said "$output" 'LOCKS OUT'
  run_code 0 write --force "$forms/timer-long.elf"
  said "$errors" '^check: locks-out'
}

@test "the quick check's verdict is remembered: by image, program and chip, never a lock-out" {
  need_firmware
  driven_board
  slots=$XDG_CACHE_HOME/reflash/verdicts
  run_code 7 write "$fw/locked-rtos.elf"
  run_code 0 write --force "$fw/locked-rtos.elf"
  [ -z "$(ls "$slots" 2>/dev/null)" ]
  run_code 0 write --check=full "$fw/blinky.elf"
  [ -z "$(ls "$slots" 2>/dev/null)" ]
  run_code 0 write "$fw/blinky.elf"
  [ "$(stat -c %a "$slots")" = 700 ]
  slot=("$slots"/*)
  [ "${#slot[@]}" -eq 1 ] && [ "$(stat -c %a "${slot[0]}")" = 600 ]
  change() { jq -c "$1" "${slot[0]}" >draft && cp draft "${slot[0]}"; }
  change '.verdict = "hazard" | .said = "from memory"'
  run_code 0 write "$fw/blinky.elf"
  said "$errors" '^check: from memory'
  run_code 0 write --json "$fw/blinky.elf"
  json '.type == "result" and .verdict == "hazard"'
  # not for another chip, not with a full check, not without one
  for how in --chip=stm32f103cb --check=full --check=no; do
    change '.said = "from memory"'
    run_code 0 write "$how" "$fw/blinky.elf"
    [[ $errors != *"from memory"* ]]
  done
  # neither what another program said, nor what nobody can have said
  run_code 0 write "$fw/blinky.elf"
  cp "${slot[0]}" good.json
  for wrong in '.key += "1" | .said = "from memory"' '.verdict = "locks-out" | .said = "from memory"' \
    '.verdict = 7' '.said = null'; do
    change "$wrong"
    run_code 0 write "$fw/blinky.elf"
    [[ $errors != *"from memory"* ]]
    cmp "${slot[0]}" good.json
  done
  echo damaged >"${slot[0]}"
  run_code 0 write "$fw/blinky.elf"
  cmp "${slot[0]}" good.json
  # a place that cannot be used costs nothing but the time
  rm -r "$XDG_CACHE_HOME"
  : >"$XDG_CACHE_HOME"
  run_code 0 write "$fw/blinky.elf"
}

@test "read --hot-plug does not halt the core" {
  driven_board --wires nrst=low # held in reset, it could not be halted
  run_code 4 read cpuid.bin 0xE000ED00 4
  run_code 0 --hot-plug read cpuid.bin 0xE000ED00 4
  [ "$(od -An -tx4 cpuid.bin | tr -d ' ')" = 411fc231 ]
}

# Types what is given when the question stands on the terminal.
type_at_question() {
  for _ in $(seq 200); do
    grep -q 'y/N' asked.txt 2>/dev/null && break
    sleep 0.05
  done
  printf '%b' "$1"
  sleep 0.2
}

@test "Ctrl-C at a question: 130, nothing was changed" {
  command -v script >/dev/null || skip "no script(1): no terminal to ask on"
  driven_board
  head -c 1000 /dev/urandom >data.bin
  run_code 0 write --force --check=no data.bin
  for answer in '\003:130' 'n\n:9' 'y\n:0'; do
    rm -f asked.txt
    set +e
    type_at_question "${answer%:*}" | timeout 30 script -qefc "$REFLASH erase" asked.txt >/dev/null
    code=$?
    set -e
    [ "$code" -eq "${answer#*:}" ] || { echo "$answer: $code"; cat asked.txt; return 1; }
    if [ "$code" -ne 0 ]; then run_code 0 verify data.bin; fi
  done
  run_code 6 verify data.bin
}

@test "messages do not go into the probe when stderr is closed" {
  driven_board
  head -c 1000 /dev/urandom >data.bin
  "$REFLASH" write --force --check=no data.bin 2>&- >/dev/null
  run_code 0 verify data.bin
  ! "$REFLASH" read out.bin >&- 2>/dev/null
  [ "$(stat -c %s out.bin)" -eq 65536 ]
}

@test "a probe that is pulled out: the first cause is told, not that it failed before" {
  head -c 1000 /dev/urandom >data.bin
  for n in 32 34 36 38 40; do
    driven_board --fault "unplug@$n"
    run_code 3 write --force --check=no data.bin
    said "$errors" '^reflash: the probe (vanished from USB|stopped answering)'
    "$REFLASH" board stop >/dev/null
  done
}

@test "write over the UART of the boot ROM: what starts is told, and what does not yet" {
  "$REFLASH" board start --uart --boot0 1 >/dev/null 2>&1 # a serial line has a clock of its own
  tty=tty:$XDG_RUNTIME_DIR/reflash/board.sock.uart
  head -c 1000 /dev/urandom >data.bin
  run_code 0 -p "$tty" write --force --check=no data.bin 0x08004000
  said "$output" 'BOOT0 jumper back to 0 and press RESET: until then its interrupts may end'
  "$REFLASH" board press-reset >/dev/null
  run_code 0 -p "$tty" verify data.bin 0x08004000
  run_code 4 -p "$tty" read out.bin 0x08020000 1k
  said "$errors" 'refuses to read there, at 0x08020000'
}

@test "an ELF with bytes for RAM: what can't be flashed is said" {
  need_firmware
  command -v arm-none-eabi-objcopy >/dev/null || skip "no arm-none-eabi-objcopy"
  printf 'four' >four
  arm-none-eabi-objcopy --add-section .late=four --set-section-flags .late=alloc,load,data \
    --change-section-address .late=0x20000000 "$fw/blinky.elf" late.elf 2>/dev/null
  driven_board
  run_code 0 write late.elf
  said "$errors" '4 bytes of it belong into RAM at 0x20000000'
  run_code 0 check late.elf
  said "$errors" '4 bytes of it belong into RAM'
  run_code 0 write "$fw/blinky.elf"
  ! grep -q 'belong into RAM' <<<"$errors"
}

@test "reset and write say when nothing runs" {
  driven_board
  run_code 0 reset
  said "$output" 'reset, and locked up: no vector table'
  printf 'settings of somebody' >data.bin
  run_code 0 write data.bin 0x08004000
  said "$output" 'attachable, but nothing runs'
  "$REFLASH" board stop >/dev/null
  driven_board --wires nrst=low
  run_code 0 reset --json
  json '.type == "result" and .state == "in-reset"'
}

@test "read and recover: a file that cannot be written is said before anything is read" {
  driven_board
  run_code 1 read no/such/folder/flash.bin
  one_clear_error
  said "$errors" 'cannot be written: No such file'
  said "$errors" 'nothing was read'
  run_code 1 recover --backup no/such/folder/flash.bin
  said "$errors" 'nothing was read'
}
