# The board's process itself: sockets, control, what survives, time.
load clients.bash

@test "start says where the board is, a second start is refused, stop leaves nothing behind" {
	run "$REFLASH" board start 3>&- 4>&-
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says "socket +$REFLASH_BOARD"
	[ "$(stat -c %a "$REFLASH_BOARD")" = 600 ]
	run "$REFLASH" board start
	[ "$status" -eq 3 ]
	says 'runs already'
	board status
	run "$REFLASH" board stop
	[ "$status" -eq 0 ]
	for _ in $(seq 20); do [ -S "$REFLASH_BOARD" ] || break; sleep 0.05; done
	[ ! -S "$REFLASH_BOARD" ] && [ ! -S "$REFLASH_BOARD.ctl" ]
	run "$REFLASH" board status
	[ "$status" -eq 3 ]
	says 'board start'
}

@test "once stop has returned the place is free" {
	for _ in $(seq 15); do
		"$REFLASH" board start --time driven >/dev/null 2>&1 3>&- 4>&- || { echo "start refused"; false; }
		"$REFLASH" board stop
		[ ! -S "$REFLASH_BOARD" ]
	done
}

@test "without --socket the board lives in a directory only its owner may enter" {
	unset REFLASH_BOARD
	board_up
	[ "$(stat -c %a "$XDG_RUNTIME_DIR/reflash")" = 700 ]
	[ -S "$XDG_RUNTIME_DIR/reflash/board.sock" ]
	board stop
	chmod 755 "$XDG_RUNTIME_DIR/reflash"
	run "$REFLASH" board start
	[ "$status" -eq 3 ]
	says 'open to other users'
}

@test "a socket left behind by a killed board is replaced" {
	"$REFLASH" board >places 2>&1 3>&- &
	pid=$!
	for _ in $(seq 50); do [ -S "$REFLASH_BOARD.ctl" ] && break; sleep 0.05; done
	kill -9 "$pid"
	wait "$pid" || true
	[ -S "$REFLASH_BOARD" ]
	board_up
	[ "$(board_field powered)" = true ]
}

@test "flash and option bytes are kept in a file, also when the board is killed" {
	need st-flash
	random_file image.bin 4096
	"$REFLASH" board --flash flash.bin >places 2>&1 3>&- &
	pid=$!
	for _ in $(seq 50); do [ -S "$REFLASH_BOARD.ctl" ] && break; sleep 0.05; done
	with_board st-flash write image.bin 0x8000000
	kill -9 "$pid"
	wait "$pid" || true
	cmp -n 4096 image.bin flash.bin
	board_up --flash flash.bin
	with_board st-flash read back.bin 0x8000000 4096
	cmp image.bin back.bin
}

@test "a firmware file is flash to begin with" {
	cp "$FIRMWARE/locked-rtos.bin" flash.bin
	board_up --flash flash.bin
	for _ in $(seq 50); do
		[ "$(board_field swd_on)" = false ] && break
		sleep 0.1
	done
	[ "$(board_field swd_on)" = false ]
}

@test "the hand: reset, power, jumper, wires" {
	board_up
	board hold-reset
	[ "$(board_field reset_held)" = true ]
	[ "$(board_field mode)" = reset ]
	board release-reset
	sleep 0.1
	[ "$(board_field mode)" != reset ]
	board power off
	[ "$(board_field mode)" = off ]
	board power on
	board boot0 1
	board press-reset 20
	sleep 0.1
	pc=$(board_field pc)
	[ "$pc" -ge $((0x1ffff000)) ] && [ "$pc" -lt $((0x1ffff800)) ]
	board wire nrst=open,swdio=open
	[ "$(board_field wires.nrst)" = open ]
	board wire swdio=ok
	[ "$(board_field wires.swdio)" = ok ]
	for wrong in "boot0 2" "power" "wire nrst=fish" "press-reset soon" "nonsense"; do
		run "$REFLASH" board $wrong
		[ "$status" -eq 2 ]
	done
}

