/*
 * The bus as libusb shows it: no device, or one ST-LINK. Descriptors follow
 * a real ST-LINK/V2's debug function: interface 0 is vendor specific, with
 * bulk endpoints OUT 2 / IN 1 / IN 3 (trace) for PID 0x3748 and OUT 1 / IN 1 /
 * IN 2 for the later ones; full speed, 64-byte packets, but for the V3: high
 * speed, 512 bytes.
 */
#include "shim/shim_internal.h"

#include <stdlib.h>

enum { MANUFACTURER = 1, PRODUCT, SERIAL, INTERFACE_NAME, LANGUAGE = 0x0409 };
enum { CONTROL_PACKET = 64, PACKET = 64, HIGH_SPEED_PACKET = 512 };
enum { BUS = 1, ADDRESS = 2, PORT = 1 };
enum { CONFIG_LEN = LIBUSB_DT_CONFIG_SIZE + LIBUSB_DT_INTERFACE_SIZE + 3 * LIBUSB_DT_ENDPOINT_SIZE };

static void endpoint_addresses(const struct usbmsg_identity *id, uint8_t out[3])
{
	bool v2 = id->pid == 0x3748 || id->pid == 0x3744;

	out[0] = 0x81;
	out[1] = v2 ? 0x02 : 0x01;
	out[2] = v2 ? 0x83 : 0x82;
}

static bool is_v3(const struct usbmsg_identity *id)
{
	return id->pid >= 0x374D && id->pid <= 0x3757 && id->pid != 0x3752;
}

static uint16_t packet_size(const struct usbmsg_identity *id)
{
	return is_v3(id) ? HIGH_SPEED_PACKET : PACKET;
}

static int device_bytes(const struct usbmsg_identity *id, uint8_t *d)
{
	memset(d, 0, LIBUSB_DT_DEVICE_SIZE);
	d[0] = LIBUSB_DT_DEVICE_SIZE;
	d[1] = LIBUSB_DT_DEVICE;
	put_le16(d + 2, 0x0200); /* USB 2.0 */
	d[7] = CONTROL_PACKET;
	put_le16(d + 8, id->vid);
	put_le16(d + 10, id->pid);
	put_le16(d + 12, 0x0100);
	d[14] = MANUFACTURER;
	d[15] = PRODUCT;
	d[16] = SERIAL;
	d[17] = 1; /* configurations */
	return LIBUSB_DT_DEVICE_SIZE;
}

static int config_bytes(const struct usbmsg_identity *id, uint8_t *d)
{
	uint8_t *p = d, address[3];

	memset(d, 0, CONFIG_LEN);
	p[0] = LIBUSB_DT_CONFIG_SIZE;
	p[1] = LIBUSB_DT_CONFIG;
	put_le16(p + 2, CONFIG_LEN);
	p[4] = 1;    /* interfaces */
	p[5] = 1;    /* bConfigurationValue */
	p[7] = 0x80; /* bus powered */
	p[8] = 50;   /* 100 mA */
	p += LIBUSB_DT_CONFIG_SIZE;
	p[0] = LIBUSB_DT_INTERFACE_SIZE;
	p[1] = LIBUSB_DT_INTERFACE;
	p[4] = 3; /* endpoints */
	p[5] = p[6] = p[7] = LIBUSB_CLASS_VENDOR_SPEC;
	p[8] = INTERFACE_NAME;
	p += LIBUSB_DT_INTERFACE_SIZE;
	endpoint_addresses(id, address);
	for (int i = 0; i < 3; i++, p += LIBUSB_DT_ENDPOINT_SIZE) {
		p[0] = LIBUSB_DT_ENDPOINT_SIZE;
		p[1] = LIBUSB_DT_ENDPOINT;
		p[2] = address[i];
		p[3] = LIBUSB_TRANSFER_TYPE_BULK;
		put_le16(p + 4, packet_size(id));
	}
	return CONFIG_LEN;
}

