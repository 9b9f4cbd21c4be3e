// pages.js: a page of any list, whichever way its API has of dividing one.
import { get, query, modeOf, user } from './api.js';

// A page of the list at `base`: {items, previous, next}, and {total, size} when the API has
// numbered pages. of: of which mode. previous, next: what of the view to change to come there ({page}, {after}
// or {before}), null where nothing is. Where only some are this person's, it goes on until
// there are enough of them.
export async function read(resource, base, view, of) {
    const enough = view.limit ?? 20, back = !!view.before;
    const items = [];
    let { after, before } = view, page, first, last;
    do {
        page = { size: enough, ...resource.api.page(await get(query(base, resource.api.list({ ...view, after, before, limit: resource.mine ? 100 : enough })), of)) };
        if (page.total !== undefined) { items.push(...page.items); break; }
        const mine = resource.mine ? page.items.filter(o => resource.mine(o, user())) : page.items;
        if (back) items.unshift(...mine); else items.push(...mine);
        if (!page.items.length) break;
        if (!back || last === undefined) last = page.items.at(-1).id;
        if (back || first === undefined) first = page.items[0].id;
        if (back) before = first; else after = last;
    } while (page.more && resource.mine && items.length < enough);
    await resource.api.complete?.(items, get, false);
    if (page.total !== undefined) return { ...page, previous: view.page > 1 ? { page: view.page - 1 } : null, next: view.page * page.size < page.total ? { page: view.page + 1 } : null };
    return { items, previous: first && (back ? page.more : view.after) ? { before: first } : null, next: last && (back || page.more) ? { after: last } : null };
}

// How many wait for this person.
export async function waiting(resource) {
    return (await read({ ...resource, api: { ...resource.api, complete: null } }, resource.api.base, { status: resource.shown, limit: 100 }, modeOf(resource))).items.length;
}
