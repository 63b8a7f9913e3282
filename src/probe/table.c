/* The probe drivers. To add one: its file, its row here, its row in meson.build. */
#include "probe/probe_internal.h"

static const struct probe_ops *const drivers[] = {
	&stlink_ops,
};

const struct probe_ops *probe_driver_for(const struct usb_identity *id)
{
	for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
		if (drivers[i]->matches(id))
			return drivers[i];
	return NULL;
}