static int string_bytes(const struct usbmsg_identity *id, uint8_t index, uint8_t *d)
{
	const char *const texts[] = {
		[MANUFACTURER] = "STMicroelectronics", [PRODUCT] = id->product,
		[SERIAL] = id->serial, [INTERFACE_NAME] = "ST Link",
	};
	size_t n;

	d[1] = LIBUSB_DT_STRING;
	if (index == 0) {
		put_le16(d + 2, LANGUAGE);
		return d[0] = 4;
	}
	if (index >= sizeof texts / sizeof texts[0])
		return LIBUSB_ERROR_PIPE;
	n = strlen(texts[index]);
	for (size_t i = 0; i < n; i++)
		put_le16(d + 2 + 2 * i, (uint8_t)texts[index][i]);
	return d[0] = (uint8_t)(2 + 2 * n);
}

int descriptor_bytes(const struct usbmsg_identity *id, uint8_t type, uint8_t index, uint8_t *out,
		     size_t room)
{
	uint8_t d[256];
	int n = LIBUSB_ERROR_PIPE;

	if (type == LIBUSB_DT_DEVICE && index == 0)
		n = device_bytes(id, d);
	else if (type == LIBUSB_DT_CONFIG && index == 0)
		n = config_bytes(id, d);
	else if (type == LIBUSB_DT_STRING)
		n = string_bytes(id, index, d);
	if (n > 0 && (size_t)n > room)
		n = (int)room;
	if (n > 0)
		memcpy(out, d, (size_t)n);
	return n;
}

/* ---- devices --------------------------------------------------------------------- */

static libusb_device *device_new(libusb_context *ctx, const struct usbmsg_identity *id)
{
	libusb_device *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->ctx = ctx;
	d->id = *id;
	d->refs = 1;
	return d;
}

ssize_t libusb_get_device_list(libusb_context *ctx, libusb_device ***list)
{
	struct link l;
	libusb_device **out = calloc(2, sizeof *out);
	ssize_t n = 0;

	if (!out)
		return LIBUSB_ERROR_NO_MEM;
	ctx = context_of(ctx);
	if (link_open(&l) == 0) {
		out[0] = device_new(ctx, &l.id);
		n = out[0] ? 1 : 0;
		link_close(&l);
	}
	*list = out;
	return n;
}

void libusb_free_device_list(libusb_device **list, int unref)
{
	if (!list)
		return;
	for (libusb_device **d = list; unref && *d; d++)
		libusb_unref_device(*d);
	free(list);
}

libusb_device *libusb_ref_device(libusb_device *d)
{
	__atomic_add_fetch(&d->refs, 1, __ATOMIC_SEQ_CST);
	return d;
}

void libusb_unref_device(libusb_device *d)
{
	if (d && __atomic_sub_fetch(&d->refs, 1, __ATOMIC_SEQ_CST) == 0)
		free(d);
}

uint8_t libusb_get_bus_number(libusb_device *d)
{
	(void)d;
	return BUS;
}

uint8_t libusb_get_port_number(libusb_device *d)
{
	(void)d;
	return PORT;
}

int libusb_get_port_numbers(libusb_device *d, uint8_t *ports, int len)
{
	(void)d;
	if (len < 1)
		return LIBUSB_ERROR_OVERFLOW;
	ports[0] = PORT;
	return 1;
}

int libusb_get_port_path(libusb_context *ctx, libusb_device *d, uint8_t *path, uint8_t len)
{
	(void)ctx;
	return libusb_get_port_numbers(d, path, len);
}

libusb_device *libusb_get_parent(libusb_device *d)
{
	(void)d;
	return NULL; /* it sits on the root hub, which is not listed */
}

uint8_t libusb_get_device_address(libusb_device *d)
{
	(void)d;
	return ADDRESS;
}

int libusb_get_device_speed(libusb_device *d)
{
	return is_v3(&d->id) ? LIBUSB_SPEED_HIGH : LIBUSB_SPEED_FULL;
}

