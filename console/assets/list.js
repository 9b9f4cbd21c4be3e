// list.js: the list of any resource, and its archive: filters, search, order, pages.
import { h, uid, value, count, plural, spinner, sentence } from './dom.js';
import { get, query, offers, may } from './api.js';
import { notice } from './dialog.js';
import { button, detailHash, known } from './act.js';

export function list(resource, archived, params) {
    const base = `#/${resource.path}${archived ? '/archived' : ''}`;
    const names = ['search', ...(archived ? [] : ['status']), ...(resource.sorts.length ? ['sort'] : []), ...resource.filters.map(f => f.name)];
    const view = Object.fromEntries(names.map(n => [n, params.get(n) ?? '']));
    view.page = Math.max(1, Number.parseInt(params.get('page') ?? '1', 10) || 1);
    const hash = page => query(base, { ...view, page: page > 1 ? page : '' });

    const summary = h('p', { class: 'soft mb-2', role: 'status' });
    const rows = h('div', { class: 'rows' }, spinner('Loading'));
    let turn = 0;

    async function load() {
        const mine = ++turn;
        rows.setAttribute('aria-busy', 'true');
        try {
            const reply = await get(query(resource.api.base, resource.api.list({ ...view, status: archived ? resource.archived : view.status })));
            const page = resource.api.page(reply);
            const can = new Map();
            for (const o of page.items) {
                const s = resource.status(o);
                if (!can.has(s)) can.set(s, known(resource, await offers(resource, s)).filter(a => resource.actions[a.transition].row));
            }
            if (mine !== turn) return;
            summary.textContent = plural(page.total, resource.one, resource.many);
            rows.replaceChildren(...(page.items.length ? [table(page, can), pages(page)].filter(Boolean) : [empty()]));
        } catch (e) {
            if (mine !== turn || e.kind === 'ended') return;
            summary.textContent = '';
            rows.replaceChildren(h('div', { role: 'alert' }, notice(e, false, load)));
        } finally {
            if (mine === turn) rows.removeAttribute('aria-busy');
        }
    }

    const wide = c => c.wide ? 'd-none d-lg-table-cell' : null;
    function table(page, can) {
        const caption = `${archived ? 'Archived ' : ''}${resource.many}`;
        return h('table', { class: 'table align-middle' },
            h('caption', { class: 'visually-hidden' }, sentence(caption)),
            h('thead', {}, h('tr', {}, resource.columns.map(c => h('th', { scope: 'col', class: wide(c) }, c.label)),
                h('th', { scope: 'col', class: 'acts' }, h('span', { class: 'visually-hidden' }, 'Actions')))),
            h('tbody', {}, page.items.map(o => h('tr', {},
                resource.columns.map((c, i) => i === 0
                    ? h('th', { scope: 'row' }, h('a', { href: detailHash(resource, o) }, resource.name(o)))
                    : h('td', { class: wide(c) }, value(resource, c, o))),
                h('td', { class: 'acts' }, can.get(resource.status(o)).map(a => button(resource, a, o, load, true)))))));
    }

    function pages(page) {
        const last = Math.ceil(page.total / page.size);
        if (last < 2) return null;
        const link = (n, text, on) => on ? h('a', { class: 'btn btn-outline-secondary', href: hash(n) }, text)
            : h('span', { class: 'btn btn-outline-secondary disabled', 'aria-disabled': 'true' }, text);
        return h('nav', { 'aria-label': 'Pages', class: 'pages' }, link(view.page - 1, 'Previous', view.page > 1),
            h('span', {}, `Page ${count(view.page)} of ${count(last)}`), link(view.page + 1, 'Next', view.page < last));
    }

    function empty() {
        if (names.some(n => view[n] && n !== 'sort'))
            return h('div', { class: 'empty' }, h('p', {}, `No ${resource.many} match.`), h('a', { class: 'btn btn-outline-secondary', href: base, onclick: clear }, 'Show all'));
        if (view.page > 1)
            return h('div', { class: 'empty' }, h('p', {}, 'There is nothing on this page.'), h('a', { class: 'btn btn-outline-secondary', href: base }, 'First page'));
        return h('div', { class: 'empty' }, h('p', {}, archived ? `No archived ${resource.many}.` : `No ${resource.many} yet.`));
    }
    function clear(e) { e.preventDefault(); controls.reset(); for (const x of controls.elements) if (x.name) x.value = ''; changed(); controls.elements.search.focus(); }

    // ---- The controls: each change is a new address, so that Reload and Back agree

    function changed() {
        for (const n of names) view[n] = controls.elements[n].value.trim();
        view.page = 1;
        history.replaceState(null, '', hash(1));
        load();
    }
    const choice = (name, label, options, any) => {
        const id = uid(name);
        return h('div', {}, h('label', { for: id, class: 'form-label' }, label),
            h('select', { id, name, class: 'form-select', onchange: changed }, any && h('option', { value: '' }, any),
                options.map(([v, text]) => h('option', { value: v, selected: view[name] === v }, text))));
    };
    const searchId = uid('search');
    let typing;
    const controls = h('form', { class: 'filters', role: 'search', 'aria-label': `Filter ${resource.many}`,
        onsubmit: e => { e.preventDefault(); clearTimeout(typing); changed(); } },
        h('div', { class: 'grow' }, h('label', { for: searchId, class: 'form-label' }, 'Search by name'),
            h('input', { id: searchId, name: 'search', type: 'search', maxlength: 100, class: 'form-control', value: view.search, autocomplete: 'off',
                oninput: () => { clearTimeout(typing); typing = setTimeout(changed, 350); } })),
        !archived && choice('status', 'Status', Object.entries(resource.statuses)
            .filter(([s]) => resource.listed.includes(s)).map(([s, v]) => [s, v.label]), 'All'),
        resource.filters.map(f => choice(f.name, f.label, f.options, 'All')),
        resource.sorts.length > 0 && choice('sort', 'Order', resource.sorts));

    const tab = (to, text, on) => h('li', { class: 'nav-item' }, h('a', { class: `nav-link${on ? ' active' : ''}`, href: to, 'aria-current': on && 'page' }, text));
    load();
    return {
        title: archived ? `Archived ${resource.many}` : resource.title,
        node: h('div', {},
            h('div', { class: 'head' }, h('h1', { tabindex: -1 }, archived ? `Archived ${resource.many}` : resource.title),
                may(resource.create) && h('a', { class: 'btn btn-primary', href: `#/${resource.path}/new` }, `New ${resource.one}`)),
            h('nav', { 'aria-label': resource.title }, h('ul', { class: 'nav nav-tabs' },
                tab(`#/${resource.path}`, 'In use', !archived), tab(`#/${resource.path}/archived`, 'Archived', archived))),
            h('div', { class: 'panel' }, controls, summary, rows)),
        refresh: load,
    };
}
