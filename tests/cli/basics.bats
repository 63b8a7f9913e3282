load helper

@test "--version says a version, and fast" {
  run_code 0 --version
  said "$output" '^reflash [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "--help lists every command with a line, each command has --help" {
  run_code 0 --help
  for c in check narrow write verify read erase reset info options diagnose recover explain list board completion; do
    said "$output" "^  $c +[A-Z]"
  done
  for c in $(grep -oE '^  [a-z]+ ' <<<"$output"); do
    run_code 0 "$c" --help
    said "$output" "^usage: reflash $c"
  done
}

@test "no command: help on stderr, exit 2" {
  run_code 2
  said "$errors" '^usage: reflash'
}

@test "no command with --json: one error object, nothing else" {
  run_code 2 --json
  [ -z "$errors" ]
  json '.type == "error" and .status == "usage" and .exit == 2'
}

@test "a usage error names the help of its own command" {
  run_code 2 verify
  said "$errors" '`reflash verify --help`'
  run_code 2 check --for never x.elf
  said "$errors" '`reflash check --help`'
}

@test "an unknown command or option: exit 2 and the nearest one" {
  run_code 2 chekc x.elf
  one_clear_error
  said "$errors" 'did you mean `reflash check`'
  run_code 2 unbrik
  said "$errors" 'reflash recover'
  run_code 2 check --strct x.elf
  said "$errors" 'did you mean --strict'
  run_code 2 info --prob 1
  said "$errors" 'did you mean --probe'
  run_code 2 frobnicate
  one_clear_error
}

@test "too few or too many arguments: exit 2" {
  run_code 2 check
  one_clear_error
  run_code 2 write
  run_code 2 write a b c
  run_code 2 list x
}

@test "option values that make no sense: exit 2" {
  run_code 2 info --speed fast
  run_code 2 info --progress loud
  run_code 2 info --under-reset --hot-plug
  run_code 2 check --for never x.elf
  run_code 2 check --at here x.elf
  run_code 2 check --silicon none x.elf
  run_code 2 write x.bin nowhere
  run_code 2 info --speed
  one_clear_error
}

@test "options may stand before and after the command, -- ends them" {
  run_code 3 -q --json info
  json '.type == "error" and .exit == 3'
  run_code 3 info --json -q
  json '.type == "error" and .exit == 3'
  run_code 8 check -- --strict
  said "$errors" '--strict cannot be read'
}

@test "errors with --json are one object on stdout, nothing else" {
  run_code 2 completion tcsh --json
  json '.type == "error" and .status == "usage" and .exit == 2 and (.what | length) > 10'
  [ -z "$errors" ]
}

@test "exit codes: the documentation is what the program prints" {
  run_code 0 --help-exit-codes
  diff <(echo "$output") <(grep '^|' "$REFLASH_SOURCE/docs/exit-codes.md")
}

@test "completion: the shells' scripts parse, and complete" {
  run_code 0 completion bash
  bash -n <<<"$output"
  got=$(bash -c "$output"'
    COMP_WORDS=(reflash che) COMP_CWORD=1; _reflash; echo "${COMPREPLY[*]}"
    COMP_WORDS=(reflash write --fo) COMP_CWORD=2; _reflash; echo "${COMPREPLY[*]}"')
  said "$got" '^check'
  said "$got" '--force'
  run_code 0 completion fish
  said "$output" 'complete -c reflash'
  [ -z "$(grep -vE "^complete -c reflash -n '[^']*'|^complete -c reflash -n __fish_use_subcommand" <<<"$output")" ]
  [ -z "$(sed "s/\\\\'//g" <<<"$output" | grep -E "([^']*'){5,}")" ]
  run_code 0 completion zsh
  said "$output" '^#compdef reflash'
}

@test "output that cannot be written is a failure" {
  [ -e /dev/full ] || skip "no /dev/full"
  run bash -c '"$REFLASH" --help >/dev/full'
  [ "$status" -eq 1 ]
}