int libusb_get_max_packet_size(libusb_device *d, unsigned char endpoint)
{
	uint8_t address[3];

	endpoint_addresses(&d->id, address);
	for (int i = 0; i < 3; i++)
		if (address[i] == endpoint)
			return packet_size(&d->id);
	return LIBUSB_ERROR_NOT_FOUND;
}

int libusb_get_max_iso_packet_size(libusb_device *d, unsigned char endpoint)
{
	return libusb_get_max_packet_size(d, endpoint);
}

/* ---- descriptors as structures ------------------------------------------------------ */

int libusb_get_device_descriptor(libusb_device *d, struct libusb_device_descriptor *out)
{
	*out = (struct libusb_device_descriptor){
		.bLength = LIBUSB_DT_DEVICE_SIZE, .bDescriptorType = LIBUSB_DT_DEVICE,
		.bcdUSB = 0x0200, .bMaxPacketSize0 = CONTROL_PACKET, .idVendor = d->id.vid,
		.idProduct = d->id.pid, .bcdDevice = 0x0100, .iManufacturer = MANUFACTURER,
		.iProduct = PRODUCT, .iSerialNumber = SERIAL, .bNumConfigurations = 1,
	};
	return 0;
}

/* One allocation holds the tree: the public structures point into it. */
struct config_tree {
	struct libusb_config_descriptor config;
	struct libusb_interface interface;
	struct libusb_interface_descriptor setting;
	struct libusb_endpoint_descriptor endpoints[3];
};

int libusb_get_config_descriptor(libusb_device *d, uint8_t index,
				 struct libusb_config_descriptor **out)
{
	struct config_tree *t;
	uint8_t address[3];

	if (index != 0)
		return LIBUSB_ERROR_NOT_FOUND;
	t = calloc(1, sizeof *t);
	if (!t)
		return LIBUSB_ERROR_NO_MEM;
	endpoint_addresses(&d->id, address);
	for (int i = 0; i < 3; i++)
		t->endpoints[i] = (struct libusb_endpoint_descriptor){
			.bLength = LIBUSB_DT_ENDPOINT_SIZE, .bDescriptorType = LIBUSB_DT_ENDPOINT,
			.bEndpointAddress = address[i], .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK,
			.wMaxPacketSize = packet_size(&d->id),
		};
	t->setting = (struct libusb_interface_descriptor){
		.bLength = LIBUSB_DT_INTERFACE_SIZE, .bDescriptorType = LIBUSB_DT_INTERFACE,
		.bNumEndpoints = 3, .bInterfaceClass = LIBUSB_CLASS_VENDOR_SPEC,
		.bInterfaceSubClass = LIBUSB_CLASS_VENDOR_SPEC,
		.bInterfaceProtocol = LIBUSB_CLASS_VENDOR_SPEC, .iInterface = INTERFACE_NAME,
		.endpoint = t->endpoints,
	};
	t->interface = (struct libusb_interface){.altsetting = &t->setting, .num_altsetting = 1};
	t->config = (struct libusb_config_descriptor){
		.bLength = LIBUSB_DT_CONFIG_SIZE, .bDescriptorType = LIBUSB_DT_CONFIG,
		.wTotalLength = CONFIG_LEN, .bNumInterfaces = 1, .bConfigurationValue = 1,
		.bmAttributes = 0x80, .MaxPower = 50, .interface = &t->interface,
	};
	*out = &t->config;
	return 0;
}

int libusb_get_active_config_descriptor(libusb_device *d, struct libusb_config_descriptor **out)
{
	return libusb_get_config_descriptor(d, 0, out);
}

int libusb_get_config_descriptor_by_value(libusb_device *d, uint8_t value,
					  struct libusb_config_descriptor **out)
{
	return value == 1 ? libusb_get_config_descriptor(d, 0, out) : LIBUSB_ERROR_NOT_FOUND;
}

void libusb_free_config_descriptor(struct libusb_config_descriptor *config)
{
	free(config); /* first member of its config_tree */
}
