// list.js: the list of any resource, and its archive: filters, search, order, pages;
// and the lists of what belongs to an object, in its detail.
import { h, uid, value, badge, test, count, own, parted, plural, spinner, sentence } from './dom.js';
import { query, offers, may, mode, modeOf } from './api.js';
import { notice } from './dialog.js';
import { button, detailHash, known, settle } from './act.js';
import { bulk, many } from './bulk.js';
import { read } from './pages.js';
import { byWord, whole } from './resources.js';

// ---- Tables ---------------------------------------------------------------------------

const tick = (label, checked, on) => h('input', { type: 'checkbox', class: 'form-check-input', 'aria-label': label, checked, onchange: e => on(e.target.checked) });
// `from`: the width from which a column has room.
const wide = c => c.wide || c.below || c.kind === 'status' ? `d-none d-${c.from ?? 'lg'}-table-cell${c.number ? ' number' : ''}` : null;
// A column that the API can sort by has a button: up first, then down, where there are both.
function header(resource, c, order) {
    const ways = order && c.sort?.filter(way => resource.sorts.some(([value]) => value === way.value));
    if (!ways?.length) return h('th', { scope: 'col', class: wide(c) }, parted(c.label));
    const at = ways.findIndex(way => way.value === order.now), to = ways[(at + 1) % ways.length];
    return h('th', { scope: 'col', class: wide(c), 'aria-sort': at < 0 ? null : ways[at].down ? 'descending' : 'ascending' },
        h('button', { type: 'button', class: 'sort', 'data-sort': c.label, onclick: () => order.by(to.value, c.label) }, c.label,
            h('span', { 'aria-hidden': 'true' }, at < 0 ? ' \u2195' : ways[at].down ? ' \u2193' : ' \u2191')));
}
// Rows without a page or an action of their own.
export function plainTable(resource, columns, rows, caption) {
    return h('table', { class: 'table align-middle' }, h('caption', { class: 'visually-hidden' }, caption),
        h('thead', {}, h('tr', {}, columns.map(c => h('th', { scope: 'col' }, c.label)))),
        h('tbody', {}, rows.map(o => h('tr', {}, columns.map((c, i) => h(i ? 'td' : 'th', { scope: i ? null : 'row' }, value(resource, c, o)))))));
}
// picks: a row can be chosen, {has(o), set(o, on)}. order: {now, by(value)}: which of the resource's sorts it is in, and what puts it in another.
async function table(resource, items, caption, refresh, picks, order) {
    const can = new Map();
    for (const o of items)
        can.set(o, known(resource, await offers(resource, resource.status(o)), o).filter(a => resource.actions[a.transition].row));
    const acts = items.some(o => can.get(o).length);
    return h('table', { class: 'table align-middle' },
        h('caption', { class: 'visually-hidden' }, sentence(caption)),
        h('thead', {}, h('tr', {}, picks && h('th', { scope: 'col', class: 'pick' }, tick('Select all on this page', items.every(picks.has), on => { for (const o of items) picks.set(o, on); picks.all(); })),
            resource.columns.map(c => header(resource, c, order)),
            acts && h('th', { scope: 'col', class: 'acts' }, h('span', { class: 'visually-hidden' }, 'Actions')))),
        h('tbody', {}, items.map(o => h('tr', { 'data-id': resource.id(o) }, picks && h('td', { class: 'pick' }, tick(`Select ${resource.name(o)}`, picks.has(o), on => picks.set(o, on))),
            resource.columns.map((c, i) => i === 0
                ? h('th', { scope: 'row' }, resource.flat ? value(resource, c, o) : h('a', { href: detailHash(resource, o) }, resource.name(o)), ' ', test(o),
                    h('div', { class: 'd-lg-none' }, resource.flat ? resource.columns.filter(wide).map(w => h('div', { class: 'soft' }, `${w.label}: `, value(resource, w, o)))
                        : [badge(resource, resource.seen?.(o) ?? resource.status(o)), resource.columns.filter(b => b.below && o[b.field]?.length).map(b => value(resource, b, o)),
                            resource.columns.filter(n => n.number && o[n.field] !== undefined).map(n => h('div', { class: 'soft' }, `${n.label}: `, value(resource, n, o)))]))
                : h('td', { class: wide(c) }, value(resource, c, o))),
            acts && h('td', { class: 'acts' }, h('div', {}, can.get(o).map(a => button(resource, a, o, refresh, true))))))));
}

