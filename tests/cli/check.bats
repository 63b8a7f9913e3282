load helper

setup_file() { :; }

@test "blinky: clear, with what was run" {
  need_firmware
  run_code 0 check "$fw/blinky.elf"
  said "$output" 'blinky\.elf: CLEAR'
  said "$output" 'Ran .* of virtual time, .* instructions, [0-9]+ of [0-9]+ functions'
}

@test "locked-rtos: locks out, the task, the line, the chain, the fix, the proof" {
  need_firmware
  ln -s "$REFLASH_SOURCE/examples/firmware/locked-rtos" .
  run_code 7 check "$fw/locked-rtos.elf"
  said "$output" 'LOCKS OUT — SWD and JTAG are off [0-9.]+ ms after reset'
  said "$output" 'display\.c:[0-9]+ in display_init\(\), task "display".*<- change this line'
  said "$output" 'board_remap\(SWJ\)'
  said "$output" 'called from display_task\(\)'
  said "$output" 'stored by gpio_primary_remap\(\).*AFIO_MAPR <- 0x04000001, SWJ_CFG=100'
  said "$output" 'Proved: '
}

@test "the blame is the caller's statement at -O0, -Os and -O2" {
  need_firmware
  for f in locked-rtos-O0 locked-rtos locked-rtos-O2; do
    run_code 7 check --json "$fw/$f.elf"
    json '.type == "check" and .verdict == "locks-out" and .chip == "STM32F103C8"'
    json '.findings[0] | .cause == "swj-off" and .level == "lockout" and .certainty == "proved"
          and .task == "display" and .after_us > 100 and .after_us < 1000000'
    json '.findings[0].blame | (.file | endswith("display.c")) and .function == "display_init" and .line > 0 and .address > 0'
    json '.findings[0].store | .target == 1073807364 and (.value / 67108864 | floor) % 8 == 1
          and .function == "gpio_primary_remap" and (.file | endswith("gpio.c"))'
    json '.findings[0].stack | length >= 3 and .[0].function == "gpio_primary_remap"'
    json '.findings[0].pins_needed | index("PB3") != null and index("PA13") == null'
    json '.coverage | .virtual_us > 0 and .instructions > 0 and .functions_run <= .functions'
  done
}

@test "the same firmware without that store is not locked out" {
  need_firmware
  run_code 0 check --json "$fw/locked-rtos-no-remap.elf"
  json '.verdict == "clear"'
  run_code 0 check --json "$fw/locked-rtos-fixed.elf"
  json '.verdict == "clear"'
}

@test "a raw binary: the same verdict, addresses instead of lines" {
  need_firmware
  run_code 7 check --json "$fw/locked-rtos.bin"
  json '.verdict == "locks-out" and .findings[0].blame.address > 134217728'
  run_code 7 check "$fw/locked-rtos.bin"
  said "$output" '0x0800[0-9A-F]{4}'
}

@test "several files: each is answered, the worst decides" {
  need_firmware
  run_code 7 check --json "$fw/blinky.elf" "$fw/locked-rtos.elf" nothing.elf
  json '.verdict == "clear"'
  json '.verdict == "locks-out"'
  json '.type == "error" and .status == "bad-file"'
  run_code 8 check "$fw/blinky.elf" nothing.elf
}

@test "--for runs longer, and says so" {
  need_firmware
  run_code 0 check --json --for 20s "$fw/blinky.elf"
  json '.coverage.virtual_us >= 20000000'
}

@test "a chip that is not modelled: unknown, exit 1" {
  need_firmware
  run_code 1 check --chip STM32F407VG "$fw/blinky.elf"
  said "$output" 'UNKNOWN.*STM32F407VG is not modelled'
  run_code 1 check --json --chip STM32F407VG "$fw/blinky.elf"
  json '.verdict == "unknown" and (.reason | length) > 0'
}

@test "bad files: one sentence, exit 8" {
  : >empty.elf
  printf 'reflash' >short.bin
  head -c 40 "$REFLASH" >truncated.elf
  cp "$REFLASH" x86.elf
  mkdir directory
  for f in missing.elf empty.elf truncated.elf x86.elf directory; do
    run_code 8 check "$f"
    one_clear_error
    said "$errors" "${f%.*}"
  done
}

@test "an ELF cut short anywhere is an error or an answer, never a crash" {
  need_firmware
  size=$(stat -L -c %s "$fw/blinky.elf")
  for part in 1 4 16 52 53 100 1000 $((size / 3)) $((size / 2)) $((size - 1)); do
    head -c "$part" "$fw/blinky.elf" >cut.elf
    set +e
    "$REFLASH" check cut.elf >out 2>err </dev/null
    code=$?
    set -e
    [ $code -eq 8 ] || [ $code -eq 0 ] || [ $code -eq 1 ] || { echo "cut at $part: $code"; cat out err; false; }
  done
}

