# st-info and st-flash (stlink-tools), unmodified, through the libusb drop-in.
load clients.bash

@test "st-info names chip, flash size and the probe's serial" {
	need st-info
	board_up --serial 00112233445566778899AABB
	run with_board st-info --probe
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'chipid: +0x0410'
	says 'flash: +65536 \(pagesize: 1024\)'
	says 'sram: +20480'
	says 'serial: +00112233445566778899AABB'
}

@test "st-flash takes a V2-1 and a V3 as it takes a V2" {
	need st-flash
	random_file image.bin 4096
	for probe in V2J17S4 V2J37M27 V3J7M3; do
		board_up --probe-firmware "$probe"
		run with_board st-info --probe
		says "version: +${probe%[SM]*}"
		says 'chipid: +0x0410'
		run with_board st-flash write image.bin 0x8000000
		[ "$status" -eq 0 ] || { echo "$probe: $output"; false; }
		says 'Flash written and verified'
		board stop
	done
}

@test "st-flash writes, reads back, resets and erases 64 KiB" {
	need st-flash
	random_file image.bin 65536
	board_up
	run with_board st-flash write image.bin 0x8000000
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'Flash written and verified'
	run with_board st-flash read back.bin 0x8000000 65536
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	cmp image.bin back.bin
	run with_board st-flash reset
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run with_board st-flash erase
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	with_board st-flash read back.bin 0x8000000 65536
	[ "$(tr -d '\377' <back.bin | wc -c)" -eq 0 ]
	[ "$(wc -c <back.bin)" -eq 65536 ]
}

@test "st-flash writes under reset, and the firmware then runs" {
	need st-flash
	board_up
	run with_board st-flash --connect-under-reset --reset write "$FIRMWARE/blinky.bin" 0x8000000
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'Flash written and verified'
	says_not 'NRST is not connected'
	sleep 0.3
	[ "$(board_field mode)" = run ]
	[ "$(board_field halted)" = false ]
}

@test "st-flash takes Intel HEX, a probe by its serial, and more flash than the chip admits" {
	need st-flash
	board_up --serial 00112233445566778899AABB
	random_file image.bin 4096
	arm-none-eabi-objcopy -I binary -O ihex --change-addresses 0x0801F000 image.bin image.hex ||
		skip "no objcopy"
	run with_board st-flash --flash=128k --format ihex write image.hex
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'Flash written and verified'
	run with_board st-flash --flash=128k --serial 00112233445566778899AABB read back.bin 0x801F000 4096
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	cmp image.bin back.bin
	run with_board st-flash --serial 00112233445566778899AABC reset
	[ "$status" -ne 0 ]
	says "Couldn't find any ST-Link"
}

@test "two boards are two desks" {
	need st-info
	board_up --serial 111111111111111111111111
	"$REFLASH" board start --socket "$DIR/other.sock" --chip stm32f103rc \
		--serial 222222222222222222222222 3>&- 4>&- >other 2>&1
	run with_board st-info --probe
	says 'serial: +111111111111111111111111'
	says 'chipid: +0x0410'
	run timeout 60 "$REFLASH" board exec --socket "$DIR/other.sock" -- st-info --probe
	"$REFLASH" board stop --socket "$DIR/other.sock"
	says 'serial: +222222222222222222222222'
	says 'chipid: +0x0414'
}

@test "an unwired NRST shows as st-flash says it" {
	need st-flash
	board_up --wires nrst=open
	run with_board st-flash --connect-under-reset reset
	says 'NRST is not connected'
}

@test "a second client finds the probe busy, and the control socket answers" {
	need openocd
	board_up
	with_board openocd -f "$ADAPTER" -f target/stm32f1x.cfg -c "gdb_port disabled" \
		-c "tcl_port disabled" -c "telnet_port disabled" -c init -c "sleep 3000" -c exit \
		>first.log 2>&1 3>&- &
	for _ in $(seq 50); do
		[ "$(board_field client)" != null ] && break
		sleep 0.1
	done
	[[ "$(board_field client)" == openocd* ]]
	run with_board st-flash erase
	[ "$status" -ne 0 ]
	says 'unable to claim|in use'
	board press-reset 1
	wait
	[ "$(board_field client)" = null ]
	run with_board st-info --probe
	says 'chipid: +0x0410'
}
