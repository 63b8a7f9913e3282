/*
 * Snapshots: everything a run depends on, taken and put back in a memory copy.
 *
 * State is plain data; of the fixed-size arrays in it only what this part uses
 * is copied. Main flash is copied only when it changed since the last copy,
 * which snapshots share.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "mcu/mcu_internal.h"

/* One frozen content of main flash. */
struct flash_copy {
	atomic_uint refs;
	uint8_t bytes[];
};

struct mcu_snapshot {
	struct flash_copy *flash;
	struct mcu_state s; /* last; only as much RAM as the part has is allocated */
};

static struct flash_copy *flash_copy_ref(struct flash_copy *c)
{
	if (c)
		atomic_fetch_add(&c->refs, 1);
	return c;
}

void flash_copy_unref(struct flash_copy *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}

/* Bring m->flash_copy up to date; NULL without memory. */
static struct flash_copy *flash_copy_of(struct mcu *m)
{
	struct flash_copy *c;

	if (!m->flash_dirty && m->flash_copy)
		return m->flash_copy;
	c = malloc(sizeof *c + m->chip->flash_die);
	if (!c)
		return NULL;
	atomic_init(&c->refs, 1);
	memcpy(c->bytes, m->flash, m->chip->flash_die);
	flash_copy_unref(m->flash_copy);
	m->flash_copy = c;
	m->flash_dirty = false;
	return c;
}

struct mcu_snapshot *mcu_snapshot_new(const struct mcu *m)
{
	return calloc(1, offsetof(struct mcu_snapshot, s) + offsetof(struct mcu_state, ram) +
				 m->chip->ram_size);
}

void mcu_snapshot_free(struct mcu_snapshot *s)
{
	if (!s)
		return;
	flash_copy_unref(s->flash);
	free(s);
}

static void copy_state(struct mcu_state *to, const struct mcu_state *from, const struct mcu *m)
{
	memcpy(to, from, offsetof(struct mcu_state, event_at));
	memcpy(to->event_at, from->event_at, m->periph_count * sizeof from->event_at[0]);
	memcpy(to->pool, from->pool, m->pool_used);
	memcpy(to->ram, from->ram, m->chip->ram_size);
}

void mcu_snapshot_take(struct mcu_snapshot *s, const struct mcu *m)
{
	/* The shared copy is a cache: making it changes nothing that anyone can see. */
	struct flash_copy *now = flash_copy_of((struct mcu *)m);

	if (s->flash != now) {
		flash_copy_unref(s->flash);
		s->flash = flash_copy_ref(now);
	}
	copy_state(&s->s, &m->s, m);
}

void mcu_snapshot_restore(struct mcu *m, const struct mcu_snapshot *s)
{
	if (s->flash && (m->flash_dirty || m->flash_copy != s->flash)) {
		memcpy(m->flash, s->flash->bytes, m->chip->flash_die);
		flash_copy_unref(m->flash_copy);
		m->flash_copy = flash_copy_ref(s->flash);
		m->flash_dirty = false;
		cpu_code_changed(m, m->chip->flash_base, m->chip->flash_die);
	}
	if (m->s.side.boot_alias != s->s.side.boot_alias)
		cpu_code_changed(m, 0, m->chip->flash_die);
	copy_state(&m->s, &s->s, m);
	cpu_restored(m);
}

/* ---- comparing ------------------------------------------------------------------ */

#define SAME(a, b) (memcmp(&(a), &(b), sizeof(a)) == 0)

/* What mcu_run sets anew, the limit and the deadline, does not count. */
static bool same_time(const struct mcu_state *a, const struct mcu_state *b)
{
	struct mcu_time t;
	struct mcu_board_side side;

	memcpy(&t, &a->time, sizeof t); /* padding, too */
	memcpy(&side, &a->side, sizeof side);
	side.limit_ns = b->side.limit_ns;
	t.deadline = b->time.deadline;
	return SAME(t, b->time) && SAME(side, b->side);
}

/* `next` is left over from the last plainly executed instruction. */
static bool same_core(const struct cpu_state *a, const struct cpu_state *b)
{
	struct cpu_state c;

	memcpy(&c, a, sizeof c);
	c.next = b->next;
	return SAME(c, *b);
}

/* AFIO's private state is SWJ_CFG; that of ports A and B, what is on their pins. */
static bool shows_swj(const struct mcu *m, const struct periph *p)
{
	return p == m->afio || p == m->gpio[0] || p == m->gpio[1];
}

/* Registers and private states of all peripherals. */
static bool same_pool(const uint8_t *a, const struct mcu *m)
{
	const uint8_t *b = m->s.pool;

	for (size_t i = 0; i < m->periph_count; i++) {
		const struct periph *p = &m->periphs[i];
		size_t words = (size_t)((const uint8_t *)p->words - b);
		size_t state = (size_t)((const uint8_t *)p->state - b);

		if (memcmp(a + words, b + words, p->def->reg_count * sizeof *p->words) != 0)
			return false;
		if (!shows_swj(m, p) && memcmp(a + state, b + state, p->def->state_size) != 0)
			return false;
	}
	return true;
}

bool mcu_snapshot_matches(const struct mcu_snapshot *s, struct mcu *m)
{
	const struct mcu_state *a = &s->s, *b = &m->s;
	struct flash_copy *now;

	if (!same_core(&a->cpu, &b->cpu) || !same_time(a, b) || !SAME(a->option_bytes, b->option_bytes) ||
	    memcmp(a->event_at, b->event_at, m->periph_count * sizeof a->event_at[0]) != 0 ||
	    !same_pool(a->pool, m) || memcmp(a->ram, b->ram, m->chip->ram_size) != 0)
		return false;
	now = flash_copy_of(m);
	return now && s->flash &&
	       (now == s->flash || memcmp(now->bytes, s->flash->bytes, m->chip->flash_die) == 0);
}
