/*
 * Who the virtual probe says it is: one row an adapter generation. To add
 * another (V3), add its row here and its commands to the table in stlink.c.
 *
 * Not modelled: V1 (mass-storage wrapper), V3.
 */
#include <stdio.h>
#include <string.h>

#include "board/stlink_internal.h"

#define DEFAULT_FIRMWARE "V2J37S7"
#define DEFAULT_SERIAL "5246000000000000000000A1"
#define ST "STMicroelectronics"

static const struct stlink_model models[] = {
	{.prefix = "V2", .mass_storage = false, .hardware = 2,
	 .id = {.vid = 0x0483, .pid = 0x3748, .manufacturer = ST, .product = "STM32 STLink",
		.ep_out = 0x02, .ep_in = 0x81, .ep_swo = 0x83}},
	{.prefix = "V2", .mass_storage = true, .hardware = 2,
	 .id = {.vid = 0x0483, .pid = 0x374B, .manufacturer = ST, .product = "STM32 STLink",
		.ep_out = 0x01, .ep_in = 0x81, .ep_swo = 0x82}},
};

/* "V2J37S7": adapter, JTAG/SWD firmware, SWIM (S) or mass storage (M). */
static const struct stlink_model *parse(const char *text, unsigned *jtag, unsigned *second)
{
	char prefix[3], kind;
	int end = 0;

	if (sscanf(text, "%2[V0-9]J%2u%c%2u%n", prefix, jtag, &kind, second, &end) != 4 ||
	    text[end] != 0)
		return NULL;
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
		if (strcmp(models[i].prefix, prefix) == 0 &&
		    kind == (models[i].mass_storage ? 'M' : 'S') && *jtag < 64 && *second < 64)
			return &models[i];
	return NULL;
}

enum status stlink_identify(struct stlink *s, const struct board_config *config, struct err *err)
{
	const char *firmware = config->probe_firmware ? config->probe_firmware : DEFAULT_FIRMWARE;
	const char *serial = config->serial ? config->serial : DEFAULT_SERIAL;

	s->model = parse(firmware, &s->jtag_fw, &s->second_fw);
	if (!s->model)
		return err_set(err, STATUS_USAGE,
			       "\"%s\" is not a probe firmware this board can play (V2J37S7, "
			       "V2J17S4, V2J37M27 ...)",
			       firmware);
	if (strlen(serial) >= sizeof s->serial)
		return err_set(err, STATUS_USAGE, "a probe's serial has at most 32 characters");
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
