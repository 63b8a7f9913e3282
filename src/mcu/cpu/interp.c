/*
 * The fast loop: pre-decoded operations, one label each, jumped to directly.
 *
 * Registers stay in the core's state; flags, the cycle counter and the place
 * in the code are locals. Whatever is rare leaves by one of three ways:
 *   - memory that is not RAM or flash, and stores into watched RAM, save the
 *     locals, call mem.c and load them again (SLOW);
 *   - instructions without a handler do the same with exec_*.c (GENERIC);
 *   - anything that needs the run loop's eyes sets the limit to 0, so that the
 *     instruction under way is completed and the loop left.
 *
 * `acc` packs cycles (high) and instructions (low), so that both cost one
 * addition. Inside an IT block the limit is 0, too: every instruction ends at
 * `out`, which advances ITSTATE and goes on.
 *
 * fast_run is one long function because its locals must live in machine
 * registers across all handlers; each handler is a line or a few.
 * Computed goto is 15 % faster than a switch here.
 */
#include <string.h>

#include "mcu/cpu/fast.h"

#define ACC_SHIFT 20
#define PACK(cycles) (((uint64_t)(cycles) << ACC_SHIFT) + 1)
#define CYCLES(cycles) ((uint64_t)(cycles) << ACC_SHIFT)
#define ACC_COUNT ((1u << ACC_SHIFT) - 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* A memory's size in bytes, half-words, words. */
struct sizes {
	uint32_t of1, of2, of4;
};

/* What the slow ways share with the loop. */
struct loop {
	uint64_t target;  /* core cycle at which the loop ends */
	uint64_t limit;   /* of acc */
	uint64_t cycles, instructions; /* the time at which acc was 0 */
	uint64_t deadline;             /* what limit was made of */
	unsigned wait_states;
	struct sizes ram, flash; /* what may be read without asking; 0 when watched */
};

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return v;
}

static inline uint32_t load16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, 2);
	return v;
}

/* Aligned and inside the memory: low bits that are set make the rotated offset
 * huge. */
static inline bool fits(uint32_t offset, unsigned size, const struct sizes *memory)
{
	if (size == 4)
		return (offset >> 2 | offset << 30) < memory->of4;
	if (size == 2)
		return (offset >> 1 | offset << 31) < memory->of2;
	return offset < memory->of1;
}

/* Is there a reason for the run loop, other than an exception that asks? */
static inline bool must_leave(const struct mcu *m)
{
	const struct cpu_state *c = &m->s.cpu;

	return c->halted | c->sleeping | c->lockup | !c->thumb | m->stop_requested |
	       m->s.side.reset_pending | m->cache->careful || cpu_awaits_flash(m);
}

/* What may be read without asking; in the units that `fits` compares. */
static inline void set_sizes(const struct mcu *m, struct loop *l)
{
	uint32_t ram = m->cache->pinned ? 0 : m->chip->ram_size;
	uint32_t flash = m->cache->pinned || m->s.side.flash_busy ? 0 : m->chip->flash_die;

	l->ram = (struct sizes){ram, ram >> 1, ram >> 2};
	l->flash = (struct sizes){flash, flash >> 1, flash >> 2};
}

static inline uint64_t end_of(const struct mcu *m, const struct loop *l)
{
	return l->target < m->s.time.deadline ? l->target : m->s.time.deadline;
}

/* After anything that may have moved time, pended or asked: how far may acc go? */
static inline void look_around(const struct mcu *m, struct loop *l)
{
	uint64_t now = m->s.time.cycles, end = end_of(m, l);

	l->limit = m->s.cpu.attention || now >= end || must_leave(m) ? 0 : CYCLES(end - now);
	l->cycles = now;
	l->instructions = m->s.time.instructions;
	l->deadline = m->s.time.deadline;
	l->wait_states = flash_wait_states(m);
	set_sizes(m, l);
}

/* Did an access leave alone all that the loop went by? Mostly it did. */
static inline bool undisturbed(const struct mcu *m, const struct loop *l, uint64_t acc)
{
	return !(m->s.cpu.attention | m->cache->pinned | m->s.side.flash_busy | must_leave(m)) &&
	       m->s.time.cycles == l->cycles + (acc >> ACC_SHIFT) &&
	       m->s.time.deadline == l->deadline && l->flash.of1 &&
	       flash_wait_states(m) == l->wait_states;
}

