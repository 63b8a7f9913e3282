/*
 * Asynchronous transfers. They are queued when submitted and carried out, in
 * order, by whoever handles events: the board answers at once or the transfer
 * stays queued until its time is up. Nothing runs in the background, so a
 * transfer makes no progress while nobody handles events.
 */
#include "shim/shim_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

enum { PAUSE_US = 500, DEFAULT_WAIT_US = 60000000 };

static struct itransfer *itransfer_of(struct libusb_transfer *t)
{
	return (struct itransfer *)((uint8_t *)t - offsetof(struct itransfer, pub));
}

static libusb_context *context_of_transfer(const struct libusb_transfer *t)
{
	return context_of(t->dev_handle->dev->ctx);
}

struct libusb_transfer *libusb_alloc_transfer(int iso_packets)
{
	struct itransfer *it;

	if (iso_packets < 0 || iso_packets > 4096)
		return NULL;
	it = calloc(1, sizeof *it +
			       (size_t)iso_packets * sizeof(struct libusb_iso_packet_descriptor));
	if (!it)
		return NULL;
	it->pub.num_iso_packets = iso_packets;
	return &it->pub;
}

void libusb_free_transfer(struct libusb_transfer *t)
{
	if (!t)
		return;
	if (t->flags & LIBUSB_TRANSFER_FREE_BUFFER)
		free(t->buffer);
	free(itransfer_of(t));
}

static void set_readable(libusb_context *c, bool on)
{
	eventfd_t v;

	if (on)
		eventfd_write(c->event_fd, 1);
	else
		eventfd_read(c->event_fd, &v);
}

int libusb_submit_transfer(struct libusb_transfer *t)
{
	struct itransfer *it = itransfer_of(t);
	libusb_context *c = context_of_transfer(t);

	if (t->type == LIBUSB_TRANSFER_TYPE_ISOCHRONOUS)
		return LIBUSB_ERROR_NOT_SUPPORTED;
	if (t->dev_handle->link.fd < 0)
		return LIBUSB_ERROR_NO_DEVICE;
	pthread_mutex_lock(&c->lock);
	if (it->submitted) {
		pthread_mutex_unlock(&c->lock);
		return LIBUSB_ERROR_BUSY;
	}
	it->submitted = true;
	it->cancelled = false;
	it->next = NULL;
	it->deadline_us = t->timeout ? shim_now_us() + (uint64_t)t->timeout * 1000u : 0;
	t->actual_length = 0;
	if (c->last)
		c->last->next = it;
	else
		c->first = it;
	c->last = it;
	set_readable(c, true);
	pthread_mutex_unlock(&c->lock);
	return 0;
}

int libusb_cancel_transfer(struct libusb_transfer *t)
{
	struct itransfer *it = itransfer_of(t);
	libusb_context *c;
	int rc;

	if (!t->dev_handle)
		return LIBUSB_ERROR_NOT_FOUND;
	c = context_of_transfer(t);
	pthread_mutex_lock(&c->lock);
	rc = it->submitted && !it->cancelled ? 0 : LIBUSB_ERROR_NOT_FOUND;
	it->cancelled = it->submitted;
	pthread_mutex_unlock(&c->lock);
	return rc;
}

static enum libusb_transfer_status outcome(int rc)
{
	switch (rc) {
	case 0:
		return LIBUSB_TRANSFER_COMPLETED;
	case LIBUSB_ERROR_TIMEOUT:
		return LIBUSB_TRANSFER_TIMED_OUT;
	case LIBUSB_ERROR_PIPE:
		return LIBUSB_TRANSFER_STALL;
	case LIBUSB_ERROR_NO_DEVICE:
		return LIBUSB_TRANSFER_NO_DEVICE;
	default:
		return LIBUSB_TRANSFER_ERROR;
	}
}

static int control_now(struct libusb_transfer *t)
{
	struct libusb_control_setup *setup = libusb_control_transfer_get_setup(t);
	int rc = libusb_control_transfer(t->dev_handle, setup->bmRequestType, setup->bRequest,
					 libusb_le16_to_cpu(setup->wValue),
					 libusb_le16_to_cpu(setup->wIndex),
					 libusb_control_transfer_get_data(t),
					 libusb_le16_to_cpu(setup->wLength), 0);

	t->actual_length = rc > 0 ? rc : 0;
	return rc < 0 ? rc : 0;
}