// Columns of numbers, which the person chooses and this browser remembers: three at first.
function columnsOf(resource, paint) {
    const kept = `thaw-columns-${resource.word}`;
    let chosen = null;
    try { chosen = JSON.parse(localStorage.getItem(kept)); } catch { /* none that can be read */ }
    return items => {
        const names = [...new Set(items.flatMap(o => Object.entries(o[resource.numbers] ?? {}).filter(([, v]) => typeof v === 'number').map(([k]) => k)))].sort();
        const on = chosen ? names.filter(n => chosen.includes(n)) : names.slice(0, 3);
        for (const o of items) for (const n of names) o[`number ${n}`] = own(o[resource.numbers], n);
        const box = n => {
            const id = uid('column'), input = h('input', { id, type: 'checkbox', class: 'form-check-input', checked: on.includes(n), onchange: async () => {
                const before = chosen ?? on;                // those of other objects too
                chosen = input.checked ? [...before, n] : before.filter(x => x !== n);
                try { localStorage.setItem(kept, JSON.stringify(chosen)); } catch { /* for this page then */ }
                const open = input.closest('details');
                await paint();
                const again = document.querySelector(`details[data-columns="${resource.word}"]`);
                if (again && open) { again.open = true; [...again.querySelectorAll('input')].find(x => x.value === n)?.focus(); }
            }, value: n });
            return h('div', { class: 'form-check form-check-inline' }, input, h('label', { for: id, class: 'form-check-label' }, n));
        };
        return { resource: { ...resource, columns: [...resource.columns, ...on.map(n => ({ label: n, field: `number ${n}`, kind: 'decimal', wide: true, number: true }))] },
            choice: names.length ? h('details', { class: 'mb-2', 'data-columns': resource.word }, h('summary', {}, 'Columns'), names.map(box)) : '' };
    };
}

// ---- What belongs to an object ----------------------------------------------------------

// `shown`: how many, at least; it grows as the person asks for more, and outlives a refresh.
// `acts`: buttons of what one may do with it here.
export async function part(spec, object, shown, refresh, acts) {
    const resource = await whole(byWord(spec.word));
    const limit = 10, base = spec.url?.(object) ?? resource.api.base;
    const state = { items: [], next: { page: 1 } };
    const rows = h('div', { class: 'rows' });
    const link = spec.link && h('a', { class: 'btn btn-sm btn-outline-secondary', href: spec.link.href(object), hidden: true }, spec.link.text);
    const numbers = resource.numbers && columnsOf(resource, paint);
    const within = r => { const page = resource.api.page(r); for (const o of page.items) o.parent = object; return page; };
    async function more() {
        const page = await read({ ...resource, api: { ...resource.api, page: within, list: v => ({ ...spec.query?.(object), ...resource.api.list(v) }) } }, base, { ...state.next, limit });
        // Where one was made meanwhile, a numbered page begins with the last of the page before.
        const key = resource.key ?? resource.id, has = new Set(state.items.map(key));
        state.items.push(...page.items.filter(o => !has.has(key(o))));
        state.next = page.next;
    }
    async function paint() {
        const problem = h('div', { role: 'alert' });
        const on = state.next && h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: async () => {
            if (on.getAttribute('aria-disabled')) return;
            on.setAttribute('aria-disabled', 'true');
            const before = state.items.length;
            try {
                await more();
                shown(state.items.length);
                await paint();
                (rows.querySelectorAll('tbody a')[before] ?? rows.querySelector('tbody a'))?.focus();
            } catch (e) {
                on.removeAttribute('aria-disabled');
                if (e.kind !== 'ended') problem.replaceChildren(notice(e, false));
            }
        } }, 'Show more', h('span', { class: 'visually-hidden' }, ` ${resource.many}`));
        if (link) link.hidden = state.items.length < spec.link.least;
        const shownAs = numbers ? numbers(state.items) : { resource, choice: '' };
        rows.replaceChildren(state.items.length ? h('div', { class: 'wide' }, shownAs.choice, await table(shownAs.resource, state.items, spec.title, refresh)) : h('p', { class: 'soft mb-0' }, spec.none), on || '', problem);
    }
    const id = uid('part');
    const node = h('section', { class: 'panel', 'aria-labelledby': id },
        h('div', { class: 'head' }, h('h2', { id, class: 'h5' }, spec.title), link, acts,
            resource.form && may(resource.create) && spec.make?.includes(byWord(resource.within.word).status(object)) &&
                h('a', { class: 'btn btn-sm btn-outline-secondary', href: query(`#/${resource.path}/new`, { [resource.within.field]: object.id }) }, `New ${resource.one}`)),
        rows);
    try {
        do await more(); while (state.next && state.items.length < shown());
        await paint();
    } catch (e) {
        if (e.kind === 'ended') throw e;
        rows.replaceChildren(h('div', { role: 'alert' }, notice(e, false, refresh)));
    }
    return node;
}

