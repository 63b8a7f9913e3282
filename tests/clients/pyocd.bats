# pyOCD, unmodified. Version 0.13 knows one F1 target, stm32f103rc (2-KiB
# pages), so the board is a high-density one.
load clients.bash

py() {
	with_board pyocd "$@"
}

@test "pyOCD lists, flashes, resets, halts, reads registers and erases" {
	need pyocd
	random_file image.bin 20000
	board_up --chip stm32f103rc
	run py list
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'STLink|STM32 STLink|ST-?LINK'
	run py flash -t stm32f103rc --base-address 0x08000000 --format bin image.bin
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run py commander -t stm32f103rc -c "halt" -c "reg pc" -c "savemem 0x08000000 20000 back.bin" \
		-c "reset -h" -c "status" -c "read32 0xe0042000"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	cmp image.bin back.bin
	says 'pc'
	says '6414|10036414|20036414'
	run py erase -t stm32f103rc --chip
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run py commander -t stm32f103rc -c halt -c "savemem 0x08000000 20000 back.bin"
	[ "$(tr -d '\377' <back.bin | wc -c)" -eq 0 ]
	[ "$(wc -c <back.bin)" -eq 20000 ]
}

@test "pyOCD fails on a locked-out chip as on the desk" {
	need pyocd
	board_up --chip stm32f103rc --wires swclk=open
	run py commander -t stm32f103rc -c "read32 0x08000000"
	[ "$status" -ne 0 ]
	says 'STLink error|Get IDCODE error|DP error|No ACK'
}
