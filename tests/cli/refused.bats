load helper

# What must be refused before the first erase. The board's own flash file is
# looked at (the first 128 KiB: option bytes lie behind them), not what reflash
# says about it; what it holds at the start is firmware that runs.

# bytes HEX: those bytes.
bytes() {
  # shellcheck disable=SC2001 # two characters at a time
  printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"
}

# program STACK [LENGTH]: vectors (little endian) and a branch to itself.
program() {
  bytes "$(sed -E 's/(..)(..)(..)(..)/\4\3\2\1/' <<<"$1")"
  bytes 09000008
  # shellcheck disable=SC2046 # one word a number, none of them printed
  printf '\376\347%.0s' $(seq $(((${2:-256} - 8) / 2)))
}

# ihex_record TYPE ADDRESS HEX, with its sum.
ihex_record() {
  local body sum=0 i
  body=$(printf '%02X%s%s%s' $((${#3} / 2)) "$2" "$1" "$3")
  for ((i = 0; i < ${#body}; i += 2)); do sum=$((sum + 16#${body:i:2})); done
  printf ':%s%02X\n' "$body" $((-sum & 255))
}

# An Intel HEX file of the program at 0x08000000, then further records.
ihex() {
  ihex_record 04 0000 0800
  ihex_record 00 0000 005000200900000800BF00BFFEE7
  cat
  ihex_record 01 0000 ''
}

# put32 N...: little-endian words.
put32() {
  local n
  for n in "$@"; do bytes "$(printf '%08x' "$n" | sed -E 's/(..)(..)(..)(..)/\4\3\2\1/')"; done
}

# elf_of TYPE ADDRESS...: an ARM ELF file whose program headers, of that type,
# each put program.bin at one address.
elf_of() {
  local type=$1 count size at
  shift
  count=$#
  size=$(stat -c %s program.bin)
  bytes 7f454c46010101000000000000000000 # class 32, little endian
  bytes 02002800
  put32 1 $((16#08000009)) $((count ? 52 : 0)) 0 $((16#05000200))
  bytes 34002000
  bytes "$(printf '%02x00' "$count")"
  bytes 280000000000
  for at in "$@"; do put32 "$type" $((52 + 32 * count)) "$at" "$at" "$size" "$size" 5 4; done
  cat program.bin
}

working_board() {
  driven_board --flash flash.bin
  program 20005000 >program.bin
  run_code 0 write --check=no program.bin
  "$REFLASH" board status >/dev/null
  cmp -n "$(stat -c %s program.bin)" flash.bin program.bin # the last half-word, too
  cp flash.bin before.bin
}

# refused CODE PATTERN ARGUMENTS...: so ends it, saying so, and nothing changed.
refused() {
  local pattern=$2
  run_code "$1" "${@:3}"
  said "$(tail -n 3 <<<"$errors")" "$pattern"
  said "$errors" '^  next:  .+'
  errors=$(grep -v '^check: ' <<<"$errors")
  one_clear_error
  "$REFLASH" board status >/dev/null # the board's answer comes behind its writing
  cmp -n $((128 * 1024)) before.bin flash.bin || { echo "the flash changed by: ${*:3}"; return 1; }
}

@test "the small writer of test files makes files that are good" {
  working_board
  ihex </dev/null >good.hex
  run_code 0 write --check=no good.hex
  run_code 0 write --check=no program.bin
  elf_of 1 $((16#08000000)) >good.elf
  run_code 0 verify good.elf
  run_code 0 write good.elf
}

@test "the flash file holds an erase as soon as it has ended" {
  working_board
  run_code 0 erase -y 0x08000000 1k
  "$REFLASH" board status >/dev/null
  [ "$(head -c 1024 flash.bin | tr -d '\377' | wc -c)" -eq 0 ]
}

@test "files that contradict themselves" {
  working_board
  ihex_record 00 0008 11223344 | ihex >overlap.hex
  refused 8 'two contents for address 0x08000008' write overlap.hex
  elf_of 1 $((16#08000000)) $((16#08000080)) >overlap.elf
  refused 8 'two contents for address 0x08000080' write overlap.elf
  ihex </dev/null | sed 's/005000200900/005000200901/' >sum.hex
  refused 8 'line 2: the checksum' write sum.hex
  printf 'S10B0000005000200900000874\nS9030000FC\n' >sum.srec
  refused 8 'line 1: the checksum' write sum.srec
  ihex </dev/null | sed '$d' >cut.hex
  refused 8 'truncated' write cut.hex
  elf_of 1 $((16#08000000)) | head -c 200 >cut.elf
  refused 8 'truncated' write cut.elf
  printf '\x7fELF' >magic.elf
  refused 8 'truncated' write magic.elf
}

@test "files that hold nothing" {
  working_board
  elf_of 1 >headless.elf
  refused 8 'nothing to load' write headless.elf
  elf_of 4 $((16#08000000)) >note.elf # a note is not loaded
  refused 8 'nothing to load' write note.elf
  elf_of 1 $((16#20000000)) >ram.elf
  refused 8 'nothing to load' write ram.elf
  : >empty.elf
  refused 8 'is empty' write empty.elf
  refused 8 'is empty' write /dev/null
}

@test "what is no file, or has no end" {
  working_board
  mkdir folder
  ln -s b a
  ln -s a b
  refused 8 'directory' write folder
  refused 8 'symbolic links' write a
  refused 8 'larger than 64 MiB' write /dev/zero
  refused 8 'No such file' write missing.bin
}

@test "addresses where there is no flash" {
  working_board
  for args in "program.bin 0x0800FFF0" "program.bin 0x40000000" "program.bin 0x1FFFF000"; do
    # shellcheck disable=SC2086
    refused 8 'the flash of the STM32F103C8 is' write --check=no $args
  done
  { ihex_record 04 0000 0802; ihex_record 00 0000 1122; } | ihex >outside.hex
  refused 8 '2 bytes at 0x08020000' write outside.hex
  elf_of 1 $((16#08000000)) $((16#08040000)) >outside.elf
  refused 8 '0x08040000' write outside.elf
  refused 2 'is no address' write program.bin 0xFFFFFFFF
  refused 2 'is no address' write --force program.bin 0x100000000
}

@test "an image for another chip: its stack is where this one has no RAM" {
  working_board
  program 20020000 >f4.bin # 128 KiB of RAM
  program 20010000 >f107.bin # 64 KiB
  for check in quick no; do
    refused 8 'its stack begins at 0x20020000, and the RAM of this STM32F103C8 ends at 0x20004FFF' \
      write --check=$check f4.bin
    refused 8 'its stack begins at 0x20010000' write --check=$check f107.bin
  done
  cp program.bin fits.bin
  cp f107.bin program.bin
  elf_of 1 $((16#08000000)) >f107.elf
  refused 8 'for another chip' write f107.elf
  refused 8 'for another chip' recover -y --write f107.bin
  refused 8 'for another chip' write -n f107.bin
  run_code 0 write --force f107.bin
  run_code 0 verify f107.bin
  run_code 0 write fits.bin
}

@test "an image with 64 KiB of RAM is right where the chip has them" {
  driven_board --chip stm32f103re
  program 20010000 >big.bin
  run_code 0 write --check=no big.bin
  run_code 0 --chip stm32f103rc write --check=no big.bin
}

@test "--chip: more flash than the chip tells is believed, pages of another size are not" {
  working_board
  refused 2 'DEV_ID is 0x410.*it is no STM32F103RE' write --check=no --force --chip stm32f103re program.bin 0x08001000
  refused 2 'it is no STM32F103RE' erase -y --chip stm32f103re
  refused 2 'it is no STM32F103RE' options --chip stm32f103re wrp=all
  refused 2 'no chip "STM32F407VG"' write --chip STM32F407VG program.bin
  run_code 0 --chip stm32f103re info
  run_code 0 --chip stm32f103cb write --check=no --force program.bin 0x08010000
}

@test "protected: by pages, and wholly" {
  working_board
  program 20005000 3000 >longer.bin
  run_code 0 options wrp=0-3
  refused 5 'write-protected' write --check=no longer.bin
  refused 5 'write-protected' erase -y
  run_code 0 options wrp=none
  run_code 0 options -y rdp=on
  "$REFLASH" board power-cycle 50 >/dev/null
  refused 5 'read-out protection' write --check=no longer.bin
  refused 5 'read-out protection' erase -y
}
