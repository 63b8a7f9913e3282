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
	bool returns;
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
	/* Per hit and depth: the block under way when it was found. */
	uint32_t hit_block[SWEEP_HITS_MAX][SWEEP_DEPTH_MAX + 1];
	uint32_t block[SWEEP_DEPTH_MAX + 1]; /* block under way at each depth */
};

/* What loads give and stores mean; ctx is the struct sweep. */
extern const struct abs_memory sweep_memory;

/* Control flow within one walked function, for conditions. */
struct sweep_edge {
	uint32_t from, to; /* block starts */
	uint32_t branch;   /* the undecided branch taken or passed; 0: no choice */
};

/* The undecided branch nearest before `block` that decides whether it is
 * reached; 0: none. */
uint32_t deciding_branch(const struct sweep_edge *edges, size_t count, uint32_t block);

/* Add an entry unless it is there. */
void roots_add(struct sweep *sw, uint32_t entry, bool is_vector);
/* Does this constant look like a pointer to a function of the image? */
bool roots_is_function(const struct sweep *sw, uint32_t pointer);
/* Function pointers in the image's data. */
void roots_from_data(struct sweep *sw);

#endif
