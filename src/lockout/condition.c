/*
 * Under which condition is a block reached? Of the branches that the sweep
 * could not decide, the nearest one of which exactly one side leads there.
 */
#include <stdlib.h>

#include "lockout/sweep_internal.h"

/* Mark every block from which `target` can be reached, `from` first. The marks
 * are on edges: the edge's source reaches the target through it. */
static void mark_reaching(const struct sweep_edge *edges, size_t count, uint32_t target,
			  unsigned *distance)
{
	bool grew = true;

	for (unsigned round = 1; grew; round++) {
		grew = false;
		for (size_t i = 0; i < count; i++) {
			if (distance[i])
				continue;
			bool leads = edges[i].to == target;

			for (size_t j = 0; !leads && j < count; j++)
				leads = distance[j] && distance[j] < round &&
					edges[j].from == edges[i].to;
			if (leads) {
				distance[i] = round;
				grew = true;
			}
		}
	}
}

/* Do all edges of the same choice lead there? Then it decides nothing. */
static bool one_sided(const struct sweep_edge *edges, size_t count, size_t at,
		      const unsigned *distance)
{
	for (size_t i = 0; i < count; i++)
		if (edges[i].from == edges[at].from && !distance[i])
			return true;
	return false;
}

uint32_t deciding_branch(const struct sweep_edge *edges, size_t count, uint32_t block)
{
	unsigned *distance = calloc(count + 1, sizeof *distance);
	unsigned best = 0;
	uint32_t branch = 0;

	if (!distance)
		return 0;
	mark_reaching(edges, count, block, distance);
	for (size_t i = 0; i < count; i++) {
		if (!edges[i].branch || !distance[i] || (best && distance[i] >= best))
			continue;
		if (one_sided(edges, count, i, distance)) {
			best = distance[i];
			branch = edges[i].branch;
		}
	}
	free(distance);
	return branch;
}
