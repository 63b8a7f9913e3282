/* Synchronous transfers, and standard requests on endpoint 0. */
#include "shim/shim_internal.h"

#include <time.h>

enum { RETRY_US = 1000 };

uint64_t shim_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

int bulk_once(struct libusb_device_handle *h, uint8_t endpoint, uint8_t *data, int length, int *got)
{
	uint8_t room[4];
	size_t n = 0;
	/* The kernel claims for those who forgot. */
	int rc = h->claimed ? 0 : libusb_claim_interface(h, 0);

	*got = 0;
	if (rc != 0)
		return rc;
	if (libusb_get_max_packet_size(h->dev, endpoint) < 0)
		return LIBUSB_ERROR_NOT_FOUND;
	if (length < 0 || (unsigned)length > USBMSG_MAX_PAYLOAD)
		return LIBUSB_ERROR_INVALID_PARAM;
	if (endpoint & LIBUSB_ENDPOINT_IN) {
		put_le32(room, (uint32_t)length);
		rc = link_ask(&h->link, USBMSG_IN, endpoint, room, sizeof room, data,
			      (size_t)length, &n);
		*got = (int)n;
		return rc;
	}
	rc = link_post(&h->link, endpoint, data, (size_t)length);
	if (rc == 0)
		*got = length;
	return rc;
}

int libusb_bulk_transfer(libusb_device_handle *h, unsigned char endpoint, unsigned char *data,
			 int length, int *transferred, unsigned int timeout)
{
	uint64_t waited = 0;
	int got, rc;

	/* Nothing pending: a host controller asks again until the time is up. */
	while ((rc = bulk_once(h, endpoint, data, length, &got)) == LIBUSB_ERROR_TIMEOUT &&
	       (timeout == 0 || waited < (uint64_t)timeout * 1000u)) {
		link_wait_us(&h->link, RETRY_US);
		waited += RETRY_US;
	}
	if (transferred)
		*transferred = got;
	return rc;
}

int libusb_interrupt_transfer(libusb_device_handle *h, unsigned char endpoint, unsigned char *data,
			      int length, int *transferred, unsigned int timeout)
{
	(void)h;
	(void)endpoint;
	(void)data;
	(void)length;
	(void)timeout;
	if (transferred)
		*transferred = 0;
	return LIBUSB_ERROR_NOT_FOUND; /* an ST-LINK's debug function has no such endpoint */
}

static int get_status(unsigned char *data, uint16_t length)
{
	if (length < 2)
		return LIBUSB_ERROR_OVERFLOW;
	put_le16(data, 0); /* bus powered, no remote wakeup, not halted */
	return 2;
}

int libusb_control_transfer(libusb_device_handle *h, uint8_t type, uint8_t request, uint16_t value,
			    uint16_t index, unsigned char *data, uint16_t length,
			    unsigned int timeout)
{
	(void)timeout;
	if ((type & 0x60) != LIBUSB_REQUEST_TYPE_STANDARD)
		return LIBUSB_ERROR_PIPE; /* stalled: it knows no class or vendor requests */
	switch (request) {
	case LIBUSB_REQUEST_GET_STATUS:
		return get_status(data, length);
	case LIBUSB_REQUEST_GET_DESCRIPTOR:
		return descriptor_bytes(&h->link.id, (uint8_t)(value >> 8), (uint8_t)value, data,
					length);
	case LIBUSB_REQUEST_GET_CONFIGURATION:
		if (length < 1)
			return LIBUSB_ERROR_OVERFLOW;
		data[0] = (uint8_t)h->configuration;
		return 1;
	case LIBUSB_REQUEST_SET_CONFIGURATION:
		return libusb_set_configuration(h, value);
	case LIBUSB_REQUEST_SET_INTERFACE:
		return libusb_set_interface_alt_setting(h, index, value);
	case LIBUSB_REQUEST_CLEAR_FEATURE:
		return 0;
	default:
		return LIBUSB_ERROR_PIPE;
	}
}