@test "pins, serial text and a script of them" {
	cp "$FIRMWARE/blinky.bin" flash.bin
	board_up --time driven --flash flash.bin
	board run 100
	[ "$(board_field powered)" = true ]
	run "$REFLASH" board pin
	says 'PC13='
	cat >button.txt <<-'END'
		# three things in a row
		100 power off
		+50 boot0 1
		+50 power on
	END
	run "$REFLASH" board script button.txt
	says '3 things planned'
	board run 120
	[ "$(board_field powered)" = false ]
	board run 200
	pc=$(board_field pc)
	[ "$pc" -ge $((0x1ffff000)) ]
	echo '100 dance' >>button.txt
	run "$REFLASH" board script button.txt
	[ "$status" -eq 2 ]
	says 'line 5 of button.txt; the 3 before it are planned'
	run "$REFLASH" board at soon pin PA0=1
	[ "$status" -eq 2 ]
}

@test "a driven board's time stands still until it is moved" {
	board_up --time driven
	before=$(board_field time_us)
	sleep 0.3
	[ "$(board_field time_us)" = "$before" ]
	board run 2000
	[ "$(board_field time_us)" -ge $((before + 2000000)) ]
}

@test "a real board's time follows the wall clock, and idles cheaply when the chip is off" {
	"$REFLASH" board --power off >places 2>&1 3>&- &
	pid=$!
	for _ in $(seq 50); do [ -S "$REFLASH_BOARD.ctl" ] && break; sleep 0.05; done
	before=$(board_field time_us)
	ticks=$(awk '{print $14 + $15}' "/proc/$pid/stat")
	sleep 1
	after=$(board_field time_us)
	used=$(($(awk '{print $14 + $15}' "/proc/$pid/stat") - ticks))
	[ $((after - before)) -ge 900000 ]
	[ "$used" -le 5 ] # hundredths of a second
	board stop
	wait "$pid"
}

@test "junk on the sockets harms nobody" {
	board_up
	/usr/bin/python3 - "$REFLASH_BOARD" <<-'END'
		import os, random, socket, sys
		random.seed(1)
		for n in range(200):
		    for path in (sys.argv[1], sys.argv[1] + ".ctl"):
		        s = socket.socket(socket.AF_UNIX)
		        s.connect(path)
		        s.settimeout(0.02)
		        try:
		            s.sendall(bytes([random.randrange(12)]) + random.randbytes(random.randrange(1, 200)))
		            s.recv(100)
		        except OSError:
		            pass
		        s.close()
	END
	[ "$(board_field powered)" = true ]
	[ "$(board_field client)" = null ]
}

@test "a power cut at a flash operation leaves a torn page, and the board goes on" {
	need st-flash
	random_file image.bin 8192
	board_up --fault cut-power@1000
	PATIENCE=20 run with_board st-flash write image.bin 0x8000000
	[ "$(board_field powered)" = false ]
	board power on
	run with_board st-flash read back.bin 0x8000000 8192
	! cmp -s image.bin back.bin
}

@test "what the program does not know it says, with exit code 2" {
	for wrong in "--chip stm32f407" "--silicon fake" "--boot0 2" "--time slow" "--fault fire" \
		"--stlink-server=0" "--wires nrst=fish"; do
		run "$REFLASH" board start $wrong
		[ "$status" -eq 2 ]
		[ -n "$output" ]
	done
	run "$REFLASH" board exec
	[ "$status" -eq 2 ]
	run -127 "$REFLASH" board exec -- /nonexistent/program
	run "$REFLASH" board exec -- sh -c 'exit 42'
	[ "$status" -eq 42 ]
}

@test "the drop-in has every function of the libusb that is installed" {
	real=$(ldconfig -p | awk '/libusb-1.0.so.0 / {print $NF; exit}')
	[ -n "$real" ] || skip "no libusb"
	functions() { nm -D --defined-only "$1" | awk '$2 == "T" {print $3}' | sort; }
	run comm -23 <(functions "$real") <(functions "$REFLASH_BUILD/src/shim/libusb-1.0.so.0")
	[ -z "$output" ] || { echo "missing: $output"; false; }
}
