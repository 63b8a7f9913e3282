/* Open devices: each handle is a connection of its own, as each is a file of
 * its own on a real bus; who claimed the interface is the board's to say. */
#include "shim/shim_internal.h"

#include <stdlib.h>

int libusb_open(libusb_device *d, libusb_device_handle **out)
{
	libusb_device_handle *h = calloc(1, sizeof *h);
	int rc;

	if (!h)
		return LIBUSB_ERROR_NO_MEM;
	rc = link_open(&h->link);
	if (rc != 0) {
		free(h);
		return rc;
	}
	h->dev = libusb_ref_device(d);
	h->configuration = 1;
	*out = h;
	return 0;
}

void libusb_close(libusb_device_handle *h)
{
	if (!h)
		return;
	if (h->claimed)
		libusb_release_interface(h, 0); /* not left to the hang-up: the next may come at once */
	link_close(&h->link);
	libusb_unref_device(h->dev);
	free(h);
}

libusb_device *libusb_get_device(libusb_device_handle *h)
{
	return h->dev;
}

libusb_device_handle *libusb_open_device_with_vid_pid(libusb_context *ctx, uint16_t vid,
						      uint16_t pid)
{
	libusb_device_handle *h = NULL;
	libusb_device **list;
	ssize_t n = libusb_get_device_list(ctx, &list);

	for (ssize_t i = 0; i < n && !h; i++)
		if (list[i]->id.vid == vid && list[i]->id.pid == pid &&
		    libusb_open(list[i], &h) != 0)
			h = NULL;
	if (n >= 0)
		libusb_free_device_list(list, 1);
	return h;
}

int libusb_wrap_sys_device(libusb_context *ctx, intptr_t sys_dev, libusb_device_handle **out)
{
	(void)ctx;
	(void)sys_dev;
	(void)out;
	return LIBUSB_ERROR_NOT_SUPPORTED;
}

int libusb_get_configuration(libusb_device_handle *h, int *config)
{
	*config = h->configuration;
	return 0;
}

int libusb_set_configuration(libusb_device_handle *h, int config)
{
	if (config != 1 && config != -1 && config != 0)
		return LIBUSB_ERROR_NOT_FOUND;
	if (h->claimed)
		return config == h->configuration ? 0 : LIBUSB_ERROR_BUSY;
	h->configuration = config == -1 ? 0 : config;
	return 0;
}

int libusb_claim_interface(libusb_device_handle *h, int interface)
{
	int rc;

	if (interface != 0)
		return LIBUSB_ERROR_NOT_FOUND;
	if (h->claimed)
		return 0;
	rc = link_ask(&h->link, USBMSG_CLAIM, 0, NULL, 0, NULL, 0, NULL);
	h->claimed = rc == 0;
	return rc;
}

int libusb_release_interface(libusb_device_handle *h, int interface)
{
	if (interface != 0 || !h->claimed)
		return LIBUSB_ERROR_NOT_FOUND;
	h->claimed = false;
	return link_ask(&h->link, USBMSG_RELEASE, 0, NULL, 0, NULL, 0, NULL);
}

int libusb_set_interface_alt_setting(libusb_device_handle *h, int interface, int setting)
{
	return interface == 0 && setting == 0 && h->claimed ? 0 : LIBUSB_ERROR_NOT_FOUND;
}

int libusb_clear_halt(libusb_device_handle *h, unsigned char endpoint)
{
	return libusb_get_max_packet_size(h->dev, endpoint) > 0 ? 0 : LIBUSB_ERROR_NOT_FOUND;
}

int libusb_reset_device(libusb_device_handle *h)
{
	bool had = h->claimed;
	int rc = had ? 0 : libusb_claim_interface(h, 0);

	if (rc == 0)
		rc = link_ask(&h->link, USBMSG_RESET, 0, NULL, 0, NULL, 0, NULL);
	if (!had)
		libusb_release_interface(h, 0);
	return rc;
}

/* No kernel driver ever binds to the debug interface. */
int libusb_kernel_driver_active(libusb_device_handle *h, int interface)
{
	(void)h;
	return interface == 0 ? 0 : LIBUSB_ERROR_NOT_FOUND;
}

int libusb_detach_kernel_driver(libusb_device_handle *h, int interface)
{
	(void)h;
	(void)interface;
	return LIBUSB_ERROR_NOT_FOUND;
}

int libusb_attach_kernel_driver(libusb_device_handle *h, int interface)
{
	(void)h;
	(void)interface;
	return LIBUSB_ERROR_NOT_FOUND;
}

int libusb_set_auto_detach_kernel_driver(libusb_device_handle *h, int enable)
{
	(void)h;
	(void)enable;
	return 0;
}

int libusb_get_string_descriptor_ascii(libusb_device_handle *h, uint8_t index, unsigned char *data,
				       int length)
{
	uint8_t d[256];
	int n = index ? descriptor_bytes(&h->link.id, LIBUSB_DT_STRING, index, d, sizeof d)
		      : LIBUSB_ERROR_INVALID_PARAM;
	int at = 0;

	if (n < 0)
		return n == LIBUSB_ERROR_PIPE ? LIBUSB_ERROR_PIPE : n;
	if (length < 1)
		return LIBUSB_ERROR_INVALID_PARAM;
	for (int i = 2; i + 1 < n && at < length - 1; i += 2)
		data[at++] = d[i + 1] || d[i] > 0x7F ? '?' : d[i];
	data[at] = 0;
	return at;
}
