/* metrics.h: /metrics, in the text format of Prometheus, from the rows of metric.def. */
#ifndef METRICS_H
#define METRICS_H
#include "req.h"

/* May the caller read them?  By the token or by the address, as the settings say; nobody when they say nothing. */
bool metrics_allowed(struct req *r);
char *metrics_text(struct req *r);

/* What is wrong with the settings, in a sentence; NULL: nothing. */
const char *metrics_fault(struct arena *a);
bool metrics_on(void);

#endif
