/* quota.c: see quota.h.  To count is to walk along an index, so a worker counts
 * once a minute at most while there is much room: of the room it found it may give away a
 * sixteenth without another look.  Near the limit each change counts, and a refusal holds
 * ten times as long as the count took, but no longer than so many rows should take: where
 * there is little to count, what is deleted makes room at once, on a busy machine too.  So
 * a limit is passed by what other workers make in such a minute: by no more than the room
 * there was while there are at most sixteen of them. */
#include "quota.h"
#include "clock.h"
#include "conf.h"

const struct quota_row quota_rows[QUOTA__MAX] = {
#define QUOTA(name, setting, sql, what) [QUOTA_##name] = { #setting, what, &conf.setting, SQL_##sql },
#include "quota.def"
#undef QUOTA
};

enum { KNOWN = 64, SHARE = 16, GOOD_S = 60, REFUSED = 10, ROW_US = 1 };

/* What this process found lately; the place of one that is over is used again. */
static struct found { struct id organization; enum quota quota; int64_t until, room, used; } found[KNOWN];

static struct found *lately(const struct id *organization, enum quota q)
{
	struct found *oldest = &found[0];

	for (size_t i = 0; i < KNOWN; i++) {
		if (found[i].quota == q && id_equal(&found[i].organization, organization))
			return &found[i];
		if (found[i].until < oldest->until)
			oldest = &found[i];
	}
	*oldest = (struct found){ .organization = *organization, .quota = q };
	return oldest;
}

enum err quota_used(struct tx *tx, const struct id *organization, enum quota q, int64_t *out)
{
	return tx_int(tx, quota_rows[q].used, DB_IN(db_d(organization)), out);
}

enum err quota_room(struct tx *tx, const struct id *organization, enum quota q, int64_t more)
{
	const struct quota_row *row = &quota_rows[q];
	const int64_t most = q ? *row->most : 0;
	struct found *f;
	int64_t used, took, began = clock_mono();
	enum err e;

	if (!most)
		return OK;
	f = lately(organization, q);
	if (f->until > began && f->room >= more) {
		f->room -= more;
		return OK;
	}
	used = f->used;
	if (f->until <= began || f->room || used <= most - more) {
		if ((e = quota_used(tx, organization, q, &used)))
			return e;
		took = clock_mono() - began;
		if (took > used * ROW_US)
			took = used * ROW_US;
		f->until = began + took + (used > most - more ? REFUSED * took : GOOD_S * SECOND);
		f->room = used > most - more ? 0 : (most - more - used) / SHARE;
		f->used = used;
	}
	if (used <= most - more)
		return OK;
	tx->why.text = arena_printf(tx->arena, "Your organization has %lld %s and its quota is %lld (%s); delete what you no longer need, "
		"or ask the administrator of this installation to raise the quota", (long long)used, row->what, (long long)most, row->setting);
	return ERR_QUOTA;
}
