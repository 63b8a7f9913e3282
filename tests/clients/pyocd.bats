# pyOCD, unmodified. Debian's 0.13 knows one F1 target, stm32f103rc (2-KiB
# pages), so the board is a high-density one.
load clients.bash

tool() {
	with_board pyocd-tool -t stm32f103rc -H "$@"
}

@test "pyOCD lists, flashes, resets, halts, reads registers and erases" {
	need pyocd-flashtool
	random_file image.bin 20000
	board_up --chip stm32f103rc
	run with_board pyocd-tool list
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'STLink'
	run with_board pyocd-flashtool -t stm32f103rc -a 0x08000000 image.bin bin
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says 'Programmed 20000 bytes \(10 pages\)'
	run tool savemem 0x08000000 20000 back.bin
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	cmp image.bin back.bin
	run tool halt
	says 'Successfully halted device'
	run tool reg
	says 'pc: 0x'
	run tool read32 0xe0042000 4
	says 'e0042000: +10036414'
	run tool reset
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run with_board pyocd-flashtool -t stm32f103rc -ce
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	run tool savemem 0x08000000 20000 back.bin
	[ "$(tr -d '\377' <back.bin | wc -c)" -eq 0 ]
	[ "$(wc -c <back.bin)" -eq 20000 ]
}

@test "pyOCD fails on a locked-out chip as on the desk" {
	need pyocd-tool
	board_up --chip stm32f103rc --wires swclk=open
	run tool read32 0x08000000 4
	[ "$status" -ne 0 ] || says 'Error|rror:'
	says 'STLink error \(9\): Get IDCODE error'
}
