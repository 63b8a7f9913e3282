/* Buffers of one client. */
#include "serve/server_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void name_peer(struct conn *c)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	char path[64], comm[32] = "a program";
	FILE *f;

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.pid <= 0) {
		snprintf(c->peer, sizeof c->peer, "a network client");
		return;
	}
	snprintf(path, sizeof path, "/proc/%d/comm", (int)peer.pid);
	f = fopen(path, "r");
	if (f) {
		if (fgets(comm, sizeof comm, f))
			comm[strcspn(comm, "\n")] = 0;
		fclose(f);
	}
	snprintf(c->peer, sizeof c->peer, "%s, pid %d", comm, (int)peer.pid);
}

struct conn *conn_new(int fd, const struct conn_ops *ops)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->fd = fd;
	c->ops = ops;
	name_peer(c);
	return c;
}

void conn_free(struct conn *c)
{
	if (!c)
		return;
	close(c->fd);
	free(c->in);
	free(c->out);
	free(c);
}

uint8_t *conn_answer_room(struct conn *c, size_t len)
{
	if (c->out_room - c->out_len < len) {
		size_t room = (c->out_len + len) * 2;
		uint8_t *p = realloc(c->out, room);

		if (!p) {
			c->hang_up = true;
			return NULL;
		}
		c->out = p;
		c->out_room = room;
	}
	c->out_len += len;
	return c->out + c->out_len - len;
}

void conn_answer_shrink(struct conn *c, size_t by)
{
	c->out_len -= by;
}

bool conn_answer(struct conn *c, const void *data, size_t len)
{
	uint8_t *p = conn_answer_room(c, len);

	if (p && len)
		memcpy(p, data, len);
	return p != NULL;
}

/* Grow the input up to the longest message and one byte more. */
static bool make_room(struct conn *c)
{
	size_t room = c->in_room ? c->in_room * 2 : 4096;
	uint8_t *p;

	if (c->have < c->in_room)
		return true;
	if (c->have >= c->ops->max_in)
		return false;
	p = realloc(c->in, room);
	if (!p)
		return false;
	c->in = p;
	c->in_room = room;
	return true;
}

bool conn_read(struct conn *c)
{
	for (;;) {
		ssize_t n;

		if (!make_room(c))
			return false;
		n = recv(c->fd, c->in + c->have, c->in_room - c->have, MSG_DONTWAIT);
		if (n == 0)
			return false;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->have += (size_t)n;
		if (c->have < c->in_room)
			return true;
	}
}

bool conn_write(struct conn *c)
{
	while (c->out_sent < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->out_sent += (size_t)n;
	}
	c->out_sent = c->out_len = 0;
	return !c->hang_up;
}
