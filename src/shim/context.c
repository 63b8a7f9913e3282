/* Contexts, options and texts. */
#include "shim/shim_internal.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* libusb's API has a default context that belongs to the process: the one
 * mutable static that its users require. */
static struct libusb_context *default_context;
static pthread_mutex_t default_lock = PTHREAD_MUTEX_INITIALIZER;

struct libusb_context *context_of(struct libusb_context *ctx)
{
	return ctx ? ctx : default_context;
}

static struct libusb_context *context_new(void)
{
	struct libusb_context *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->event_fd < 0) {
		free(c);
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->events, NULL);
	pthread_cond_init(&c->done, NULL);
	c->refs = 1;
	return c;
}

int libusb_init(libusb_context **out)
{
	int rc = 0;

	if (out) {
		*out = context_new();
		return *out ? 0 : LIBUSB_ERROR_NO_MEM;
	}
	pthread_mutex_lock(&default_lock);
	if (default_context)
		default_context->refs++;
	else if (!(default_context = context_new()))
		rc = LIBUSB_ERROR_NO_MEM;
	pthread_mutex_unlock(&default_lock);
	return rc;
}

/* Programs built against libusb 1.0.27 and later start here. The options are
 * about logging and device discovery: neither applies. */
#if LIBUSB_API_VERSION < 0x0100010A
struct libusb_init_option;
__attribute__((visibility("default"))) int
libusb_init_context(libusb_context **out, const struct libusb_init_option *options, int count);
#endif

int libusb_init_context(libusb_context **out, const struct libusb_init_option *options, int count)
{
	(void)options;
	(void)count;
	return libusb_init(out);
}

void libusb_exit(libusb_context *ctx)
{
	bool last;

	pthread_mutex_lock(&default_lock);
	ctx = context_of(ctx);
	last = ctx && --ctx->refs == 0;
	if (last && ctx == default_context)
		default_context = NULL;
	pthread_mutex_unlock(&default_lock);
	if (!last)
		return;
	close(ctx->event_fd);
	pthread_mutex_destroy(&ctx->lock);
	pthread_mutex_destroy(&ctx->events);
	pthread_cond_destroy(&ctx->done);
	free(ctx);
}

int libusb_set_option(libusb_context *ctx, enum libusb_option option, ...)
{
	(void)ctx;
	return option == LIBUSB_OPTION_USE_USBDK ? LIBUSB_ERROR_NOT_SUPPORTED : 0;
}

void libusb_set_debug(libusb_context *ctx, int level)
{
	(void)ctx;
	(void)level;
}

void libusb_set_log_cb(libusb_context *ctx, libusb_log_cb cb, int mode)
{
	(void)ctx;
	(void)cb;
	(void)mode;
}

int libusb_setlocale(const char *locale)
{
	return locale ? 0 : LIBUSB_ERROR_INVALID_PARAM;
}

int libusb_has_capability(uint32_t capability)
{
	return capability == LIBUSB_CAP_HAS_CAPABILITY ||
	       capability == LIBUSB_CAP_SUPPORTS_DETACH_KERNEL_DRIVER;
}

const struct libusb_version *libusb_get_version(void)
{
	static const struct libusb_version version = {1, 0, 26, 11724, "",
						      "virtual board of reflash"};

	return &version;
}

static const struct {
	int code;
	const char *name, *text;
} errors[] = {
	{LIBUSB_SUCCESS, "LIBUSB_SUCCESS", "Success"},
	{LIBUSB_ERROR_IO, "LIBUSB_ERROR_IO", "Input/Output Error"},
	{LIBUSB_ERROR_INVALID_PARAM, "LIBUSB_ERROR_INVALID_PARAM", "Invalid parameter"},
	{LIBUSB_ERROR_ACCESS, "LIBUSB_ERROR_ACCESS", "Access denied (insufficient permissions)"},
	{LIBUSB_ERROR_NO_DEVICE, "LIBUSB_ERROR_NO_DEVICE",
	 "No such device (it may have been disconnected)"},
	{LIBUSB_ERROR_NOT_FOUND, "LIBUSB_ERROR_NOT_FOUND", "Entity not found"},
	{LIBUSB_ERROR_BUSY, "LIBUSB_ERROR_BUSY", "Resource busy"},
	{LIBUSB_ERROR_TIMEOUT, "LIBUSB_ERROR_TIMEOUT", "Operation timed out"},
	{LIBUSB_ERROR_OVERFLOW, "LIBUSB_ERROR_OVERFLOW", "Overflow"},
	{LIBUSB_ERROR_PIPE, "LIBUSB_ERROR_PIPE", "Pipe error"},
	{LIBUSB_ERROR_INTERRUPTED, "LIBUSB_ERROR_INTERRUPTED",
	 "System call interrupted (perhaps due to signal)"},
	{LIBUSB_ERROR_NO_MEM, "LIBUSB_ERROR_NO_MEM", "Insufficient memory"},
	{LIBUSB_ERROR_NOT_SUPPORTED, "LIBUSB_ERROR_NOT_SUPPORTED",
	 "Operation not supported or unimplemented on this platform"},
	{LIBUSB_ERROR_OTHER, "LIBUSB_ERROR_OTHER", "Other error"},
};

const char *libusb_error_name(int code)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].code == code)
			return errors[i].name;
	return "**UNKNOWN**";
}

const char *libusb_strerror(int code)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].code == code)
			return errors[i].text;
	return "Other error";
}
