/*
 * Who the virtual probe says it is: one row an adapter generation. To add
 * another, add its row here and its commands to the table in stlink.c.
 *
 * Not modelled: V1 (mass-storage wrapper), V3PWR; the other interfaces of V2-1
 * and V3 (mass storage, virtual COM port, bridge).
 * ASSUMED: a V3 starts out of DFU mode (its boot loader is a USB device of its
 * own) and at 1 MHz.
 */
#include <stdio.h>
#include <string.h>

#include "board/stlink_internal.h"

#define DEFAULT_FIRMWARE "V2J37S7"
#define DEFAULT_SERIAL "5246000000000000000000A1"
#define ST "STMicroelectronics"

/* 1.8 MHz: divisor 1 */
#define FULL_SPEED .packet = 64, .transfer = COST_USB_TRANSFER, .further_packet = COST_USB_PACKET, \
	.overhead = COST_SWD_OVERHEAD, .period_ns = 555, .aps = 32, .misc_max = 64
#define HIGH_SPEED .packet = 512, .transfer = COST_USB_HS_TRANSFER, \
	.further_packet = COST_USB_HS_PACKET, .overhead = COST_SWD_OVERHEAD_V3, \
	.period_ns = 1000, .aps = 9, .misc_max = STLINK_MISC_MAX

static const struct stlink_model models[] = {
	{.prefix = "V2", .mass_storage = false, .hardware = STLINK_V2, FULL_SPEED,
	 .id = {.vid = 0x0483, .pid = 0x3748, .manufacturer = ST, .product = "STM32 STLink",
		.ep_out = 0x02, .ep_in = 0x81, .ep_swo = 0x83}},
	{.prefix = "V2", .mass_storage = true, .hardware = STLINK_V2, FULL_SPEED,
	 .id = {.vid = 0x0483, .pid = 0x374B, .manufacturer = ST, .product = "STM32 STLink",
		.ep_out = 0x01, .ep_in = 0x81, .ep_swo = 0x82}},
	{.prefix = "V3", .mass_storage = true, .hardware = STLINK_V3, HIGH_SPEED, .ahead = 30,
	 .starts_in = STLINK_MASS,
	 .id = {.vid = 0x0483, .pid = 0x374E, .manufacturer = ST, .product = "STLINK-V3",
		.ep_out = 0x01, .ep_in = 0x81, .ep_swo = 0x82}},
};

/* What follows the two numbers: nothing, or on a V3 "B4S1". */
static bool parse_tail(const char *tail, const struct stlink_model *m, struct stlink *s)
{
	int end = 0;

	if (!*tail)
		return true;
	return m->hardware == STLINK_V3 &&
	       sscanf(tail, "B%2uS%2u%n", &s->bridge_fw, &s->swim_fw, &end) == 2 && !tail[end];
}

/* "V2J37S7": adapter, JTAG/SWD firmware, SWIM (S) or mass storage (M). */
static const struct stlink_model *parse(const char *text, struct stlink *s)
{
	char prefix[3], kind;
	int end = 0;

	if (sscanf(text, "%2[V0-9]J%2u%c%2u%n", prefix, &s->jtag_fw, &kind, &s->second_fw, &end) != 4)
		return NULL;
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
		if (strcmp(models[i].prefix, prefix) == 0 &&
		    kind == (models[i].mass_storage ? 'M' : 'S') && s->jtag_fw < 64 &&
		    s->second_fw < 64 && parse_tail(text + end, &models[i], s))
			return &models[i];
	return NULL;
}

enum status stlink_identify(struct stlink *s, const struct board_config *config, struct err *err)
{
	const char *firmware = config->probe_firmware ? config->probe_firmware : DEFAULT_FIRMWARE;
	const char *serial = config->serial ? config->serial : DEFAULT_SERIAL;

	s->bridge_fw = s->swim_fw = 0;
	s->model = parse(firmware, s);
	if (!s->model)
		return err_set(err, STATUS_USAGE,
			       "\"%s\" is not a probe firmware this board can play (V2J37S7, "
			       "V2J17S4, V2J37M27, V3J7M3 ...)",
			       firmware);
	if (strlen(serial) >= sizeof s->serial)
		return err_set(err, STATUS_USAGE, "a probe's serial has at most 32 characters");
	s->level = s->jtag_fw + s->model->ahead;
	strcpy(s->serial, serial);
	s->id = s->model->id;
	s->id.serial = s->serial;
	s->force_short = config->short_replies;
	s->force_stale = config->stale_replies;
	return STATUS_OK;
}

const struct stlink_usb_id *board_usb_id(const struct board *b)
{
	return &b->probe.id;
}
