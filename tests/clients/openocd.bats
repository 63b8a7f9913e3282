# OpenOCD, unmodified: HLA and dapdirect through the libusb drop-in, and both
# through stlink-server.
load clients.bash

QUIET=(-c "gdb_port disabled" -c "tcl_port disabled" -c "telnet_port disabled")

free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# openocd_by ROUTE COMMAND...: every command as one -c
openocd_by() {
	local route=$1 args=()
	shift
	for c; do args+=(-c "$c"); done
	case $route in
	hla) set -- -f interface/stlink.cfg ;;
	dap) set -- -f interface/stlink-dap.cfg -c "transport select dapdirect_swd" ;;
	tcp-hla) set -- -f interface/stlink.cfg -c "hla_stlink_backend tcp $PORT" ;;
	tcp-dap) set -- -f interface/stlink-dap.cfg -c "st-link backend tcp $PORT" -c "transport select dapdirect_swd" ;;
	esac
	case $route in
	tcp-*) timeout 120 openocd "${QUIET[@]}" "$@" -f target/stm32f1x.cfg "${args[@]}" ;;
	*) with_board openocd "${QUIET[@]}" "$@" -f target/stm32f1x.cfg "${args[@]}" ;;
	esac
}

# What every route must do.
full_round() {
	local route=$1
	random_file image.bin 32768
	PORT=$(free_port)
	board_up --stlink-server="$PORT"

	run openocd_by "$route" init "reset halt" \
		"flash write_image erase image.bin 0x08000000" "verify_image image.bin 0x08000000" \
		"mww 0x20000000 0xdeadbeef" "mdw 0x20000000" "mdw 0xe0042000" exit
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'wrote 32768 bytes'
	says 'verified 32768 bytes'
	says '0x20000000: deadbeef'
	says '0xe0042000: 20036410'

	# a program, a breakpoint in it, steps
	run openocd_by "$route" init "reset halt" \
		"flash write_image erase $STEPS 0" "verify_image $STEPS" "reset halt" \
		"bp $TWICE 2 hw" resume "wait_halt 2000" "reg pc" step "reg pc" "rbp $TWICE" exit
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says "pc \(/32\): 0x$(printf %08x "$TWICE")"
	[ "$(grep -c 'pc (/32)' <<<"$output")" -eq 2 ]
	[ "$(grep 'pc (/32)' <<<"$output" | sort -u | wc -l)" -eq 2 ]

	# option bytes, erase, lock, unlock
	run openocd_by "$route" init "reset halt" "stm32f1x options_read 0" \
		"stm32f1x mass_erase 0" "flash erase_check 0" "mdw 0x08000000" \
		"stm32f1x lock 0" "reset halt" exit
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'mass erase complete'
	says '0x08000000: ffffffff'
	board power-cycle
	sleep 0.2
	[ "$(board_field rdp)" = true ]
	run openocd_by "$route" init "reset halt" "mdw 0x08000000" exit
	says_not '0x08000000: ffffffff'
	run openocd_by "$route" init "reset halt" "stm32f1x unlock 0" "reset halt" exit
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	board power-cycle
	sleep 0.2
	[ "$(board_field rdp)" = false ]
	run openocd_by "$route" init "reset halt" "mdw 0x08000000" exit
	says '0x08000000: ffffffff'
}

setup_steps() {
	need openocd
	STEPS=$REFLASH_BUILD/tests/clients/steps.elf
	[ -f "$STEPS" ] || skip "no ARM compiler"
	TWICE=0x$(arm-none-eabi-nm "$STEPS" | awk '$3 == "twice" {print $1}')
}

@test "OpenOCD HLA through the drop-in" {
	setup_steps
	full_round hla
}

@test "OpenOCD dapdirect through the drop-in" {
	setup_steps
	full_round dap
}

@test "OpenOCD HLA through stlink-server" {
	setup_steps
	full_round tcp-hla
}

@test "OpenOCD dapdirect through stlink-server" {
	setup_steps
	full_round tcp-dap
}

