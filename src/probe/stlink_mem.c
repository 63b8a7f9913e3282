/*
 * ST-LINK: memory blocks.
 *
 *   F2 op  a0 a1 a2 a3  len0 len1  ap  csw*3      then the data, no status
 *   F2 3E                                         -> status, fault address @4
 *
 * The probe's buffer takes 6144 bytes of 16- or 32-bit accesses and 64 bytes of
 * 8-bit ones. A block never crosses a 4-KiB line, where the AHB-AP of a
 * Cortex-M3 may stop incrementing its address.
 */
#include "probe/stlink.h"

struct width_row {
	unsigned width;
	uint8_t read_op, write_op;
	size_t limit;
};

static const struct width_row widths[] = {
	{1, 0x0C, 0x0D, 64},
	{2, 0x47, 0x48, 6144},
	{4, 0x07, 0x08, 6144},
};

enum { ADDRESS_LINE = 4096 };

static enum status row_of(struct probe *p, uint32_t address, unsigned width, size_t len,
			  const struct width_row **row, struct err *err)
{
	if (width == 2 && !stlink_of(p)->has[STLINK_MEM16]) {
		err_set(err, STATUS_UNSUPPORTED,
			"probe firmware %s has no 16-bit memory access", p->version.text);
		err_next(err, "update the probe's firmware to J26 or later");
		return STATUS_UNSUPPORTED;
	}
	for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
		if (widths[i].width == width && address % width == 0 && len % width == 0) {
			*row = &widths[i];
			return STATUS_OK;
		}
	return err_set(err, STATUS_FAILED,
		       "access of width %u to 0x%08X, %zu bytes, is not aligned", width, address,
		       len);
}

static size_t chunk_of(const struct width_row *row, uint32_t address, size_t len)
{
	size_t chunk = ADDRESS_LINE - address % ADDRESS_LINE;

	if (chunk > row->limit)
		chunk = row->limit;
	return chunk < len ? chunk : len;
}

/* How the last block went; the raw code in *code. */
static enum status block_status(struct probe *p, uint32_t address, const char *doing, uint8_t *code,
				struct err *err)
{
	bool long_form = stlink_of(p)->has[STLINK_RWSTATUS2];
	uint8_t command[] = {0xF2, long_form ? 0x3E : 0x3B}, reply[12];
	size_t got = 0;
	enum status s = stlink_raw(p, command, sizeof command, USB_IN, reply, long_form ? 12 : 2,
				   &got, err);

	if (s != STATUS_OK)
		return s;
	if (got < 2)
		return err_set(err, STATUS_IO, "%s: the probe's reply has %zu bytes", doing, got);
	*code = reply[0];
	s = stlink_status(reply[0], doing, err);
	if (s == STATUS_TARGET_FAULT)
		err_at(err, long_form && got >= 8 ? get_le32(reply + 4) : address);
	return s;
}

static enum status transfer(struct probe *p, uint8_t op, uint32_t address,
			    enum usb_direction direction, uint8_t *data, size_t len,
			    struct err *err)
{
	uint8_t command[STLINK_BLOCK] = {0xF2, op};
	uint8_t pair[2];
	/* the probe always sends at least two bytes */
	bool single = direction == USB_IN && len == 1;
	size_t got = 0, want = single ? sizeof pair : len;
	enum status s;

	put_le32(command + 2, address);
	put_le16(command + 6, (uint16_t)len);
	s = stlink_raw(p, command, 8, direction, single ? pair : data, want, &got, err);
	if (s != STATUS_OK)
		return s;
	if (single && got >= 1)
		data[0] = pair[0];
	return got >= len ? STATUS_OK
			  : err_set(err, STATUS_IO, "the probe moved %zu of %zu bytes at 0x%08X",
				    got, len, address);
}

/* One block with its status. A failing read may come back short: its status
 * says why, and counts before the shortness. */
static enum status block(struct probe *p, uint8_t op, uint32_t address,
			 enum usb_direction direction, uint8_t *data, size_t len, uint8_t *code,
			 struct err *err)
{
	const char *doing = direction == USB_IN ? "reading memory" : "writing memory";
	struct err first = ERR_INIT;
	enum status moved = transfer(p, op, address, direction, data, len, &first);
	enum status s = STATUS_OK;

	*code = 0;
	if (!p->lost)
		s = block_status(p, address, doing, code, err);
	if (s == STATUS_OK && moved != STATUS_OK)
		return err_set(err, moved, "%s", first.what);
	return s;
}

static enum status block_retried(struct probe *p, uint8_t op, uint32_t address,
				 enum usb_direction direction, uint8_t *data, size_t len,
				 bool retry, struct err *err)
{
	for (unsigned n = 0;; n++) {
		struct err attempt = ERR_INIT;
		uint8_t code;
		enum status s = block(p, op, address, direction, data, len, &code, &attempt);

		if (s == STATUS_OK)
			return s;
		if (p->lost || !retry || !stlink_is_wait(code) || !stlink_pause(p, n)) {
			if (err && err->status == STATUS_OK)
				*err = attempt;
			return s;
		}
	}
}

enum status stlink_read(struct probe *p, uint32_t address, unsigned width, uint8_t *data,
			size_t len, struct err *err)
{
	const struct width_row *row = NULL;
	enum status s = row_of(p, address, width, len, &row, err);

	while (s == STATUS_OK && len > 0) {
		size_t n = chunk_of(row, address, len);

		s = block_retried(p, row->read_op, address, USB_IN, data, n, true, err);
		address += (uint32_t)n;
		data += n;
		len -= n;
	}
	return s;
}

enum status stlink_write(struct probe *p, uint32_t address, unsigned width, const uint8_t *data,
			 size_t len, struct err *err)
{
	const struct width_row *row = NULL;
	enum status s = row_of(p, address, width, len, &row, err);

	while (s == STATUS_OK && len > 0) {
		size_t n = chunk_of(row, address, len);

		/* Half-words are what programs flash, and a flash cell must not be
		 * programmed twice: such a block is never repeated here. */
		s = block_retried(p, row->write_op, address, USB_OUT, (uint8_t *)data, n,
				  width != 2, err);
		address += (uint32_t)n;
		data += n;
		len -= n;
	}
	return s;
}