/* Between instructions: may the loop go on? An exception that asks, where nothing
 * else does, is entered here as the run loop would. */
static inline bool goes_on(struct mcu *m, struct loop *l)
{
	const struct cpu_state *c = &m->s.cpu;

	if (c->attention) {
		if (!c->to_take || c->watch_hit || must_leave(m) ||
		    m->s.time.cycles >= end_of(m, l))
			return false;
		exception_enter(m);
	}
	look_around(m, l);
	return l->limit;
}

static inline void save_time(struct mcu *m, const struct loop *l, uint64_t acc)
{
	m->s.time.cycles = l->cycles + (acc >> ACC_SHIFT);
	m->s.time.instructions = l->instructions + (acc & ACC_COUNT);
}

/* The loop's flags as N Z C V in bits 3..0: N and Z come from results. */
static inline unsigned flags_of(uint32_t nr, uint32_t zr, uint32_t cf, uint32_t vf)
{
	return (nr >> 31) << 3 | (unsigned)(zr == 0) << 2 | cf << 1 | vf >> 31;
}

/* The registers of a list, run by run (predecode.c packs them): whole pieces are
 * faster than one register after the other. */
static inline void store_runs(uint8_t *to, const uint32_t *r, uint32_t runs)
{
	for (; runs; runs >>= 8) {
		const uint32_t *from = r + (runs & 15);
		unsigned n = runs >> 4 & 15;

#define PIECE(words)                                                                               \
	if (n & (words)) {                                                                         \
		memcpy(to, from, 4 * (words));                                                     \
		to += 4 * (words);                                                                 \
		from += (words);                                                                   \
	}
		PIECE(8) PIECE(4) PIECE(2) PIECE(1)
#undef PIECE
	}
}

static inline void load_runs(uint32_t *r, const uint8_t *from, uint32_t runs)
{
	for (; runs; runs >>= 8) {
		uint32_t *to = r + (runs & 15);
		unsigned n = runs >> 4 & 15;

#define PIECE(words)                                                                               \
	if (n & (words)) {                                                                         \
		memcpy(to, from, 4 * (words));                                                     \
		to += (words);                                                                     \
		from += 4 * (words);                                                               \
	}
		PIECE(8) PIECE(4) PIECE(2) PIECE(1)
#undef PIECE
	}
}

/* Put the locals where the rest of the core sees them. */
#define SAVE()                                                                                     \
	(c->r[15] = region->base + 2 * (uint32_t)(OP_INDEX()),                                     \
	 c->apsr = (c->apsr & APSR_Q) | (nr & APSR_N) | (zr ? 0 : APSR_Z) | cf << 29 |             \
		   (vf >> 31) << 28,                                                               \
	 c->it = it, save_time(m, &l, acc))
/* op may point into it_ops, which lies behind ops. */
#define OP_INDEX()                                                                                 \
	((size_t)(op - region->ops) < span ? (size_t)(op - region->ops)                            \
					   : (size_t)(op - region->ops) - span)
#define LOAD_FLAGS()                                                                               \
	(nr = c->apsr & APSR_N, zr = !(c->apsr & APSR_Z), cf = c->apsr >> 29 & 1,                  \
	 vf = c->apsr << 3)
/* The access may have changed FLASH_ACR, pended, asked to stop, moved time. */
#define AGAIN()                                                                                    \
	do {                                                                                       \
		if (UNLIKELY(!undisturbed(m, &l, acc))) {                                          \
			look_around(m, &l);                                                        \
			acc = 0;                                                                   \
			limit = it ? 0 : l.limit;                                                  \
			wait = CYCLES(l.wait_states);                                              \
			refill = CYCLES(cpu_refill(m, region->base));                              \
		}                                                                                  \
	} while (0)

/* A mask was lowered: what was pending may be due. */
#define ASKED()                                                                                    \
	do {                                                                                       \
		if (c->attention)                                                                  \
			limit = l.limit = 0;                                                       \
	} while (0)

