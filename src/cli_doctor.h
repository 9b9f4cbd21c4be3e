/* cli_doctor.h: what the parts of `thaw doctor` share: cli_doctor.c looks at this machine
 * and at what is stored, cli_server.c at the database server and its cluster, cli_services.c at who delivers, builds and sweeps. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H
#include "cli.h"

struct doctor { struct cli *c; struct arena *a; struct json *rows; bool problem, shared; struct db *db; };
enum verdict { FINE, WARNING, PROBLEM };

/* cli_server.c: one line of the report. */
void doctor_say(struct doctor *d, enum verdict v, const char *check, const char *text);

/* The last column of the first row, with the connection made again when a check lost it; NULL
 * for none. */
const char *doctor_ask(struct doctor *d, const char *text);

/* The cluster that the server is a node of, if any; false when the node serves nothing now, so
 * that nothing else can be asked of it. */
bool doctor_cluster(struct doctor *d);
void doctor_server(struct doctor *d);

/* cli_services.c: do the services run, on whatever node? */
void doctor_services(struct doctor *d);

/* What is wrong with the server's own configuration that no session can set right, for
 * `thaw init`, which then makes nothing: NULL, or a sentence that says what to do. */
const char *server_unfit(struct arena *a, struct db *db);

#endif