@test "OpenOCD names and uses every generation of probe: V2, V2-1 and V3" {
	need openocd
	random_file image.bin 12000
	for probe in "V2J29S7 3748" "V2J37M27 374B" "V3J7M3 374E" "V3J1M1 374E"; do
		board_up --probe-firmware "${probe% *}"
		for route in hla dap; do
			run openocd_by "$route" init "reset halt" "adapter speed 3300" \
				"flash write_image erase image.bin 0x08000000" "verify_image image.bin" \
				"mwb 0x20000003 0x5a" "mdb 0x20000003" "adapter speed" exit
			[ "$status" -eq 0 ] || { echo "$probe $route: $output"; false; }
			says "STLINK ${probe% *} \(API v[23]\) VID:PID 0483:${probe#* }"
			says 'Target voltage: 3\.'
			says '0x20000003: 5a'
		done
		board stop
	done
}

@test "OpenOCD writes option bytes, which count after a power cycle" {
	need openocd
	board_up
	run openocd_by hla init "reset halt" "stm32f1x options_write 0 SWWDG NORSTSTNDBY RSTSTOP" \
		"stm32f1x options_read 0" exit
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'stop mode: no reset generated'
	board power-cycle
	run openocd_by hla init "reset halt" "stm32f1x options_read 0" exit
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'stop mode: reset generated'
	says 'standby mode: no reset generated'
}

@test "OpenOCD's program command: write, verify, reset" {
	setup_steps
	board_up
	run openocd_by dap "program $STEPS verify reset exit"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'Verified OK'
	sleep 0.2
	[ "$(board_field mode)" = run ]
}

@test "OpenOCD's semihosting and RTT work over the probe" {
	need openocd
	need arm-none-eabi-as
	arm-none-eabi-as "$REFLASH_SOURCE/tests/clients/firmware/says.s" -o says.o
	arm-none-eabi-ld -Ttext=0x20002000 -e 0x20002001 says.o -o says.elf
	arm-none-eabi-objcopy -O binary says.elf says.bin
	board_up
	for route in hla dap; do
		run openocd_by "$route" init "reset halt" "load_image says.bin 0x20002000 bin" \
			"verify_image_checksum says.bin 0x20002000 bin" "arm semihosting enable" \
			"reg sp 0x20005000" "reg xPSR 0x01000000" "resume 0x20002000" "sleep 500" \
			halt "rtt setup 0x20000000 0x4000 {SEGGER RTT}" "rtt start" "rtt channels" exit
		[ "$status" -eq 0 ] || { echo "$route: $output"; false; }
		says '^said by semihosting$'
		says '0: Terminal 64 0'
	done
}

@test "OpenOCD at other speeds and with the reset line held while it connects" {
	need openocd
	board_up
	for route in hla dap; do
		run openocd_by "$route" "adapter speed 100" init "adapter speed" "mdw 0xe0042000" exit
		[ "$status" -eq 0 ] || { echo "$route: $output"; false; }
		says 'adapter speed: 100 kHz'
		says '0xe0042000: 20036410'
		run openocd_by "$route" "reset_config srst_only srst_nogate connect_assert_srst" \
			init "reset halt" "reg pc" exit
		[ "$status" -eq 0 ] || { echo "$route: $output"; false; }
		says 'halted due to'
	done
}

@test "OpenOCD fails on a locked-out chip as on the desk" {
	need openocd
	board_up --wires swdio=open
	run openocd_by hla init exit
	[ "$status" -ne 0 ]
	says 'init mode failed \(unable to connect to the target\)'
}

@test "a cable pulled in the middle is an error, and plugged in again all is well" {
	need openocd
	random_file image.bin 8192
	board_up --fault unplug@400
	PATIENCE=30 run openocd_by hla init "reset halt" "flash write_image erase image.bin 0x08000000" exit
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	run openocd_by hla init exit
	says 'open failed|No ST-?LINK'
	board plug
	run openocd_by hla init "reset halt" "flash write_image erase image.bin 0x08000000" \
		"verify_image image.bin 0x08000000" exit
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'verified 8192 bytes'
}
