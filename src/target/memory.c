/* Memory of the target, any alignment: whole words in blocks, what sticks out
 * at either end in bytes. */
#include "base/bytes.h"
#include "target/target_internal.h"

enum status target_read32(struct target *t, uint32_t a, uint32_t *v, struct err *err)
{
	return t->probe->ops->read_word(t->probe, a, v, err);
}

enum status target_write32(struct target *t, uint32_t a, uint32_t v, struct err *err)
{
	return t->probe->ops->write_word(t->probe, a, v, err);
}

enum status target_write16(struct target *t, uint32_t a, uint16_t v, struct err *err)
{
	uint8_t b[2];

	put_le16(b, v);
	return t->probe->ops->write(t->probe, a, 2, b, sizeof b, err);
}

enum status target_write_halfwords(struct target *t, uint32_t a, const void *data, size_t len,
				   struct err *err)
{
	return t->probe->ops->write(t->probe, a, 2, data, len, err);
}

/* Length of the next run that one access width can do, and that width. */
static size_t run_of(uint32_t a, size_t len, unsigned *width)
{
	size_t head = -a & 3u;

	*width = 1;
	if (head > 0 || len < 4)
		return head > 0 && head < len ? head : len;
	*width = 4;
	return len & ~(size_t)3;
}

/* One word is one exchange; a block is two, since its status is asked for. */
static enum status one_word(struct target *t, bool reading, uint32_t a, uint8_t *data,
			    struct err *err)
{
	uint32_t v = 0;
	enum status s;

	if (!reading)
		return target_write32(t, a, get_le32(data), err);
	s = target_read32(t, a, &v, err);
	if (s == STATUS_OK)
		put_le32(data, v);
	return s;
}

/* One run after the other. Only reading writes to `data`. */
static enum status in_runs(struct target *t, bool reading, uint32_t a, uint8_t *data, size_t len,
			   struct err *err)
{
	const struct probe_ops *ops = t->probe->ops;
	enum status s = STATUS_OK;

	while (s == STATUS_OK && len > 0) {
		unsigned width;
		size_t n = run_of(a, len, &width);

		if (width == 4 && n == 4)
			s = one_word(t, reading, a, data, err);
		else
			s = reading ? ops->read(t->probe, a, width, data, n, err)
				    : ops->write(t->probe, a, width, data, n, err);
		a += (uint32_t)n;
		data += n;
		len -= n;
	}
	return s;
}

enum status target_read(struct target *t, uint32_t a, void *data, size_t len, struct err *err)
{
	return in_runs(t, true, a, data, len, err);
}

enum status target_write(struct target *t, uint32_t a, const void *data, size_t len,
			 struct err *err)
{
	return in_runs(t, false, a, (uint8_t *)(uintptr_t)data, len, err);
}
