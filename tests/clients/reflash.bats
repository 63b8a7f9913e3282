# reflash itself through libusb and the drop-in: the code that a real ST-LINK
# meets. And through stlink-server.
load clients.bash

@test "reflash finds, tells, writes, reads and verifies over libusb" {
	random_file image.bin 65536
	board_up
	run with_board "$REFLASH" list
	says 'usb:1-1'
	says_not 'virtual:'
	run with_board "$REFLASH" info
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'usb:1-1'
	says 'STM32F103C8'
	run with_board "$REFLASH" write "$FIRMWARE/blinky.elf"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run with_board "$REFLASH" verify "$FIRMWARE/blinky.elf"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run with_board "$REFLASH" write --force image.bin
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run with_board "$REFLASH" read back.bin 0x08000000 65536
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	cmp image.bin back.bin
}

@test "reflash over libusb with a V3" {
	board_up --probe-firmware V3J7M3B4S1
	run with_board "$REFLASH" info
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'STLINK-V3 V3J7M'
	run with_board "$REFLASH" write "$FIRMWARE/blinky.elf"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'still attachable'
}

@test "a locked-out chip is got back over libusb" {
	board_up
	with_board "$REFLASH" write --force --check=no "$FIRMWARE/locked-rtos.bin" || true
	for _ in $(seq 50); do
		[ "$(board_field swd_on)" = false ] && break
		sleep 0.1
	done
	[ "$(board_field swd_on)" = false ]
	run with_board "$REFLASH" recover -y
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run with_board "$REFLASH" info
	[ "$status" -eq 0 ] || { echo "$output"; false; }
}

@test "a probe in use is busy, exit code 3" {
	need openocd
	board_up
	with_board openocd -f "$ADAPTER" -f target/stm32f1x.cfg -c "gdb_port disabled" \
		-c "tcl_port disabled" -c "telnet_port disabled" -c init -c "sleep 3000" -c exit \
		>first.log 2>&1 3>&- &
	for _ in $(seq 50); do
		[ "$(board_field client)" != null ] && break
		sleep 0.1
	done
	run with_board "$REFLASH" -p usb:1-1 info
	[ "$status" -eq 3 ]
	says 'in use'
	run "$REFLASH" -p virtual info
	[ "$status" -eq 3 ]
	says 'in use by openocd, pid [0-9]+'
	wait
}

@test "reflash through an stlink-server" {
	PORT=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	board_up --stlink-server="$PORT"
	run "$REFLASH" -p "tcp:127.0.0.1:$PORT" write "$FIRMWARE/blinky.bin"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run "$REFLASH" -p "tcp:127.0.0.1:$PORT" verify "$FIRMWARE/blinky.bin"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
}

@test "no board: the drop-in's bus is empty, and exec brings one" {
	run env REFLASH_DROPIN=/nonexistent LD_LIBRARY_PATH="$REFLASH_BUILD/src/shim" st-info --probe
	says 'Found 0 stlink'
	run with_board st-info --probe
	says 'chipid: +0x0410'
	run "$REFLASH" board status
	[ "$status" -eq 3 ]
}
