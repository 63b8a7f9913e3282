/*
 * A pseudo-terminal has no parity: Linux drops PARENB and the character size
 * when a program sets them, and a program that reads its settings back (as
 * serial boot loader tools do) believes the port unusable. This preload gives
 * back what was asked for, on pseudo-terminals only. The board's serial port
 * carries bytes, so parity has nothing to protect there.
 *
 * Loaded into the programs of `reflash board exec` and nowhere else.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

/* What was asked for last, a descriptor each; libc's functions have no other
 * place to keep it. */
enum { MAX_FD = 256, UNIX98_PTY_FIRST = 136, UNIX98_PTY_LAST = 143 };
static tcflag_t asked[MAX_FD];
static bool known[MAX_FD];

#define FRAMING (PARENB | PARODD | CSIZE | CSTOPB)

static bool is_pty(int fd)
{
	struct stat st;

	if (fd < 0 || fd >= MAX_FD || fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode))
		return false;
	return major(st.st_rdev) >= UNIX98_PTY_FIRST && major(st.st_rdev) <= UNIX98_PTY_LAST;
}

__attribute__((visibility("default"))) int tcsetattr(int fd, int when, const struct termios *t)
{
	int (*real)(int, int, const struct termios *) =
		(int (*)(int, int, const struct termios *))dlsym(RTLD_NEXT, "tcsetattr");
	int rc = real ? real(fd, when, t) : -1;

	if (rc == 0 && is_pty(fd)) {
		asked[fd] = t->c_cflag & FRAMING;
		known[fd] = true;
	}
	return rc;
}

__attribute__((visibility("default"))) int tcgetattr(int fd, struct termios *t)
{
	int (*real)(int, struct termios *) =
		(int (*)(int, struct termios *))dlsym(RTLD_NEXT, "tcgetattr");
	int rc = real ? real(fd, t) : -1;

	if (rc == 0 && is_pty(fd) && known[fd])
		t->c_cflag = (t->c_cflag & ~(tcflag_t)FRAMING) | asked[fd];
	return rc;
}
