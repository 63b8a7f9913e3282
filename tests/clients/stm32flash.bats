# stm32flash on the board's serial port, with the boot ROM behind BOOT0.
load clients.bash

setup_rom() {
	need stm32flash
	board_up --uart --boot0 1
	TTY=$REFLASH_BOARD.uart
}

# -m 8n1: Linux pseudo-terminals have no parity
flash() {
	timeout 120 stm32flash -b 115200 -m 8n1 "$@" "$TTY"
}

@test "stm32flash tells the chip, writes, verifies, reads and erases" {
	setup_rom
	random_file image.bin 8192
	run flash
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'Device ID +: 0x0410'
	says 'Version +: 0x22'
	run flash -w image.bin -v -S 0x08000000
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says '100.00%'
	run flash -r back.bin -S 0x08000000:8192
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	cmp image.bin back.bin
	run flash -o
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run flash -r back.bin -S 0x08000000:8192
	[ "$(tr -d '\377' <back.bin | wc -c)" -eq 0 ]
}

@test "stm32flash starts what it wrote" {
	setup_rom
	[ -f "$REFLASH_BUILD/tests/clients/steps.bin" ] || skip "no ARM compiler"
	run flash -w "$REFLASH_BUILD/tests/clients/steps.bin" -v -g 0x08000000
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	sleep 0.5
	pc=$(board_field pc)
	[ "$pc" -ge $((0x08000000)) ] && [ "$pc" -lt $((0x08010000)) ]
	[ "$(board_field boot0)" = true ]
}

@test "read-out protection over the boot ROM: refused reads, and erased when removed" {
	setup_rom
	random_file image.bin 4096
	flash -w image.bin -S 0x08000000
	run flash -j
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	sleep 0.3
	[ "$(board_field rdp)" = true ]
	run flash -r back.bin -S 0x08000000:4096
	[ "$status" -ne 0 ]
	run flash -k
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	sleep 0.3
	[ "$(board_field rdp)" = false ]
	run flash -r back.bin -S 0x08000000:4096
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	[ "$(tr -d '\377' <back.bin | wc -c)" -eq 0 ]
}

@test "without BOOT0 nobody answers the serial port" {
	need stm32flash
	board_up --uart
	TTY=$REFLASH_BOARD.uart
	run flash
	[ "$status" -ne 0 ]
	says 'Failed to init device'
}

@test "plain stm32flash, with parity, works under board exec" {
	setup_rom
	run with_board sh -c 'stm32flash -b 115200 "$REFLASH_UART"'
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'Device ID +: 0x0410'
}
