/*
 * The child process that reads DWARF. The debug information of an unknown
 * file is the one part whose parser is neither small nor ours, so it runs in a
 * forked child with limits on memory, processor time and files; a crash or an
 * endless loop there costs the answer, not the verdict.
 *
 * A question and an answer are one message each over a SOCK_SEQPACKET pair:
 *     question: kind u8, address u32, text (NUL-terminated)
 *     answer:   1 u8 and the data, or 0 u8: nothing known
 * The child is started at the first question and again after a crash, at most
 * CHILD_LIVES times.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/image_internal.h"

#define CHILD_LIVES 2
#define ANSWER_TIMEOUT_MS 1500
#define CHILD_CPU_SECONDS 4
#define CHILD_MEMORY (192u << 20)

struct kept_text {
	struct kept_text *next;
	char text[];
};

struct dwarf_child {
	pid_t pid; /* 0: not running */
	int fd;
	unsigned lives;
	struct kept_text *texts;
};

void reply_u8(struct reply *r, uint8_t v)
{
	if (r->len < sizeof r->bytes)
		r->bytes[r->len++] = v;
	else
		r->full = true;
}

void reply_u32(struct reply *r, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		reply_u8(r, (uint8_t)(v >> 8 * i));
}

void reply_text(struct reply *r, const char *text)
{
	size_t len = strnlen(text ? text : "", 1024);

	for (size_t i = 0; i < len; i++)
		reply_u8(r, (uint8_t)text[i]);
	reply_u8(r, 0);
}

/* ---- in the child ---------------------------------------------------------------- */

static void limit(int resource, rlim_t value)
{
	struct rlimit r = {value, value};

	setrlimit(resource, &r);
}

static void confine(int fd)
{
	prctl(PR_SET_DUMPABLE, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, CHILD_CPU_SECONDS);
	limit(RLIMIT_FSIZE, 0);
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory counts */
	limit(RLIMIT_DATA, CHILD_MEMORY);
#endif
	if (fd > 3)
		close_range(3, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0u, 0);
	limit(RLIMIT_NOFILE, 0);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
	signal(SIGINT, SIG_IGN); /* the parent ends us */
}

static void answer_one(struct dwarf_data *d, const uint8_t *question, size_t len,
		       struct reply *out)
{
	struct cursor c = cursor_over(question, len);
	uint8_t kind = cursor_u8(&c);
	uint32_t address = cursor_le32(&c);

	out->len = 0;
	out->full = false;
	reply_u8(out, 1);
	if (c.overrun || c.pos >= len || question[len - 1] != 0 ||
	    !dwarf_answer(d, (enum dwarf_question)kind, address, (const char *)question + c.pos,
			  out) || out->full) {
		out->len = 0;
		reply_u8(out, 0);
	}
}

static _Noreturn void child_main(int fd, const uint8_t *file, size_t len)
{
	struct dwarf_data *d;
	struct reply *out = malloc(sizeof *out);
	uint8_t question[512];

	confine(fd);
	d = dwarf_data_open(file, len);
	for (;;) {
		ssize_t n = recv(fd, question, sizeof question, 0);

		if (n <= 0 || !d || !out)
			_exit(0);
		answer_one(d, question, (size_t)n, out);
		if (send(fd, out->bytes, out->len, MSG_NOSIGNAL) < 0)
			_exit(0);
	}
}

/* ---- in the parent ----------------------------------------------------------------- */

static void end_child(struct dwarf_child *c)
{
	if (c->pid <= 0)
		return;
	close(c->fd);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
}

static bool start_child(struct dwarf_child *c, const struct image *img)
{
	int fd[2];

	if (c->pid > 0)
		return true;
	if (c->lives == 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return false;
	c->lives--;
	c->pid = fork();
	if (c->pid == 0)
		child_main(fd[1], img->file, img->file_len);
	close(fd[1]);
	if (c->pid < 0) {
		close(fd[0]);
		c->pid = 0;
		return false;
	}
	c->fd = fd[0];
	return true;
}

static struct dwarf_child *child_of(const struct image *img)
{
	/* the child is a cache: asking does not change what the image is */
	struct image *writable = (struct image *)(uintptr_t)img;

	if (!img->dwarf && img->file) {
		writable->dwarf = calloc(1, sizeof *img->dwarf);
		if (img->dwarf)
			img->dwarf->lives = CHILD_LIVES;
	}
	return img->dwarf;
}

static ssize_t exchange(struct dwarf_child *c, const uint8_t *question, size_t len,
			uint8_t *buffer)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	int ready;

	if (send(c->fd, question, len, MSG_NOSIGNAL) < 0)
		return -1;
	do
		ready = poll(&p, 1, ANSWER_TIMEOUT_MS);
	while (ready < 0 && errno == EINTR);
	return ready > 0 ? recv(c->fd, buffer, DWARF_MESSAGE_MAX, 0) : -1;
}

bool dwarf_ask(const struct image *img, enum dwarf_question q, uint32_t address, const char *text,
	       struct cursor *answer, uint8_t *buffer)
{
	struct dwarf_child *c = child_of(img);
	uint8_t question[256] = {(uint8_t)q};
	size_t len = strlen(text);
	ssize_t n;

	if (!c || len + 6 > sizeof question || !start_child(c, img))
		return false;
	put_le32(question + 1, address);
	memcpy(question + 5, text, len);
	n = exchange(c, question, len + 6, buffer);
	if (n < 1) {
		end_child(c);
		return false;
	}
	*answer = cursor_over(buffer + 1, (size_t)n - 1);
	return buffer[0] == 1;
}

void dwarf_child_free(struct dwarf_child *c)
{
	if (!c)
		return;
	end_child(c);
	while (c->texts) {
		struct kept_text *next = c->texts->next;

		free(c->texts);
		c->texts = next;
	}
	free(c);
}

const char *dwarf_keep(const struct image *img, const char *text)
{
	struct kept_text *k;
	size_t len = strlen(text) + 1;

	if (len == 1)
		return NULL;
	for (k = img->dwarf->texts; k; k = k->next)
		if (strcmp(k->text, text) == 0)
			return k->text;
	k = malloc(sizeof *k + len);
	if (!k)
		return NULL;
	memcpy(k->text, text, len);
	k->next = img->dwarf->texts;
	img->dwarf->texts = k;
	return k->text;
}
