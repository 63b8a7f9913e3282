/*
 * Inside the sweep.
 *
 *   sweep.c         one function's blocks; the whole image
 *   sweep_step.c    one block: IT blocks, branches
 *   sweep_call.c    into functions and back
 *   sweep_choice.c  whose constants decided
 *   sweep_memory.c  what loads give, which stores are hits
 *   sweep_peril.c   what else makes attaching harder
 *   roots.c         where walking starts
 *   condition.c     under which condition a block is reached
 */
#ifndef REFLASH_LOCKOUT_SWEEP_INTERNAL_H
#define REFLASH_LOCKOUT_SWEEP_INTERNAL_H

#include "lockout/absexec.h"
#include "lockout/sweep.h"

#define SWEEP_DEPTH_MAX 14
#define SWEEP_ROOTS_MAX 2048
#define SWEEP_MEMO_SIZE 16384 /* power of two */
#define SWEEP_FUNCTIONS 4096

/* A function already walked with these arguments, and what it returned. */
struct sweep_memo {
	uint64_t key; /* 0: free */
	struct absval r0;
	enum abs_gate gate, deep, standby;
	bool returns, touches;
	uint8_t kept; /* bit n: Rn came back as it was given, a peripheral's address */
	uint8_t slot_count;
	int32_t sp; /* at the call; slots count like it */
	struct abs_slot *slots; /* of the caller's stack, where it was shown; owned */
};

struct sweep_root {
	uint32_t entry;
	bool is_vector, is_reset;
	bool enables_afio; /* stores AFIOEN */
	bool returns;
};

/* A RAM word that holds SWJ_CFG=100 at some time, and who put it there. */
struct sweep_cell {
	uint32_t address, origin;
};
#define SWEEP_CELLS_MAX 16

/* What is stored to a RAM word at an address that is known. */
struct sweep_word {
	uint32_t address; /* of the word; 0: free */
	uint8_t bytes[4];
	uint8_t state[4]; /* of each byte: SWEEP_BYTE_* */
};
enum { SWEEP_BYTE_NEVER, SWEEP_BYTE_ONE, SWEEP_BYTE_MANY };
#define SWEEP_WORDS 4096 /* power of two */

/* A branch that a caller's constant decided. */
struct sweep_decision {
	uint32_t pc, other; /* other: where it did not go; 0: a table branch */
	uint8_t depth;      /* of the constant */
	bool in_it;         /* no branch: an instruction of an IT block */
};
#define SWEEP_DECISIONS_MAX 8

/* A store of an option byte that leaves things as they are, or may. */
struct sweep_harmless {
	uint32_t pc, call; /* call: innermost; 0: none */
};
#define SWEEP_HARMLESS_MAX 16

struct sweep {
	const struct image *img;
	struct sweep_result *out;
	size_t max_steps;
	struct sweep_memo *memo;
	struct sweep_insn *insns; /* SWEEP_INSNS */
	/* Of the function with these low address bits: walks, and their steps. */
	uint8_t walks[SWEEP_FUNCTIONS];
	size_t cost[SWEEP_FUNCTIONS];
	bool touches[SWEEP_FUNCTIONS]; /* it, or what it calls, stores to AFIO_MAPR */
	size_t root_start; /* steps when the root under way began */
	struct sweep_root roots[SWEEP_ROOTS_MAX];
	size_t root_count;
	struct sweep_root *root; /* the one being walked */
	struct sweep_cell cells[SWEEP_CELLS_MAX];
	size_t cell_count;
	struct sweep_word *words; /* SWEEP_WORDS */
	/* Variables may hold anything; are followed along a way, and what they are
	 * given is noted; have what they were found to be given. */
	enum { VARIABLES_UNKNOWN, VARIABLES_NOTED, VARIABLES_TRUSTED } variables;
	struct sweep_harmless harmless[SWEEP_HARMLESS_MAX];
	size_t harmless_count;
	struct sweep_decision decisions[SWEEP_DEPTH_MAX + 1][SWEEP_DECISIONS_MAX];
	unsigned decision_count[SWEEP_DEPTH_MAX + 1];
	enum abs_gate hit_gate[SWEEP_HITS_MAX];
	struct sweep_root *hit_root[SWEEP_HITS_MAX];
	size_t hit_number[SWEEP_HITS_MAX]; /* of all that were ever added: one may be replaced */
	size_t hits_added;
	uint32_t calls[SWEEP_DEPTH_MAX]; /* call instructions, outermost first */
	uint32_t entries[SWEEP_DEPTH_MAX + 1];
	size_t depth;
	/* Per hit and depth: the block under way when it was found. */
	uint32_t hit_block[SWEEP_HITS_MAX][SWEEP_DEPTH_MAX + 1];
	uint32_t block[SWEEP_DEPTH_MAX + 1]; /* block under way at each depth */
	struct abs_state *now; /* the state that memory accesses see and change */
	uint32_t pc;           /* instruction under way */
	uint32_t assumed_at;   /* an undecided IT under way; 0: none */
	bool round;            /* the block under way is a loop's, not in its first round */
	size_t unrolled;       /* visits spent on loops that constants decide */
};

