# The story this program exists for, as a person lives it, with st-flash.
load clients.bash

@test "flash once, locked out, and back by the BOOT0 jumper" {
	need st-flash
	board_up
	# It flashes once and runs.
	run with_board st-flash --reset write "$FIRMWARE/locked-rtos.bin" 0x8000000
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	for _ in $(seq 50); do
		[ "$(board_field swd_on)" = false ] && break
		sleep 0.1
	done
	[ "$(board_field swd_on)" = false ]
	# The second time it does not.
	run with_board st-flash write "$FIRMWARE/blinky.bin" 0x8000000
	[ "$status" -ne 0 ]
	says 'Failed to connect to target'
	run with_board st-info --probe
	says 'chipid: +0x0000'
	# The jumper, reset, erase, the jumper back, reset.
	board boot0 1
	board press-reset
	sleep 0.2
	run with_board st-flash erase
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	board boot0 0
	board press-reset
	sleep 0.2
	run with_board st-flash --reset write "$FIRMWARE/blinky.bin" 0x8000000
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'Flash written and verified'
	sleep 0.3
	[ "$(board_field swd_on)" = true ]
	run with_board st-info --probe
	says 'chipid: +0x0410'
}

@test "under reset it can be flashed without the jumper where NRST is wired" {
	need st-flash
	board_up
	with_board st-flash --reset write "$FIRMWARE/locked-rtos.bin" 0x8000000
	sleep 0.5
	run with_board st-flash --connect-under-reset write "$FIRMWARE/blinky.bin" 0x8000000
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'Flash written and verified'
}

@test "what stlink 1.6.1 would print: 0x3748 is the probe's own USB product id" {
	board_up --fault short-replies
	with_board st-flash --reset write "$FIRMWARE/locked-rtos.bin" 0x8000000
	for _ in $(seq 50); do
		[ "$(board_field swd_on)" = false ] && break
		sleep 0.1
	done
	run with_board /usr/bin/python3 "$REFLASH_SOURCE/tests/clients/chip_id_as_1_6.py"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says '^chip id 0x3748$'
}
