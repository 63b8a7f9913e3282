/*
 * Status codes: one list gives the enum, the sentences, the remedies, the
 * process exit codes and the documentation (docs/exit-codes.md is generated
 * from it by `reflash --help-exit-codes`).
 *
 * Refused, failed and unknown are different statuses: "refused" means that
 * nothing was attempted, "failed" that it was and did not work, "unknown" that
 * the question could not be answered.
 */
#ifndef REFLASH_BASE_STATUS_H
#define REFLASH_BASE_STATUS_H

/* X(name, exit code, short machine name, sentence, what the person can do) */
#define STATUS_LIST(X)                                                                             \
	X(OK, 0, "ok", "done", "")                                                                 \
	X(FAILED, 1, "failed", "it did not work", "run again with -vv to see every step")          \
	X(NO_MEMORY, 1, "no-memory", "out of memory", "close other programs and try again")        \
	X(UNKNOWN, 1, "unknown", "the question could not be answered", "")                         \
	X(UNSUPPORTED, 1, "unsupported", "this is not supported",                                  \
	  "see `reflash --help` for what is")                                                      \
	X(IO, 1, "io", "a file or socket could not be used", "check the path and its permissions") \
	X(USAGE, 2, "usage", "the command line is not understood",                                 \
	  "see `reflash COMMAND --help`")                                                          \
	X(NO_PROBE, 3, "no-probe", "no debug probe was found",                                     \
	  "plug one in, or start a virtual one with `reflash board`")                              \
	X(NO_PERMISSION, 3, "no-permission", "the probe is there but may not be opened",           \
	  "install the udev rule (see README) or run as a user in group plugdev")                  \
	X(PROBE_BUSY, 3, "probe-busy", "another program holds the probe", "close that program")    \
	X(PROBE_LOST, 3, "probe-lost", "the probe stopped answering",                              \
	  "unplug it, plug it in again and repeat the command")                                    \
	X(NO_ANSWER, 4, "no-answer", "the target does not answer",                                 \
	  "run `reflash diagnose`: it finds out why")                                              \
	X(TARGET_FAULT, 4, "target-fault", "the target refused an access",                         \
	  "run `reflash diagnose`: it finds out why")                                              \
	X(TARGET_WAIT, 4, "target-wait", "the target keeps saying WAIT",                           \
	  "run `reflash diagnose`: it may be asleep")                                              \
	X(TIMEOUT, 4, "timeout", "the target took too long",                                       \
	  "run `reflash diagnose`: it finds out why")                                              \
	X(PROTECTED, 5, "protected", "the chip is protected",                                      \
	  "`reflash options` shows how; `reflash options unlock` removes it and erases the chip")  \
	X(MISMATCH, 6, "mismatch", "the chip's contents differ from the file", "write again")      \
	X(LOCKS_OUT, 7, "locks-out", "this firmware would lock the debug port out",                \
	  "change the line named above, or write it all the same with --force")                    \
	X(BAD_FILE, 8, "bad-file", "the file cannot be used", "")                                  \
	X(NEED_PERSON, 9, "need-person", "a person must act", "do what the message asks")          \
	X(INTERRUPTED, 130, "interrupted", "interrupted", "")

enum status {
#define X(name, code, word, sentence, remedy) STATUS_##name,
	STATUS_LIST(X)
#undef X
	STATUS_COUNT
};

/* Every call that can fail returns one and must not be ignored. */
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Process exit code for a status (design: 0..9 and 130, stable). */
int status_exit_code(enum status s);
/* Machine name as used in JSON ("no-answer"). */
const char *status_name(enum status s);
/* One sentence, lower case, no full stop. */
const char *status_sentence(enum status s);
/* What the person can do; "" when there is nothing general to say. */
const char *status_remedy(enum status s);

#endif