/* Control flow within one walked function, for conditions. */
struct sweep_edge {
	uint32_t from, to; /* block starts */
	uint32_t branch;   /* the undecided branch taken or passed; 0: no choice */
};

struct sweep_block {
	unsigned joins;
	bool round; /* control came back to it: a loop, not its first round */
	struct abs_state in;
};

/* What lies at an address, decoded; the same places are walked again and again. */
struct sweep_insn {
	uint32_t pc; /* 0: free */
	bool ok;     /* false: no instruction there */
	struct arm_insn insn;
};
#define SWEEP_INSNS 8192 /* power of two */

/* Bits of what is surely not in a list that would have to be searched. */
struct walk_filter {
	uint64_t bits[32];
};

/* One walk of one function. */
struct walk {
	struct sweep *sw;
	struct sweep_block *blocks;
	uint32_t *starts; /* of each block: apart, for they are what is searched */
	bool *queued;
	size_t count, room;
	struct sweep_edge *edges;
	size_t edge_count, edge_room;
	struct walk_filter block_filter, edge_filter;
	uint32_t entry;
	uint32_t choice;       /* undecided branch under way, for the edges it makes */
	bool alone;            /* no other block waits: one path, which constants decide */
	unsigned unrolled;
	bool returned;
	struct abs_state exit; /* joined over all returns */
};

bool sweep_exhausted(const struct sweep *sw);
/* Walk a function from its entry in the state `in`. */
void walk_function(struct sweep *sw, uint32_t entry, const struct abs_state *in, struct walk *w);
void walk_fini(struct walk *w);
/* Control goes from the block under way to `to`. */
void walk_edge(struct walk *w, uint32_t to);
/* Control reaches `start` in this state. */
void walk_to(struct walk *w, uint32_t start, const struct abs_state *s);
/* The function returns in this state. */
void walk_leave(struct walk *w, const struct abs_state *s);
bool walk_has_block(const struct walk *w, uint32_t start);
/* One block, from its start until control leaves it. */
void walk_block(struct walk *w, uint32_t start, struct abs_state *s);
/* Forget what functions returned. */
void memo_clear(struct sweep *sw);
/* Call what lies at `target`. False when the callee never returns. */
bool sweep_call(struct sweep *sw, struct abs_state *s, uint32_t site, uint32_t target);
/* The same through a register. */
bool sweep_call_value(struct sweep *sw, struct abs_state *s, uint32_t site, struct absval to);
/* What is under way, and its callers, came to AFIO_MAPR. */
void sweep_touch(struct sweep *sw);
/* Instruction at `pc`, in flash or as copied to RAM. */
bool sweep_fetch(const struct sweep *sw, uint32_t pc, struct arm_insn *insn);
/* Where the image keeps what start-up copies to a RAM address; 0: nothing. */
uint32_t sweep_load_address(const struct image *img, uint32_t address);

/* A hit of the instruction under way; `v`: what it stores. NULL: known already, or
 * no room. */
struct sweep_hit *sweep_add_hit(struct sweep *sw, enum sweep_kind kind, uint32_t pc,
				uint32_t target, const struct absval *v);
/* A store of option bytes, to FLASH_CR, the power control or the watchdog, as
 * widened by the bridge. */
void peril_store(struct sweep *sw, uint32_t pc, uint32_t address, const struct absval *v);
/* A load of what decides how deep the core sleeps. */
bool peril_load(const struct sweep *sw, uint32_t address, struct absval *v);
/* WFI or WFE. */
void peril_sleep(struct sweep *sw, uint32_t pc);

/* What loads give and stores mean; ctx is the struct sweep. */
extern const struct abs_memory sweep_memory;


/* The undecided branch nearest before `block` that decides whether it is
 * reached; 0: none. */
uint32_t deciding_branch(const struct sweep_edge *edges, size_t count, uint32_t block);

#define CHOICE_IT 1u /* an odd address is none */
/* A branch, or whether an instruction is executed, was decided by these
 * operands; `other`: where the branch did not go, 0: a table branch. */
void choice_note(struct sweep *sw, const struct absval *a, const struct absval *b, uint32_t pc,
		 uint32_t other);
/* At which depth a value that is stored at `pc` now was chosen. */
size_t choice_depth(const struct sweep *sw, const struct absval *v, uint32_t pc);

/* Add an entry unless it is there; NULL: no room. */
struct sweep_root *roots_add(struct sweep *sw, uint32_t entry, bool is_vector);
/* Does this constant look like a pointer to a function of the image? */
bool roots_is_function(const struct sweep *sw, uint32_t pointer);
/* Function pointers in the image's data. */
void roots_from_data(struct sweep *sw);

#endif
