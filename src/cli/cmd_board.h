/* The `reflash board` family: one file each for starting, programs, and the rest. */
#ifndef REFLASH_CLI_CMD_BOARD_H
#define REFLASH_CLI_CMD_BOARD_H

#include "cli/cli.h"
#include "serve/serve.h"

/* A board and its server, made from the command line. */
struct board_session {
	struct board *board;
	struct server *server;
	uint8_t *boot_rom; /* a user's own, or NULL */
};
enum status board_session_open(struct cli *cli, const struct args *args, const char *socket,
			       struct board_session *out) MUST_CHECK;
void board_session_close(struct board_session *s);

/* Start a board in a process of its own; returns when its sockets are ready.
 * `tied`: it ends when this process does. `places` (at least 1 KiB) receives
 * one line a way in. */
enum status board_spawn(struct cli *cli, const struct args *args, const char *socket, bool tied,
			char *places, size_t size) MUST_CHECK;

/* The sub-commands that need files of their own. */
enum status board_foreground(struct cli *cli, const struct args *args);
enum status board_start(struct cli *cli, const struct args *args);
enum status board_script(struct cli *cli, const struct args *args) MUST_CHECK;
enum status board_exec(struct cli *cli, const struct args *args);

#endif
