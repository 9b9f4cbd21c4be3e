#define GADGET_TABLE "gadgets"
#define GADGET_COLUMNS(C, A) HEAD(C, A) MODE(C, A) GADGET_EDITED(C, A)
#define GADGET_EDITED(C, A) C(A, s, name, name) C(A, i, weight, weight)
#define GADGET_BRIEF GADGET_COLUMNS
#define GADGET_ADDED(C, A) C(A, d0, created_by, life.whose)
#define GADGET_ADDS ADDS_NOTHING
#define GADGET_KEPT(K) K(hidden, "status = 'archived'", "")
#define GADGET_TAKEN ERR_INTERNAL
#define GADGET_ADDED_AS ADDS_NOTHING
#define GADGET_LOCKED(C, A)
#define GADGET_SEEN(C, A)
