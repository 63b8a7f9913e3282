load helper

@test "the demo plays the story, every step with its exit code" {
  need_firmware
  run "$REFLASH_SOURCE/tools/demo" "$REFLASH"
  [ "$status" -eq 0 ] || { echo "$output"; false; }
  said "$output" 'every step did what it said'
  [[ "$output" != *$'\e['* ]]
}
