/* What a full-speed debug probe on a plain bus does not have: each says so as
 * libusb does where the thing is missing. */
#include "shim/shim_internal.h"

int libusb_hotplug_register_callback(libusb_context *ctx, int events, int flags, int vid, int pid,
				     int class, libusb_hotplug_callback_fn fn, void *user,
				     libusb_hotplug_callback_handle *handle)
{
	(void)ctx, (void)events, (void)flags, (void)vid, (void)pid, (void)class, (void)fn;
	(void)user, (void)handle;
	return LIBUSB_ERROR_NOT_SUPPORTED;
}

void libusb_hotplug_deregister_callback(libusb_context *ctx, libusb_hotplug_callback_handle handle)
{
	(void)ctx, (void)handle;
}

void *libusb_hotplug_get_user_data(libusb_context *ctx, libusb_hotplug_callback_handle handle)
{
	(void)ctx, (void)handle;
	return NULL;
}

int libusb_alloc_streams(libusb_device_handle *h, uint32_t count, unsigned char *endpoints, int n)
{
	(void)h, (void)count, (void)endpoints, (void)n;
	return LIBUSB_ERROR_NOT_SUPPORTED;
}

int libusb_free_streams(libusb_device_handle *h, unsigned char *endpoints, int n)
{
	(void)h, (void)endpoints, (void)n;
	return LIBUSB_ERROR_NOT_SUPPORTED;
}

void libusb_transfer_set_stream_id(struct libusb_transfer *t, uint32_t id)
{
	(void)t, (void)id;
}

uint32_t libusb_transfer_get_stream_id(struct libusb_transfer *t)
{
	(void)t;
	return 0;
}

unsigned char *libusb_dev_mem_alloc(libusb_device_handle *h, size_t len)
{
	(void)h, (void)len;
	return NULL;
}

int libusb_dev_mem_free(libusb_device_handle *h, unsigned char *data, size_t len)
{
	(void)h, (void)data, (void)len;
	return LIBUSB_ERROR_NOT_SUPPORTED;
}

int libusb_get_bos_descriptor(libusb_device_handle *h, struct libusb_bos_descriptor **out)
{
	(void)h, (void)out;
	return LIBUSB_ERROR_PIPE; /* a USB 2.0 device stalls the request */
}

void libusb_free_bos_descriptor(struct libusb_bos_descriptor *d)
{
	(void)d;
}

int libusb_get_ss_endpoint_companion_descriptor(
	libusb_context *ctx, const struct libusb_endpoint_descriptor *endpoint,
	struct libusb_ss_endpoint_companion_descriptor **out)
{
	(void)ctx, (void)endpoint, (void)out;
	return LIBUSB_ERROR_NOT_FOUND;
}

void libusb_free_ss_endpoint_companion_descriptor(struct libusb_ss_endpoint_companion_descriptor *d)
{
	(void)d;
}

int libusb_get_usb_2_0_extension_descriptor(libusb_context *ctx,
					    struct libusb_bos_dev_capability_descriptor *cap,
					    struct libusb_usb_2_0_extension_descriptor **out)
{
	(void)ctx, (void)cap, (void)out;
	return LIBUSB_ERROR_NOT_FOUND;
}

void libusb_free_usb_2_0_extension_descriptor(struct libusb_usb_2_0_extension_descriptor *d)
{
	(void)d;
}

int libusb_get_ss_usb_device_capability_descriptor(
	libusb_context *ctx, struct libusb_bos_dev_capability_descriptor *cap,
	struct libusb_ss_usb_device_capability_descriptor **out)
{
	(void)ctx, (void)cap, (void)out;
	return LIBUSB_ERROR_NOT_FOUND;
}

void libusb_free_ss_usb_device_capability_descriptor(
	struct libusb_ss_usb_device_capability_descriptor *d)
{
	(void)d;
}

int libusb_get_container_id_descriptor(libusb_context *ctx,
				       struct libusb_bos_dev_capability_descriptor *cap,
				       struct libusb_container_id_descriptor **out)
{
	(void)ctx, (void)cap, (void)out;
	return LIBUSB_ERROR_NOT_FOUND;
}

void libusb_free_container_id_descriptor(struct libusb_container_id_descriptor *d)
{
	(void)d;
}
