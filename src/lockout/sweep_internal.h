/* Inside the sweep: what walking (sweep.c) and finding roots (roots.c) share. */
#ifndef REFLASH_LOCKOUT_SWEEP_INTERNAL_H
#define REFLASH_LOCKOUT_SWEEP_INTERNAL_H

#include "lockout/absexec.h"
#include "lockout/sweep.h"

#define SWEEP_DEPTH_MAX 14
#define SWEEP_ROOTS_MAX 2048
#define SWEEP_MEMO_SIZE 4096 /* power of two */

/* A function already walked with these arguments, and what it returned. */
struct sweep_memo {
	uint64_t key; /* 0: free */
	struct absval r0;
};

struct sweep_root {
	uint32_t entry;
	bool is_vector;
};

struct sweep {
	const struct image *img;
	struct sweep_result *out;
	size_t max_steps;
	struct sweep_memo *memo;
	struct sweep_root roots[SWEEP_ROOTS_MAX];
	size_t root_count;
	uint32_t root;       /* the one being walked */
	bool root_is_vector;
	uint32_t calls[SWEEP_DEPTH_MAX]; /* call instructions, outermost first */
	uint32_t entries[SWEEP_DEPTH_MAX + 1];
	size_t depth;
	struct abs_state *now; /* state of the instruction under way, for hits */
	uint32_t outer_branch[SWEEP_DEPTH_MAX + 1]; /* undecided branch per depth */
};

/* Add an entry unless it is there. */
void roots_add(struct sweep *sw, uint32_t entry, bool is_vector);
/* Does this constant look like a pointer to a function of the image? */
bool roots_is_function(const struct sweep *sw, uint32_t pointer);
/* Function pointers in the image's data. */
void roots_from_data(struct sweep *sw);

#endif
