/*
 * ST-LINK: SWD clock.
 *
 * V2 takes a delay-loop count (command 43); V3 takes kHz out of a list that it
 * gives (62, 61). The V2 table carries the names that stlink and OpenOCD use;
 * others call the fastest 4600 kHz. Firmware before J22 has one fixed speed.
 */
#include "probe/stlink.h"

struct speed_row {
	unsigned khz;
	uint16_t divisor;
};

static const struct speed_row v2_speeds[] = {
	{4000, 0}, {1800, 1}, {1200, 2}, {950, 3}, {650, 5}, {480, 7}, {400, 9},
	{360, 10}, {240, 15}, {150, 25}, {125, 31}, {100, 40}, {50, 79}, {25, 158},
	{15, 265}, {5, 798},
};

enum { V2_ROWS = sizeof v2_speeds / sizeof v2_speeds[0], FIXED_KHZ = 1800 };

static enum status v2_speed(struct probe *p, unsigned khz, unsigned *set, struct err *err)
{
	uint8_t command[] = {0x43, 0, 0}, reply[2];
	size_t i = 0;
	enum status s;

	if (!stlink_of(p)->has[STLINK_SWD_FREQ]) {
		*set = FIXED_KHZ;
		return STATUS_OK;
	}
	while (i + 1 < V2_ROWS && v2_speeds[i].khz > khz)
		i++;
	put_le16(command + 1, v2_speeds[i].divisor);
	s = stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
	if (s == STATUS_OK)
		*set = v2_speeds[i].khz;
	return s;
}

static enum status v3_list(struct probe *p, struct err *err)
{
	uint8_t command[] = {0x62, 0}, reply[52];
	struct stlink *st = stlink_of(p);
	enum status s = stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
	uint32_t count;

	if (s != STATUS_OK)
		return s;
	count = get_le32(reply + 8);
	for (uint32_t i = 0; i < count && i < 10; i++)
		st->speeds[st->speed_count++] = get_le32(reply + 12 + 4 * i);
	if (st->speed_count == 0)
		return err_set(err, STATUS_IO, "the probe offers no SWD speed");
	return STATUS_OK;
}

/* Nearest not above; when all are above, the slowest. */
static unsigned v3_pick(const struct stlink *st, unsigned khz)
{
	unsigned best = 0, slowest = st->speeds[0];

	for (unsigned i = 0; i < st->speed_count; i++) {
		if (st->speeds[i] <= khz && st->speeds[i] > best)
			best = st->speeds[i];
		if (st->speeds[i] < slowest)
			slowest = st->speeds[i];
	}
	return best ? best : slowest;
}

static enum status v3_speed(struct probe *p, unsigned khz, unsigned *set, struct err *err)
{
	uint8_t command[] = {0x61, 0, 0, 0, 0, 0, 0}, reply[8];
	enum status s = STATUS_OK;

	if (stlink_of(p)->speed_count == 0)
		s = v3_list(p, err);
	if (s != STATUS_OK)
		return s;
	put_le32(command + 3, v3_pick(stlink_of(p), khz));
	s = stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
	if (s == STATUS_OK)
		*set = get_le32(reply + 4);
	return s;
}

enum status stlink_set_speed(struct probe *p, unsigned khz, unsigned *set, struct err *err)
{
	struct stlink *st = stlink_of(p);
	unsigned now = p->speed_khz;
	enum status s = STATUS_OK;

	/* what it was set to stays while it is not left */
	if (!st->debug_mode || st->asked_khz != khz)
		s = p->version.hardware >= 3 ? v3_speed(p, khz, &now, err)
					     : v2_speed(p, khz, &now, err);
	if (s != STATUS_OK)
		return s;
	st->asked_khz = khz;
	p->speed_khz = now;
	if (set)
		*set = now;
	return STATUS_OK;
}