/* Try one transfer. True: it is finished, t->status is set. */
static bool attempt(struct itransfer *it)
{
	struct libusb_transfer *t = &it->pub;
	int rc;

	if (it->cancelled) {
		t->status = LIBUSB_TRANSFER_CANCELLED;
		return true;
	}
	if (t->type == LIBUSB_TRANSFER_TYPE_CONTROL)
		rc = control_now(t);
	else
		rc = bulk_once(t->dev_handle, t->endpoint, t->buffer, t->length,
			       &t->actual_length);
	if (rc == LIBUSB_ERROR_TIMEOUT && (!it->deadline_us || shim_now_us() < it->deadline_us))
		return false;
	t->status = outcome(rc);
	if (rc == 0 && t->actual_length < t->length && (t->flags & LIBUSB_TRANSFER_SHORT_NOT_OK) &&
	    t->type != LIBUSB_TRANSFER_TYPE_CONTROL)
		t->status = LIBUSB_TRANSFER_ERROR;
	return true;
}

static void unlink_transfer(libusb_context *c, struct itransfer *it)
{
	struct itransfer **p = &c->first, *before = NULL;

	pthread_mutex_lock(&c->lock);
	for (; *p && *p != it; p = &(*p)->next)
		before = *p;
	if (*p == it)
		*p = it->next;
	if (c->last == it)
		c->last = before;
	it->submitted = false;
	if (!c->first)
		set_readable(c, false);
	pthread_mutex_unlock(&c->lock);
}

static void complete(libusb_context *c, struct itransfer *it)
{
	bool free_it = it->pub.flags & LIBUSB_TRANSFER_FREE_TRANSFER;

	unlink_transfer(c, it);
	if (it->pub.callback)
		it->pub.callback(&it->pub); /* may submit or free it */
	if (free_it)
		libusb_free_transfer(&it->pub);
	pthread_mutex_lock(&c->lock);
	pthread_cond_broadcast(&c->done);
	pthread_mutex_unlock(&c->lock);
}

/* Is an earlier transfer on this endpoint still waiting? Order is kept. */
static bool blocked(libusb_context *c, const struct itransfer *it)
{
	for (const struct itransfer *i = c->first; i && i != it; i = i->next)
		if (i->pub.dev_handle == it->pub.dev_handle &&
		    i->pub.endpoint == it->pub.endpoint && !it->cancelled)
			return true;
	return false;
}

/* One pass over the queue. True: something was completed. */
static bool pump(libusb_context *c)
{
	struct itransfer *it;

	for (;;) {
		pthread_mutex_lock(&c->lock);
		for (it = c->first; it && blocked(c, it);)
			it = it->next;
		pthread_mutex_unlock(&c->lock);
		while (it && !attempt(it)) {
			pthread_mutex_lock(&c->lock);
			for (it = it->next; it && blocked(c, it);)
				it = it->next;
			pthread_mutex_unlock(&c->lock);
		}
		if (!it)
			return false;
		complete(c, it);
		return true;
	}
}

static bool queue_is_empty(libusb_context *c)
{
	bool empty;

	pthread_mutex_lock(&c->lock);
	empty = !c->first;
	pthread_mutex_unlock(&c->lock);
	return empty;
}

static void pause_for(libusb_context *c, uint64_t us)
{
	struct pollfd none = {.fd = -1};
	struct timespec t = {.tv_sec = (time_t)(us / 1000000u), .tv_nsec = (long)(us % 1000000u) * 1000};

	(void)c;
	ppoll(&none, 0, &t, NULL);
}

/* The loop of every handle_events: until something completes, `*completed` is
 * set, or the time is up. */
static int handle_until(libusb_context *c, uint64_t wait_us, int *completed)
{
	uint64_t end = shim_now_us() + wait_us;
	bool any = false;

	while (!(completed && *completed) && !c->interrupted) {
		uint64_t now;

		if (pump(c)) {
			any = true;
			continue;
		}
		now = shim_now_us();
		if (any || now >= end)
			break;
		if (queue_is_empty(c) && !completed)
			pause_for(c, end - now < PAUSE_US * 20 ? end - now : PAUSE_US * 20);
		else
			pause_for(c, end - now < PAUSE_US ? end - now : PAUSE_US);
	}
	c->interrupted = false;
	return 0;
}