@test "narrow: the tree, the outcomes, the line; exit 7" {
  need_firmware
  for f in locked-rtos-O0 locked-rtos locked-rtos-O2; do
    run_code 7 narrow "$fw/$f.elf"
    said "$output" '> board_remap +display\.c:[0-9]+ +SWD stays on without it'
    said "$output" 'gpio_set_mode +display\.c:[0-9]+ +locks all the same'
    said "$output" 'It ends at .*display\.c:[0-9]+ in display_init\(\)'
  done
  run_code 7 narrow --json "$fw/locked-rtos.elf"
  json '.type == "narrow" and .found == true and .runs > 3 and (.line.file | endswith("display.c"))'
  json '[.blocks[] | select(.guilty and .calls == "board_remap")] | length == 1'
  run_code 0 narrow "$fw/blinky.elf"
  said "$output" 'nothing to narrow down'
  # only with input: not run, but no failure
  run_code 0 narrow "$forms/button-Os.elf"
  said "$output" 'nothing to narrow down: .*`reflash check` says whether it may'
  run_code 8 narrow missing.elf
}

@test "--budget: effort for other answers, of a sensible size" {
  run_code 0 check --json --budget 2s "$fw/blinky.elf"
  for wrong in 0 soon 2h 10us; do
    run_code 2 check --budget "$wrong" "$fw/blinky.elf"
    said "$errors" "--budget $wrong"
  done
}

@test "--format gcc: file:line: error, and the fix as a note" {
  need_firmware
  run_code 7 check --format gcc "$fw/locked-rtos.elf"
  said "$output" '^locked-rtos/display\.c:[0-9]+: error: SWD and JTAG are off .* \[swj-off\]$'
  said "$output" '^locked-rtos/display\.c:[0-9]+: note: '
  run_code 0 check --format gcc "$fw/blinky.elf"
  [ -z "$output" ]
  run_code 2 check --format html "$fw/blinky.elf"
}

@test "--format sarif: one 2.1.0 document of all files" {
  need_firmware
  run_code 7 check --format sarif "$fw/locked-rtos.elf" "$fw/locked-rtos-O2.elf" "$fw/blinky.elf"
  jq -e '.version == "2.1.0" and .runs[0].tool.driver.name == "reflash" and (.runs[0].results | length) >= 2
         and .runs[0].results[0].ruleId == "swj-off" and .runs[0].results[0].level == "error"
         and .runs[0].results[0].locations[0].physicalLocation.region.startLine > 0' <<<"$output"
}

@test "an empty folder among the files is told, and the others are checked" {
  need_firmware
  mkdir none
  run_code 8 check none "$fw/blinky.elf"
  said "$errors" 'none is a folder without firmware files'
  said "$output" 'blinky.elf: CLEAR'
  run_code 7 check "$fw/locked-rtos.elf" none
  run_code 8 check none
  one_clear_error
}

@test "--format sarif: a file that was not checked is no silence; gcc says a condition once" {
  need_firmware
  run_code 1 check --chip stm32f407vg --format sarif "$fw/blinky.elf"
  jq -e '.runs[0].results | length == 1 and .[0].ruleId == "not-checked" and .[0].level == "warning"
         and (.[0].message.text | contains("stm32f407vg is not modelled"))
         and (.[0].locations[0].physicalLocation.artifactLocation.uri | endswith("blinky.elf"))' <<<"$output"
  run_code 0 check --format gcc "$forms/button-Os.elf"
  said "$output" 'if PA0 reads 0 \[swj-off\]'
  [[ $output != *"if PA0 reads 0"*"if PA0 reads 0"* ]]
  run_code 0 check --format gcc "$forms/standby-Os.elf"
  said "$output" '\(1 time in this run'
}

@test "folders: every firmware file below, in order, in parallel as one after the other" {
  need_firmware
  mkdir -p tree/sub
  cp "$fw/blinky.elf" tree/a.elf
  cp "$fw/locked-rtos.bin" tree/sub/b.bin
  cp "$fw/blinky.bin" tree/c.bin
  echo text >tree/readme.txt
  run_code 7 check --json -j 1 tree
  one=$output
  [ "$(jq -rs '[.[].file] | join(" ")' <<<"$one")" = "tree/a.elf tree/c.bin tree/sub/b.bin" ]
  run_code 7 check --json -j 3 tree
  [ "$output" = "$one" ]
  mkdir empty
  run_code 8 check empty
  one_clear_error
}