#define NEXT_N(n, cycles)                                                                          \
	do {                                                                                       \
		acc += PACK(cycles);                                                               \
		op += (n);                                                                         \
		if (UNLIKELY(acc >= limit))                                                        \
			goto out;                                                                  \
		goto *op->handler;                                                                 \
	} while (0)

/* One operation in its two sizes. */
#define OP(NAME, cycles, ...)                                                                      \
	L_##NAME : __VA_ARGS__;                                                                    \
	NEXT_N(1, cycles);                                                                         \
	L_##NAME##_W : __VA_ARGS__;                                                                \
	NEXT_N(2, cycles)

/* Both sizes of an operation that finds its own way on. `n` is its size. */
#define FLOW(NAME, ...)                                                                            \
	L_##NAME : {                                                                               \
		enum { n = 1 };                                                                    \
		__VA_ARGS__;                                                                       \
	}                                                                                          \
	L_##NAME##_W : {                                                                           \
		enum { n = 2 };                                                                    \
		__VA_ARGS__;                                                                       \
	}

#define A r[op->a]
#define B r[op->b]
#define C r[op->c]
#define IMM op->imm

#define NZ(v) (nr = zr = (v))
#define DO_ADD(x, y)                                                                               \
	do {                                                                                       \
		uint32_t x_ = (x), y_ = (y), s_ = x_ + y_;                                         \
		cf = s_ < x_;                                                                      \
		vf = (x_ ^ s_) & (y_ ^ s_);                                                        \
		NZ(s_);                                                                            \
	} while (0)
#define DO_SUB(x, y)                                                                               \
	do {                                                                                       \
		uint32_t x_ = (x), y_ = (y), s_ = x_ - y_;                                         \
		cf = x_ >= y_;                                                                     \
		vf = (x_ ^ y_) & (x_ ^ s_);                                                        \
		NZ(s_);                                                                            \
	} while (0)
#define DO_ADC(x, y)                                                                               \
	do {                                                                                       \
		uint32_t x_ = (x), y_ = (y);                                                       \
		uint64_t w_ = (uint64_t)x_ + y_ + cf;                                              \
		uint32_t s_ = (uint32_t)w_;                                                        \
		cf = (uint32_t)(w_ >> 32);                                                         \
		vf = (x_ ^ s_) & (y_ ^ s_);                                                        \
		NZ(s_);                                                                            \
	} while (0)