int libusb_handle_events_locked(libusb_context *ctx, struct timeval *tv)
{
	return handle_until(context_of(ctx), (uint64_t)tv->tv_sec * 1000000u + (uint64_t)tv->tv_usec,
			    NULL);
}

int libusb_handle_events_timeout_completed(libusb_context *ctx, struct timeval *tv, int *completed)
{
	libusb_context *c = context_of(ctx);
	int rc = 0;

	pthread_mutex_lock(&c->events);
	if (!(completed && *completed))
		rc = handle_until(c, (uint64_t)tv->tv_sec * 1000000u + (uint64_t)tv->tv_usec,
				  completed);
	pthread_mutex_unlock(&c->events);
	return rc;
}

int libusb_handle_events_timeout(libusb_context *ctx, struct timeval *tv)
{
	return libusb_handle_events_timeout_completed(ctx, tv, NULL);
}

int libusb_handle_events_completed(libusb_context *ctx, int *completed)
{
	struct timeval tv = {.tv_sec = DEFAULT_WAIT_US / 1000000};

	return libusb_handle_events_timeout_completed(ctx, &tv, completed);
}

int libusb_handle_events(libusb_context *ctx)
{
	return libusb_handle_events_completed(ctx, NULL);
}

/* ---- for programs with a loop of their own ---------------------------------------------- */

int libusb_try_lock_events(libusb_context *ctx)
{
	return pthread_mutex_trylock(&context_of(ctx)->events) == 0 ? 0 : 1;
}

void libusb_lock_events(libusb_context *ctx)
{
	pthread_mutex_lock(&context_of(ctx)->events);
}

void libusb_unlock_events(libusb_context *ctx)
{
	pthread_mutex_unlock(&context_of(ctx)->events);
}

int libusb_event_handling_ok(libusb_context *ctx)
{
	(void)ctx;
	return 1;
}

int libusb_event_handler_active(libusb_context *ctx)
{
	libusb_context *c = context_of(ctx);

	if (pthread_mutex_trylock(&c->events) != 0)
		return 1;
	pthread_mutex_unlock(&c->events);
	return 0;
}

void libusb_interrupt_event_handler(libusb_context *ctx)
{
	context_of(ctx)->interrupted = true;
}

void libusb_lock_event_waiters(libusb_context *ctx)
{
	pthread_mutex_lock(&context_of(ctx)->lock);
}

void libusb_unlock_event_waiters(libusb_context *ctx)
{
	pthread_mutex_unlock(&context_of(ctx)->lock);
}

int libusb_wait_for_event(libusb_context *ctx, struct timeval *tv)
{
	libusb_context *c = context_of(ctx);
	struct timespec end;
	struct timeval now, sum;

	if (!tv) {
		pthread_cond_wait(&c->done, &c->lock);
		return 0;
	}
	gettimeofday(&now, NULL);
	timeradd(&now, tv, &sum);
	end.tv_sec = sum.tv_sec;
	end.tv_nsec = sum.tv_usec * 1000;
	return pthread_cond_timedwait(&c->done, &c->lock, &end) == ETIMEDOUT ? 1 : 0;
}

int libusb_pollfds_handle_timeouts(libusb_context *ctx)
{
	(void)ctx;
	return 0; /* ask libusb_get_next_timeout */
}

int libusb_get_next_timeout(libusb_context *ctx, struct timeval *tv)
{
	if (queue_is_empty(context_of(ctx)))
		return 0;
	*tv = (struct timeval){.tv_usec = PAUSE_US};
	return 1;
}

const struct libusb_pollfd **libusb_get_pollfds(libusb_context *ctx)
{
	/* the list and the one entry it points to, in one piece */
	struct {
		const struct libusb_pollfd *list[2];
		struct libusb_pollfd entry;
	} *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->entry = (struct libusb_pollfd){.fd = context_of(ctx)->event_fd, .events = POLLIN};
	p->list[0] = &p->entry;
	return p->list;
}

void libusb_free_pollfds(const struct libusb_pollfd **list)
{
	free((void *)(uintptr_t)list);
}

void libusb_set_pollfd_notifiers(libusb_context *ctx, libusb_pollfd_added_cb added,
				 libusb_pollfd_removed_cb removed, void *user)
{
	(void)ctx; /* the one descriptor never changes */
	(void)added;
	(void)removed;
	(void)user;
}
