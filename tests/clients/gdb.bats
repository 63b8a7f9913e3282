# gdb-multiarch through OpenOCD.
load clients.bash

@test "GDB loads, breaks, steps, watches and looks back from an interrupt" {
	need gdb-multiarch
	need openocd
	STEPS=$REFLASH_BUILD/tests/clients/steps.elf
	[ -f "$STEPS" ] || skip "no ARM compiler"
	board_up
	PORT=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	# dapdirect: OpenOCD's HLA cannot tell a watchpoint from a breakpoint
	with_board openocd -f interface/stlink-dap.cfg -c "transport select dapdirect_swd" \
		-f target/stm32f1x.cfg -c "gdb_port $PORT" -c "tcl_port disabled" \
		-c "telnet_port disabled" >openocd.log 2>&1 3>&- &
	SERVER=$!
	for _ in $(seq 50); do
		grep -q "Listening on port $PORT" openocd.log && break
		sleep 0.1
	done
	cat >script.gdb <<-END
		set pagination off
		set confirm off
		target extended-remote 127.0.0.1:$PORT
		monitor reset halt
		load
		monitor reset halt
		thbreak main
		continue
		echo \n== step into\n
		break twice
		continue
		info symbol \$pc
		finish
		delete
		echo \n== watch\n
		watch rounds
		continue
		continue
		delete
		echo \n== interrupt\n
		hbreak on_tick
		continue
		backtrace
		delete
		echo \n== verify\n
		compare-sections
		detach
	END
	run timeout 50 gdb-multiarch -q -batch -nx -x script.gdb "$STEPS"
	kill "$SERVER"
	[ "$status" -eq 0 ] || { echo "$output"; cat openocd.log; false; }
	says 'Temporary breakpoint 1, main'
	says 'twice in section .text'
	says 'Value returned is'
	says 'Old value = '
	says '#0 +on_tick'
	says 'sys_tick_handler'
	says 'signal handler called'
	says '(main|twice) '
	says 'matched'
	says_not 'MIS-MATCHED'
}

@test "GDB through st-util: load, break, backtrace" {
	need gdb-multiarch
	need st-util
	STEPS=$REFLASH_BUILD/tests/clients/steps.elf
	[ -f "$STEPS" ] || skip "no ARM compiler"
	board_up
	PORT=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	with_board st-util -p "$PORT" >util.log 2>&1 3>&- &
	SERVER=$!
	for _ in $(seq 50); do
		grep -q "Listening at" util.log && break
		sleep 0.1
	done
	cat >script.gdb <<-END
		set pagination off
		set confirm off
		target extended-remote 127.0.0.1:$PORT
		load
		break twice
		continue
		backtrace
		compare-sections
		kill
	END
	run timeout 50 gdb-multiarch -q -batch -nx -x script.gdb "$STEPS"
	kill "$SERVER"
	[ "$status" -eq 0 ] || { echo "$output"; cat util.log; false; }
	says 'Breakpoint 1, twice'
	says '#1 .* in main'
	says 'matched'
	says_not 'MIS-MATCHED'
}
