/* Shared by the probe drivers. */
#ifndef REFLASH_PROBE_INTERNAL_H
#define REFLASH_PROBE_INTERNAL_H

#include "probe/probe.h"

extern const struct probe_ops stlink_ops;

/* The driver whose probe this is; NULL when there is none. */
const struct probe_ops *probe_driver_for(const struct usb_identity *id);

#endif
