/*
 * What only an ST-LINK/V3 knows: its long version, and speeds by name instead
 * of by divisor.
 *
 *   FB                          -> hw, swim, jtag, msd, bridge, power, 0, 0, vid16, pid16
 *   F2 61 port 00 khz32         -> status32, khz32 in force
 *   F2 62 port                  -> status32, khz32 in force, count32, khz32 x 10
 *
 * ASSUMED: the speeds offered, the same for SWD and JTAG; a speed between two
 * becomes the lower one, one below all the lowest.
 */
#include "board/stlink_internal.h"

#define MS_IN_NS 1000000u
enum { VERSION_SIZE = 12, SPEEDS_SIZE = 52, PORTS = 2 };

/* Fastest first. */
static const uint32_t speeds_khz[] = {24000, 8000, 3300, 1000, 200, 50, 5};
#define SPEEDS (sizeof speeds_khz / sizeof speeds_khz[0])

void cmd_v3_version(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;

	(void)cmd;
	memset(s->buffer, 0, VERSION_SIZE);
	s->buffer[0] = s->model->hardware;
	s->buffer[1] = (uint8_t)s->swim_fw;
	s->buffer[2] = (uint8_t)s->jtag_fw;
	s->buffer[3] = (uint8_t)s->second_fw;
	s->buffer[4] = (uint8_t)s->bridge_fw;
	put_le16(s->buffer + 8, s->id.vid);
	put_le16(s->buffer + 10, s->id.pid);
	reply_buffer(s, VERSION_SIZE);
}

static uint32_t speed_for(uint32_t khz)
{
	size_t i = 0;

	while (i + 1 < SPEEDS && speeds_khz[i] > khz)
		i++;
	return speeds_khz[i];
}

void cmd_v3_set_freq(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;
	uint32_t khz = speed_for(get_le32(cmd + 4));

	if (cmd[2] >= PORTS) {
		reply_debug(s, ST_NO_FREQUENCY, 8);
		return;
	}
	if (cmd[2] == 0) /* JTAG has no pins here */
		s->period_ns = MS_IN_NS / khz;
	put_le32(s->buffer, 0);
	put_le32(s->buffer + 4, khz);
	reply_debug(s, ST_OK, 8);
}

void cmd_v3_get_freq(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;

	memset(s->buffer, 0, SPEEDS_SIZE);
	put_le32(s->buffer + 4, speed_for(MS_IN_NS / s->period_ns));
	put_le32(s->buffer + 8, SPEEDS);
	for (size_t i = 0; i < SPEEDS; i++)
		put_le32(s->buffer + 12 + 4 * i, speeds_khz[i]);
	reply_debug(s, cmd[2] < PORTS ? ST_OK : ST_NO_FREQUENCY, SPEEDS_SIZE);
}
