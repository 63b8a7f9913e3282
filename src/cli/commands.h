/* One name a command; each is defined at the end of its own file. */
#ifndef REFLASH_CLI_COMMANDS_H
#define REFLASH_CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct command cmd_board;
extern const struct command cmd_check, cmd_completion, cmd_diagnose, cmd_erase, cmd_explain;
extern const struct command cmd_info, cmd_list, cmd_narrow, cmd_options, cmd_read, cmd_recover, cmd_reset;
extern const struct command cmd_verify, cmd_write;

#endif