#define SHIFTED(NAME, expression)                                                                  \
	OP(NAME##_R, 1, { uint32_t x = B; uint32_t y = C; A = (expression); });                    \
	OP(NAME##_L, 1, { uint32_t x = B; uint32_t y = C << IMM; A = (expression); });             \
	OP(NAME##_SR, 1, { uint32_t x = B; uint32_t y = C >> IMM; A = (expression); });            \
	OP(NAME##_AR, 1,                                                                           \
	   { uint32_t x = B; uint32_t y = (uint32_t)((int32_t)C >> IMM); A = (expression); });     \
	OP(NAME##_I, 1, { uint32_t x = B; uint32_t y = IMM; A = (expression); })

/* A load: RAM, then flash, then the slow way. */
#define LOAD(address, size, into)                                                                  \
	do {                                                                                       \
		uint32_t at_ = (address), o_ = at_ - ram_base;                                     \
		if (fits(o_, size, &l.ram)) {                                                  \
			into = size == 4 ? load32(m->s.ram + o_) : size == 2 ? load16(m->s.ram + o_) : m->s.ram[o_]; \
		} else if (o_ = at_ - flash_base, fits(o_, size, &l.flash)) {                  \
			const uint8_t *p_ = m->flash + o_;                                         \
			into = size == 4 ? load32(p_) : size == 2 ? load16(p_) : *p_;              \
			acc += wait;                                                               \
		} else {                                                                           \
			uint32_t v_;                                                               \
			SAVE();                                                                    \
			if (!cpu_load(m, at_, size, ACCESS_DATA, &v_))                             \
				return;                                                            \
			into = v_;                                                                 \
			AGAIN();                                                                   \
		}                                                                                  \
	} while (0)

#define STORE(address, size, value)                                                                \
	do {                                                                                       \
		uint32_t at_ = (address), o_ = at_ - ram_base, v_ = (value);                       \
		if (fits(o_, size, &l.ram) && !watch[o_ >> GRANULE_SHIFT]) {                   \
			memcpy(m->s.ram + o_, &v_, size);                                               \
		} else {                                                                           \
			SAVE();                                                                    \
			if (!cpu_store(m, at_, size, ACCESS_DATA, v_))                             \
				return;                                                            \
			AGAIN();                                                                   \
		}                                                                                  \
	} while (0)

#define LOADS(NAME, size, type)                                                                    \
	OP(NAME##_I, 2, { uint32_t v; LOAD(B + IMM, size, v); A = (uint32_t)(type)v; });           \
	OP(NAME##_R, 2, { uint32_t v; LOAD(B + (C << IMM), size, v); A = (uint32_t)(type)v; })
#define LOADS_WB(NAME, size)                                                                       \
	OP(NAME##_PRE, 2, { uint32_t v; uint32_t to = B + IMM; LOAD(to, size, v); B = to; A = v; }); \
	OP(NAME##_POST, 2, { uint32_t v; LOAD(B, size, v); B += IMM; A = v; })
#define STORES(NAME, size)                                                                         \
	OP(NAME##_I, 1, { STORE(B + IMM, size, A); });                                             \
	OP(NAME##_R, 2, { STORE(B + (C << IMM), size, A); });                                      \
	OP(NAME##_PRE, 1, { uint32_t to = B + IMM; STORE(to, size, A); B = to; });                 \
	OP(NAME##_POST, 1, { STORE(B, size, A); B += IMM; })

#define TAKE(condition)                                                                            \
	if (condition) {                                                                           \
		acc += PACK(1) + refill;                                                           \
		op += (int32_t)IMM;                                                                \
		if (UNLIKELY(acc >= limit))                                                        \
			goto out;                                                                  \
		goto *op->handler;                                                                 \
	}                                                                                          \
	NEXT_N(n, 1)

/* Go to an address with the interworking bit already known to be set. */
#define JUMP(address, cycles)                                                                      \
	do {                                                                                       \
		jump = (address) & ~1u;                                                            \
		acc += PACK(cycles);                                                               \
		if (UNLIKELY(jump - region->base >= region->size))                                 \
			goto far;                                                                  \
		acc += refill;                                                                     \
		op = region->ops + (jump - region->base) / 2;                                      \
		if (UNLIKELY(acc >= limit))                                                        \
			goto out;                                                                  \
		goto *op->handler;                                                                 \
	} while (0)

#define RETURN_OR_ARM(target) UNLIKELY(!((target) & 1) || (target) >= 0xF0000000u)

#define IS_EXC_RETURN(target) ((target) >= 0xF0000000u && c->ipsr)
#define RETURN_FROM_HANDLER()                                                                      \
	do {                                                                                       \
		acc += PACK(1) + refill;                                                           \
		op += n;                                                                           \
		goto exc_return;                                                                   \
	} while (0)

void fast_run(struct mcu *m, uint64_t cycles)
{
	static const void *const handlers[FAST_COUNT] = {
		&&decode, &&edge, &&single,
#define X(name) &&L_##name, &&L_##name##_W,
		FAST_OPS(X)
#undef X
	};
	struct cpu_state *c = &m->s.cpu;
	uint32_t *r = c->r;
	const uint8_t *const watch = m->cache->ram_watch;
	const uint32_t ram_base = m->chip->ram_base, flash_base = m->chip->flash_base;
	struct region *region = NULL;
	struct op *op;
	size_t span;
	struct loop l;
	uint64_t acc, limit, refill, wait;
	uint32_t nr, zr, cf, vf, jump;
	uint8_t it;

	m->cache->handlers = handlers;
	if (cycles == 0)
		return;
	cache_trim(m);
	l.target = m->s.time.cycles + cycles;

	if (cpu_awaits_flash(m))
		flash_stall(m);

settle: /* everything is in the core's state, between instructions */
	if (!goes_on(m, &l))
		return;
	if (!region || c->r[15] - region->base >= region->size)
		region = cache_region(m, c->r[15]);
	if (!region) {
		cpu_single(m); /* faults */
		return;
	}
	it = c->it;
	LOAD_FLAGS();
	acc = 0;
	limit = l.limit;
	wait = CYCLES(l.wait_states);
	refill = CYCLES(cpu_refill(m, c->r[15]));
	span = region->size / 2 + 2;
	op = region->ops + (c->r[15] - region->base) / 2;
	if (it)
		goto it_step;
	goto *op->handler;

decode:
	cache_decode(m, region, (uint32_t)(op - region->ops), 0);
	goto *op->handler;

edge: /* ran off the end */
	SAVE();
	goto settle;

single: /* a breakpoint, or an instruction across the end of the region */
	SAVE();
	cpu_single(m);
	return;

far:
	op = region->ops; /* nothing of this region is meant any more */
	SAVE();
	c->r[15] = jump;
	m->s.time.cycles += cpu_refill(m, jump);
	c->it = it ? cpu_it_advance(it) : 0;
	goto settle;

out: /* the limit is reached, or an instruction of an IT block is done */
	if (!it)
		goto leave;
	it = cpu_it_advance(it);
	op = region->ops + OP_INDEX();
	limit = l.limit;
	if (acc >= limit)
		goto leave;
	if (it)
		goto it_step;
	goto *op->handler;

leave:
	SAVE();
	goto settle;

exc_return: /* the branch is done, `jump` is what it loaded */
	SAVE();
	c->next = c->r[15];
	c->it = 0;
	exception_return(m, jump);
	goto settle;

it_step: {
	size_t index = (size_t)(op - region->ops);
	struct op *inside = &region->it_ops[index];

	if (UNLIKELY(region->it_of[index] != it)) {
		if (index >= region->size / 2)
			goto edge;
		cache_decode(m, region, (uint32_t)index, it);
	}
	/* breakpoints do not ask for the condition */
	if (arm_condition_holds(it >> 4, flags_of(nr, zr, cf, vf)) ||
	    inside->handler == m->cache->handlers[FAST_SINGLE]) {
		limit = 0;
		op = inside;
		goto *op->handler;
	}
	acc += PACK(1);
	op += inside->size;
	it = cpu_it_advance(it);
	limit = l.limit;
	if (UNLIKELY(acc >= limit))
		goto leave;
	if (it)
		goto it_step;
	goto *op->handler;
}

	/* ---- moves, logic, arithmetic ---- */
	OP(MOV_I, 1, { A = IMM; });
	OP(MOVS_I, 1, { A = NZ(IMM); });
	OP(MOV_R, 1, { A = C; });
	OP(MOV_L, 1, { A = C << IMM; });
	OP(MOV_SR, 1, { A = C >> IMM; });
	OP(MOV_AR, 1, { A = (uint32_t)((int32_t)C >> IMM); });
	OP(MOVS_R, 1, { A = NZ(C); });
	OP(MOVS_L, 1, { uint32_t x = C; cf = x >> (32 - IMM) & 1; A = NZ(x << IMM); });
	OP(MOVS_SR, 1, { uint32_t x = C; cf = x >> (IMM - 1) & 1; A = NZ(x >> IMM); });
	OP(MOVS_AR, 1, {
		int32_t x = (int32_t)C;
		cf = (uint32_t)(x >> (IMM - 1)) & 1;
		A = NZ((uint32_t)(x >> IMM));
	});
	OP(MVN_R, 1, { A = ~C; });
	OP(MVNS_R, 1, { A = NZ(~C); });
	OP(MOVT, 1, { A = (A & 0xFFFF) | IMM; });
	SHIFTED(ADD, x + y);
	SHIFTED(SUB, x - y);
	SHIFTED(RSB, y - x);
	SHIFTED(AND, x & y);
	SHIFTED(ORR, x | y);
	SHIFTED(EOR, x ^ y);
	SHIFTED(BIC, x & ~y);
	OP(ADDS_R, 1, { DO_ADD(B, C); A = nr; });
	OP(ADDS_I, 1, { DO_ADD(B, IMM); A = nr; });
	OP(SUBS_R, 1, { DO_SUB(B, C); A = nr; });
	OP(SUBS_I, 1, { DO_SUB(B, IMM); A = nr; });
	OP(RSBS_I, 1, { DO_SUB(IMM, B); A = nr; });
	OP(ADC_R, 1, { A = B + C + cf; });
	OP(ADCS_R, 1, { DO_ADC(B, C); A = nr; });
	OP(SBC_R, 1, { A = B - C - !cf; });
	OP(SBCS_R, 1, { DO_ADC(B, ~C); A = nr; });
	OP(ANDS_R, 1, { A = NZ(B & C); });
	OP(ANDS_I, 1, { A = NZ(B & IMM); });
	OP(ORRS_R, 1, { A = NZ(B | C); });
	OP(EORS_R, 1, { A = NZ(B ^ C); });
	OP(BICS_R, 1, { A = NZ(B & ~C); });
	OP(CMP_R, 1, { DO_SUB(B, C); });
	OP(CMP_L, 1, { DO_SUB(B, C << IMM); });
	OP(CMP_SR, 1, { DO_SUB(B, C >> IMM); });
	OP(CMP_AR, 1, { DO_SUB(B, (uint32_t)((int32_t)C >> IMM)); });
	OP(CMP_I, 1, { DO_SUB(B, IMM); });
	OP(CMN_I, 1, { DO_ADD(B, IMM); });
	OP(CMN_R, 1, { DO_ADD(B, C); });
	OP(TST_R, 1, { NZ(B & C); });
	OP(TST_I, 1, { NZ(B & IMM); });
	OP(LSL, 1, { uint32_t s = C & 0xFF; A = s < 32 ? B << s : 0; });
	OP(LSLS, 1, {
		uint32_t s = C & 0xFF, x = B;
		if (s)
			cf = s <= 32 ? (uint32_t)((uint64_t)x << s >> 32) & 1 : 0;
		A = NZ(s < 32 ? x << s : 0);
	});
	OP(LSR, 1, { uint32_t s = C & 0xFF; A = s < 32 ? B >> s : 0; });
	OP(LSRS, 1, {
		uint32_t s = C & 0xFF, x = B;
		if (s)
			cf = s <= 32 ? x >> (s - 1) & 1 : 0;
		A = NZ(s < 32 ? x >> s : 0);
	});
	OP(ASR, 1, { uint32_t s = C & 0xFF; A = (uint32_t)((int32_t)B >> (s < 31 ? s : 31)); });
	OP(ASRS, 1, {
		uint32_t s = C & 0xFF;
		int32_t x = (int32_t)B;
		if (s)
			cf = (uint32_t)(x >> (s < 32 ? s - 1 : 31)) & 1;
		A = NZ((uint32_t)(x >> (s < 31 ? s : 31)));
	});
	OP(MUL, 1, { A = B * C; });
	OP(MULS, 1, { A = NZ(B * C); });
	OP(MLA, 2, { A = r[IMM] + B * C; });
	OP(MLS, 2, { A = r[IMM] - B * C; });
	OP(UMULL, 4, {
		uint64_t w = (uint64_t)B * C;
		r[IMM] = (uint32_t)w;
		A = (uint32_t)(w >> 32);
	});
	OP(SMULL, 4, {
		int64_t w = (int64_t)(int32_t)B * (int32_t)C;
		r[IMM] = (uint32_t)w;
		A = (uint32_t)(w >> 32);
	});
	OP(UMLAL, 5, {
		uint64_t w = ((uint64_t)A << 32 | r[IMM]) + (uint64_t)B * C;
		r[IMM] = (uint32_t)w;
		A = (uint32_t)(w >> 32);
	});
	OP(SMLAL, 5, {
		uint64_t w = ((uint64_t)A << 32 | r[IMM]) +
			     (uint64_t)((int64_t)(int32_t)B * (int32_t)C);
		r[IMM] = (uint32_t)w;
		A = (uint32_t)(w >> 32);
	});
	OP(UDIV, 7, {
		uint32_t d = C;
		if (UNLIKELY(!d))
			goto trap_divide;
		A = B / d;
	});
	OP(SDIV, 7, {
		int32_t d = (int32_t)C;
		if (UNLIKELY(!d))
			goto trap_divide;
		A = (uint32_t)((int64_t)(int32_t)B / d);
	});
	OP(UXTB, 1, { A = (uint8_t)C; });
	OP(UXTH, 1, { A = (uint16_t)C; });
	OP(SXTB, 1, { A = (uint32_t)(int8_t)C; });
	OP(SXTH, 1, { A = (uint32_t)(int16_t)C; });
	OP(UBFX, 1, { uint32_t x = B >> op->c; A = x & IMM; });
	OP(SBFX, 1, { int32_t x = (int32_t)(B << op->c); A = (uint32_t)(x >> IMM); });
	OP(BFI, 1, { A = (A & ~IMM) | (B << op->c & IMM); });
	OP(BFC, 1, { A &= ~IMM; });
	OP(CLZ, 1, { uint32_t x = C; A = x ? (uint32_t)__builtin_clz(x) : 32; });
	OP(REV, 1, { A = __builtin_bswap32(C); });

	/* ---- memory ---- */
	LOADS(LDR, 4, uint32_t);
	LOADS(LDRB, 1, uint8_t);
	LOADS(LDRH, 2, uint16_t);
	LOADS(LDRSB, 1, int8_t);
	LOADS(LDRSH, 2, int16_t);
	LOADS_WB(LDR, 4);
	LOADS_WB(LDRB, 1);
	LOADS_WB(LDRH, 2);
	STORES(STR, 4);
	STORES(STRB, 1);
	STORES(STRH, 2);
	OP(LDR_LIT, 2, {
		A = load32(region->mem + IMM);
		acc += refill - CYCLES(REFILL_CYCLES); /* the wait states of the region */
	});
	FLOW(LDRD, {
		uint32_t o = B + IMM - ram_base;
		if (UNLIKELY(!fits(o, 4, &l.ram) || !fits(o + 4, 4, &l.ram)))
			goto plainly;
		uint32_t lo = load32(m->s.ram + o), hi = load32(m->s.ram + o + 4);
		A = lo;
		C = hi;
		NEXT_N(n, 3);
	})
	FLOW(STRD, {
		uint32_t o = B + IMM - ram_base;
		if (UNLIKELY(!fits(o, 4, &l.ram) || !fits(o + 4, 4, &l.ram) ||
			     watch[o >> GRANULE_SHIFT] | watch[(o + 4) >> GRANULE_SHIFT]))
			goto plainly;
		uint32_t lo = A, hi = C;
		memcpy(m->s.ram + o, &lo, 4);
		memcpy(m->s.ram + o + 4, &hi, 4);
		NEXT_N(n, 3);
	})
	FLOW(LDM, {
		uint32_t base = B, o = base - ram_base, size = 4u * op->c;
		if (UNLIKELY(!fits(o, 4, &l.ram) || !fits(o + size - 4, 4, &l.ram)))
			goto plainly;
		if (op->a)
			B = base + size;
		load_runs(r, m->s.ram + o, IMM);
		acc += CYCLES(size / 4);
		NEXT_N(n, 1);
	})
	FLOW(LDM_PC, {
		uint32_t base = B, o = base - ram_base, size = 4u * op->c;
		if (UNLIKELY(!fits(o, 4, &l.ram) || !fits(o + size - 4, 4, &l.ram)))
			goto plainly;
		jump = load32(m->s.ram + o + size - 4);
		if (RETURN_OR_ARM(jump) && !IS_EXC_RETURN(jump))
			goto plainly;
		if (op->a)
			B = base + size;
		load_runs(r, m->s.ram + o, IMM);
		acc += CYCLES(size / 4);
		if (UNLIKELY(IS_EXC_RETURN(jump)))
			RETURN_FROM_HANDLER();
		JUMP(jump, 1);
	})
	FLOW(STM, {
		uint32_t o = B - ram_base, size = 4u * op->c;
		if (UNLIKELY(!fits(o, 4, &l.ram) || !fits(o + size - 4, 4, &l.ram) ||
			     watch[o >> GRANULE_SHIFT] | watch[(o + size - 4) >> GRANULE_SHIFT]))
			goto plainly;
		store_runs(m->s.ram + o, r, IMM);
		if (op->a)
			B += size;
		acc += CYCLES(size / 4);
		NEXT_N(n, 1);
	})
	FLOW(STMDB, {
		uint32_t size = 4u * op->c, base = B - size, o = base - ram_base;
		if (UNLIKELY(!fits(o, 4, &l.ram) || !fits(o + size - 4, 4, &l.ram) ||
			     watch[o >> GRANULE_SHIFT] | watch[(o + size - 4) >> GRANULE_SHIFT]))
			goto plainly;
		store_runs(m->s.ram + o, r, IMM);
		if (op->a)
			B = base;
		acc += CYCLES(size / 4);
		NEXT_N(n, 1);
	})

	/* ---- branches ---- */
	FLOW(B, { TAKE(true); })
	FLOW(BEQ, { TAKE(zr == 0); })
	FLOW(BNE, { TAKE(zr != 0); })
	FLOW(BCS, { TAKE(cf); })
	FLOW(BCC, { TAKE(!cf); })
	FLOW(BMI, { TAKE((int32_t)nr < 0); })
	FLOW(BPL, { TAKE((int32_t)nr >= 0); })
	FLOW(BVS, { TAKE((int32_t)vf < 0); })
	FLOW(BVC, { TAKE((int32_t)vf >= 0); })
	FLOW(BHI, { TAKE(cf && zr); })
	FLOW(BLS, { TAKE(!(cf && zr)); })
	FLOW(BGE, { TAKE((int32_t)(nr ^ vf) >= 0); })
	FLOW(BLT, { TAKE((int32_t)(nr ^ vf) < 0); })
	FLOW(BGT, { TAKE((int32_t)(nr ^ vf) >= 0 && zr); })
	FLOW(BLE, { TAKE((int32_t)(nr ^ vf) < 0 || !zr); })
	FLOW(CBZ, { TAKE(B == 0); })
	FLOW(CBNZ, { TAKE(B != 0); })
	FLOW(BL, {
		r[14] = (region->base + 2 * (uint32_t)OP_INDEX() + 2 * n) | 1;
		TAKE(true);
	})
	FLOW(BX, {
		jump = C;
		if (UNLIKELY(IS_EXC_RETURN(jump)))
			RETURN_FROM_HANDLER();
		if (RETURN_OR_ARM(jump))
			goto plainly;
		JUMP(jump, 1);
	})
	FLOW(BLX, {
		uint32_t to = C;
		if (RETURN_OR_ARM(to))
			goto plainly;
		r[14] = (region->base + 2 * (uint32_t)OP_INDEX() + 2 * n) | 1;
		JUMP(to, 1);
	})
	FLOW(TBB, {
		uint32_t pc = region->base + 2 * (uint32_t)OP_INDEX() + 4, v;
		LOAD((op->b == 15 ? pc : B) + C, 1, v);
		JUMP(pc + 2 * v, 2);
	})
	FLOW(TBH, {
		uint32_t pc = region->base + 2 * (uint32_t)OP_INDEX() + 4, v;
		LOAD((op->b == 15 ? pc : B) + 2 * C, 2, v);
		JUMP(pc + 2 * v, 2);
	})
	FLOW(IT, {
		if (UNLIKELY(it))
			goto plainly; /* within another block: UNPREDICTABLE */
		it = op->a;
		op += n;
		acc += PACK(1);
		if (UNLIKELY(acc >= limit))
			goto leave;
		goto it_step;
	})
	OP(NOP, 1, {});
	OP(BARRIER, 3, {});
	OP(MRS, 2, { A = cpu_special(m, IMM); });
	OP(MSR, 2, { cpu_set_special(m, IMM, B); ASKED(); });
	OP(CPS, 1, { cpu_change_state(m, IMM); ASKED(); });

L_GENERIC:
L_GENERIC_W:
	SAVE();
	cpu_execute(m, &m->cache->plain[IMM]);
	goto settle;

plainly: /* a common instruction in an uncommon case */
	SAVE();
	cpu_single(m);
	goto settle;

trap_divide:
	if (c->ccr & CCR_DIV_0_TRP)
		goto plainly;
	A = 0;
	NEXT_N(2, 7); /* divisions are always words */
}