// ---- The list -------------------------------------------------------------------------

export function list(resource, archived, params) {
    const base = `#/${resource.path}${archived ? '/archived' : ''}`;
    const statuses = !archived && resource.listed.length > 0;
    const names = [...(resource.noSearch ? [] : ['search']), ...(statuses ? ['status'] : []), ...(resource.sorts.length ? ['sort'] : []), ...resource.filters.map(f => f.name)];
    const view = Object.fromEntries(names.map(n => [n, params.get(n) ?? '']));
    if (statuses) view.status ||= resource.shown ?? '';
    view.after = params.get('after') ?? '';
    view.before = view.after ? '' : params.get('before') ?? '';
    view.page = Math.max(1, Number.parseInt(params.get('page') ?? '1', 10) || 1);
    const hash = ({ page = 1, after = '', before = '' }) => query(base, { ...view, status: view.status === resource.shown ? '' : view.status,
        sort: view.sort === resource.sorts[0]?.[0] ? '' : view.sort, page: page > 1 ? page : '', after, before });
    const inside = () => view.page > 1 || view.after || view.before;

    const summary = h('p', { class: 'soft mb-2', role: 'status' });
    const rows = h('div', { class: 'rows' }, spinner('Loading'));
    let turn = 0, wait = 4000;

    // Those that the person chose, for one action on all of them.
    const deeds = may(resource.create) ? many(resource, archived) : [], picked = new Map(), tools = h('div', { class: 'bulk', role: 'group', 'aria-label': 'Selected' });
    const picks = deeds.length > 0 && {
        has: o => picked.has(resource.id(o)),
        set(o, on) { if (on) picked.set(resource.id(o), o); else picked.delete(resource.id(o)); tell(); head(); },
        all() { for (const box of rows.querySelectorAll('tbody .pick input')) box.checked = picked.has(box.closest('tr').dataset.id); head(); },
    };
    function head() {
        const box = rows.querySelector('thead .pick input');
        if (box) box.checked = [...rows.querySelectorAll('tbody tr')].every(tr => picked.has(tr.dataset.id));
    }
    function tell() {
        const n = picked.size;
        tools.replaceChildren(...n ? [h('span', { role: 'status' }, `${count(n)} selected`), ...deeds.map(t => h('button', { type: 'button', class: 'btn btn-sm btn-primary', onclick: async () => {
            if (!await bulk(resource, t, [...picked.values()], load)) return;
            picked.clear();
            tell();
            picks.all();
            settle();
        } }, resource.actions[t].label, h('span', { class: 'visually-hidden' }, ` ${plural(n, resource.one, resource.many)}`))),
        h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: () => { picked.clear(); tell(); picks.all(); (rows.querySelector('thead .pick input') ?? controls.elements[0]).focus(); } }, 'Clear selection')] : []);
    }

    // What ends by itself is looked at again until it has; not while one is doing something with it.
    function again(mine, items) {
        if (!items.some(o => resource.pending?.(o))) { wait = 4000; return; }
        setTimeout(() => {
            if (mine !== turn || !rows.isConnected) return;
            if (document.hidden || document.querySelector('dialog[open]') || rows.contains(document.activeElement)) again(mine, items); else load(true);
        }, wait);
        wait = Math.min(30_000, wait * 1.3);
    }
    async function load(quiet) {
        const mine = ++turn;
        if (quiet !== true) rows.setAttribute('aria-busy', 'true');
        try {
            const page = await read(resource, resource.api.base, { ...view, status: archived ? resource.archived : view.status }, modeOf(resource));
            const shown = page.items.length > 0 && await table(resource, page.items, `${archived ? 'Archived ' : ''}${resource.many}`, load, picks,
                resource.sorts.length > 0 && { now: view.sort || resource.sorts[0][0], by: reorder });
            if (mine !== turn) return;
            summary.textContent = plural(page.total ?? page.items.length, resource.one, resource.many) + (page.total === undefined && (page.previous || page.next) ? ' on this page' : '');
            rows.replaceChildren(...(shown ? [shown, pages(page)].filter(Boolean) : [empty()]));
            again(mine, page.items);
        } catch (e) {
            if (mine !== turn || e.kind === 'ended') return;
            summary.textContent = '';
            // An address that asks for what there cannot be: asking again leads nowhere.
            const odd = e.kind === 'invalid';
            rows.replaceChildren(h('div', { role: 'alert' }, notice(e, false, odd ? null : load)),
                odd ? h('a', { class: 'btn btn-outline-secondary', href: base, onclick: controls ? clear : null }, 'Show all') : '');
            if (!e.kind) console.error(e);
        } finally {
            if (mine === turn) rows.removeAttribute('aria-busy');
        }
    }

    function pages(page) {
        if (!page.previous && !page.next) return null;
        const link = (to, text) => to ? h('a', { class: 'btn btn-outline-secondary', href: hash(to) }, text)
            : h('span', { class: 'btn btn-outline-secondary disabled', 'aria-disabled': 'true' }, text);
        return h('nav', { 'aria-label': 'Pages', class: 'pages' }, link(page.previous, 'Previous'),
            page.total !== undefined && h('span', {}, `Page ${count(view.page)} of ${count(Math.ceil(page.total / page.size))}`), link(page.next, 'Next'));
    }

    function empty() {
        if (names.some(n => view[n] && n !== 'sort' && !(n === 'status' && view[n] === resource.shown)))
            return h('div', { class: 'empty' }, h('p', {}, `No ${resource.many} match.`), h('a', { class: 'btn btn-outline-secondary', href: base, onclick: clear }, 'Show all'));
        if (inside())
            return h('div', { class: 'empty' }, h('p', {}, 'This page is empty.'), h('a', { class: 'btn btn-outline-secondary', href: base }, 'First page'));
        // What there is none of says what it is for, and how the first one is made.
        const first = resource.first ?? (may(resource.create) && resource.form && !resource.within && !resource.madeElsewhere ? { href: `#/${resource.path}/new`, text: `Create the first ${resource.one}` } : null);
        const none = resource.none ?? (archived ? `No archived ${resource.many}.` : resource.mine ? 'Nothing is waiting for your approval.' : `No ${resource.modes && mode() === 'test' ? 'test ' : ''}${resource.many} yet.`);
        return h('div', { class: 'empty' }, h('p', {}, none), !archived && [resource.purpose && h('p', {}, resource.purpose), first && h('a', { class: 'btn btn-primary', href: first.href }, first.text)]);
    }
    function clear(e) { e.preventDefault(); controls.reset(); for (const x of controls.elements) if (x.name) x.value = (x.name === 'status' && resource.shown) || (x.name === 'sort' ? resource.sorts[0][0] : ''); changed(); controls.elements[0].focus(); }

    // ---- The controls: each change is a new address, so that Reload and Back agree

    async function reorder(value, label) {
        controls.elements.sort.value = value;
        await changed();
        rows.querySelector(`[data-sort="${CSS.escape(label)}"]`)?.focus();
    }
    function changed() {
        if (!rows.isConnected) return;               // one went elsewhere while this was still to come
        for (const n of names) view[n] = controls.elements[n].value.trim();
        Object.assign(view, { page: 1, after: '', before: '' });
        history.replaceState(null, '', hash({}));
        return load();
    }
    const entry = f => {
        const id = uid(f.name);
        return h('div', {}, h('label', { for: id, class: 'form-label' }, f.label),
            h('input', { id, name: f.name, type: f.type, maxlength: f.type === 'text' ? 255 : null, class: 'form-control', value: view[f.name], autocomplete: 'off', onchange: changed }));
    };
    const filter = f => f.options ? choice(f.name, f.label, f.options, 'All') : entry(f);
    const choice = (name, label, options, any) => {
        const id = uid(name);
        return h('div', {}, h('label', { for: id, class: 'form-label' }, label),
            h('select', { id, name, class: 'form-select', onchange: changed }, any && h('option', { value: '' }, any),
                options.map(([v, text]) => h('option', { value: v, selected: view[name] === v }, text))));
    };
    const searchId = uid('search'), further = resource.filters.filter(f => f.more);
    let typing;
    const controls = names.length > 0 && h('form', { class: 'filters', role: 'search', 'aria-label': `Filter ${resource.many}`,
        onsubmit: e => { e.preventDefault(); clearTimeout(typing); changed(); } },
        !resource.noSearch && h('div', { class: 'grow' }, h('label', { for: searchId, class: 'form-label' }, resource.searches ?? 'Search by name'),
            h('input', { id: searchId, name: 'search', type: 'search', maxlength: 100, class: 'form-control', value: view.search, autocomplete: 'off',
                oninput: () => { clearTimeout(typing); typing = setTimeout(changed, 350); } })),
        statuses && choice('status', 'Status', Object.entries(resource.statuses)
            .filter(([s]) => resource.listed.includes(s)).map(([s, v]) => [s, v.label]), !resource.shown && 'All'),
        resource.filters.filter(f => !f.more).map(filter),
        resource.sorts.length > 0 && choice('sort', 'Order', resource.sorts),
        further.length > 0 && h('details', { open: further.some(f => view[f.name]) }, h('summary', {}, 'More filters'), h('div', { class: 'filters' }, further.map(filter))));

    const tab = (to, text, on) => h('li', { class: 'nav-item' }, h('a', { class: `nav-link${on ? ' active' : ''}`, href: to, 'aria-current': on && 'page' }, text));
    const ready = load();
    return {
        ready,
        title: archived ? `Archived ${resource.many}` : resource.title,
        node: h('div', {},
            h('div', { class: 'head' }, h('h1', { tabindex: -1 }, archived ? `Archived ${resource.many}` : resource.title),
                may(resource.create) && resource.form && !resource.within && !resource.madeElsewhere && h('a', { class: 'btn btn-primary', href: `#/${resource.path}/new` }, `New ${resource.one}`)),
            resource.archived && h('nav', { 'aria-label': resource.title }, h('ul', { class: 'nav nav-tabs' },
                tab(`#/${resource.path}`, 'Active', !archived), tab(`#/${resource.path}/archived`, 'Archived', archived))),
            h('div', { class: 'panel' }, resource.about && h('p', {}, resource.about), controls, summary, tools, rows)),
        refresh: load,
    };
}
