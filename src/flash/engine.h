/* Inside the write engine: one run, from opening to closing. */
#ifndef REFLASH_FLASH_ENGINE_H
#define REFLASH_FLASH_ENGINE_H

#include "flash/f1.h"
#include "flash/plan.h"
#include "flash/port.h"

/* Pages whose CRCs are being computed. */
struct compare_batch {
	bool (*pick)(const struct plan_page *);
	size_t page[FLASH_MAP_MAX], count;
	size_t next;       /* page of the plan to go on with */
	unsigned commands; /* what was handed over for them */
};

struct engine {
	struct flash_link link;
	const struct chip *chip;
	const struct flash_options *opt;
	struct flash_port *port;
	struct f1_protection protection;
	struct flash_result result;
	struct compare_batch batch;
	enum flash_phase phase;
	uint64_t phase_start;
	unsigned erases_given; /* operations handed over when the last erase was */
	bool fresh;    /* the chip is as a reset left it */
	bool touched;  /* flash was erased or programmed */
};

/* Quiet chip, protection known, port open. RDP is refused here. Close in any
 * case. */
enum status engine_open(struct engine *e, const struct flash_link *link, const struct chip *chip,
			const struct flash_options *opt, struct err *err) MUST_CHECK;
void engine_close(struct engine *e, struct flash_result *result);
/* Account the time since the last call to the phase that ends. */
void engine_phase(struct engine *e, enum flash_phase phase);
/* Report; STATUS_INTERRUPTED, with everything queued done, when told to stop. */
enum status engine_progress(struct engine *e, enum flash_phase phase, size_t done, size_t total,
			    struct err *err) MUST_CHECK;
/* Take the parts of pages that are not the image's from the chip. */
enum status engine_fill(struct engine *e, struct plan *plan, struct err *err) MUST_CHECK;
/* Sets old_blank and differs of the pages that `pick` chooses (NULL: all). The
 * chip may be busy with it, and with what it was given before, in between. */
enum status engine_compare_start(struct engine *e, struct plan *plan,
				 bool (*pick)(const struct plan_page *),
				 struct err *err) MUST_CHECK;
enum status engine_compare_finish(struct engine *e, struct plan *plan, enum flash_phase phase,
				  struct err *err) MUST_CHECK;
/* The whole image; STATUS_MISMATCH with the first byte that differs. */
enum status engine_verify(struct engine *e, struct plan *plan, struct err *err) MUST_CHECK;
/* Have the pages that `pick` chooses checked behind what was given before; see
 * flash_port_ops.expect. */
enum status engine_expect(struct engine *e, const struct plan *plan,
			  bool (*pick)(const struct plan_page *), struct err *err) MUST_CHECK;
/* A page is known to differ: STATUS_MISMATCH with the first byte that does. */
enum status engine_name_byte(struct engine *e, const struct plan_page *page,
			     struct err *err) MUST_CHECK;
enum status engine_read_back(struct engine *e, const struct plan_page *page,
			     struct err *err) MUST_CHECK;

/* STATUS_PROTECTED: the page at `address`; 0: some page, in the way of a mass
 * erase. */
enum status engine_refuse_wrp(uint32_t address, struct err *err) MUST_CHECK;

#endif
