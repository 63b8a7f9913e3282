/* The words of verdicts, causes, levels and certainties, as JSON and people
 * read them. */
#include "lockout/lockout.h"

const char *cause_name(enum cause c)
{
	static const char *const names[] = {
#define X(name, word) [CAUSE_##name] = word,
		CAUSE_LIST(X)
#undef X
	};

	return (unsigned)c < CAUSE_COUNT ? names[c] : "unknown";
}

const char *verdict_name(enum lockout_verdict v)
{
	static const char *const names[] = {
		[VERDICT_CLEAR] = "clear", [VERDICT_UNKNOWN] = "unknown",
		[VERDICT_HAZARD] = "hazard", [VERDICT_MAY_LOCK_OUT] = "may-lock-out",
		[VERDICT_LOCKS_OUT] = "locks-out",
	};

	return names[v];
}

const char *level_name(enum lockout_level l)
{
	static const char *const names[] = {[LEVEL_NOTE] = "note", [LEVEL_HAZARD] = "hazard",
					    [LEVEL_LOCKOUT] = "lockout"};

	return names[l];
}

const char *certainty_name(enum lockout_certainty c)
{
	static const char *const names[] = {[CERTAIN_POSSIBLE] = "possible",
					    [CERTAIN_LIKELY] = "likely",
					    [CERTAIN_PROVED] = "proved"};

	return names[c];
}
