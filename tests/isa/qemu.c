/*
 * Runs the runner firmware on QEMU (machine mps2-an385, a Cortex-M3), which
 * reads cases.bin and writes results.bin by semihosting.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isa.h"

static bool write_cases(const char *path, const struct isa_case *cases, size_t count)
{
	FILE *f = fopen(path, "wb");
	bool ok = f;

	for (size_t i = 0; ok && i < count; i++)
		ok = fwrite(&cases[i].slot, sizeof cases[i].slot, 1, f) == 1;
	return f && fclose(f) == 0 && ok;
}

static bool read_results(const char *path, struct slot_result *out, size_t count)
{
	FILE *f = fopen(path, "rb");
	size_t got = f ? fread(out, sizeof *out, count, f) : 0;

	if (f)
		fclose(f);
	if (got != count)
		fprintf(stderr, "QEMU gave %zu of %zu results\n", got, count);
	return got == count;
}

static void exec_qemu(const char *dir, const char *elf)
{
	if (chdir(dir))
		_exit(127);
	alarm(60); /* survives exec: an endless loop ends here */
	execlp("qemu-system-arm", "qemu-system-arm", "-M", "mps2-an385", "-display", "none",
	       "-monitor", "none", "-serial", "none", "-semihosting-config",
	       "enable=on,target=native", "-kernel", elf, (char *)NULL);
	_exit(127);
}

static bool run_in(const char *dir, const char *elf)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		exec_qemu(dir, elf);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool qemu_run(const char *runner_elf, const struct isa_case *cases, size_t count,
	      struct slot_result *out)
{
	char dir[] = "/tmp/isa-qemu-XXXXXX", in[64], results[64];
	char *elf = realpath(runner_elf, NULL);
	bool ok;

	if (!elf || !mkdtemp(dir)) {
		free(elf);
		return false;
	}
	snprintf(in, sizeof in, "%s/cases.bin", dir);
	snprintf(results, sizeof results, "%s/results.bin", dir);
	ok = write_cases(in, cases, count);
	if (ok && !run_in(dir, elf))
		fprintf(stderr, "QEMU did not end by itself\n");
	ok = ok && read_results(results, out, count);
	unlink(in);
	unlink(results);
	rmdir(dir);
	free(elf);
	return ok;
}
