/* One name a command; each is defined at the end of its own file. */
#ifndef REFLASH_CLI_COMMANDS_H
#define REFLASH_CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct command cmd_board;
extern const struct command cmd_completion, cmd_erase, cmd_explain, cmd_info, cmd_list;
extern const struct command cmd_options, cmd_read, cmd_reset, cmd_verify;

#endif
