// detail.js: one object of any resource: its fields, what one may do next, where it comes
// from, what belongs to it, its history.
import { h, value, badge, inside, listed, test, spinner } from './dom.js';
import { request, get, offers, user, may } from './api.js';
import { copier, notice } from './dialog.js';
import { asks, button, detailHash, download, editable, known, target } from './act.js';
import { lineage } from './lineage.js';
import { part, plainTable } from './list.js';
import { markdown } from './markdown.js';
import { url as urlOf } from './resources.js';
import { timeline } from './timeline.js';

export async function detail(resource, id) {
    const url = urlOf(resource, id);
    const holder = h('div', {});
    const shown = new Map();         // of each part, how much of it
    let title, turn = 0;

    async function load() {
        const mine = ++turn;
        const object = resource.api.one((await request('GET', url)).data);
        if (mine !== turn) return;                   // what was asked for later is newer
        watch(JSON.stringify(object), object, mine);
        const past = !resource.noHistory && timeline(resource, id);         // asked for beside the rest
        await resource.api.complete?.([object], get, true);
        const open = await offers(resource, resource.status(object));
        const can = known(resource, open, object);
        const [line, ...parts] = await Promise.all([resource.lineage && lineage(resource.lineage, object, refresh),
            ...(resource.parts ?? []).filter(spec => spec.of?.(object) ?? true).map(spec => spec.node ? spec.node(object, refresh)
                : part(spec, object, n => { if (n) shown.set(spec, n); return shown.get(spec) ?? 0; }, refresh,
                    can.filter(o => spec.does?.includes(o.transition)).map(o => button(resource, o, object, refresh, true))))]);
        if (mine !== turn) return;                   // a later look has more to say
        title = resource.name(object);
        holder.replaceChildren(...page(object, open, line, parts, past));
    }
    async function refresh() {
        const inside = holder.contains(document.activeElement), row = document.activeElement.closest('tr')?.dataset.id;
        try { await load(); } catch (e) { if (e.kind !== 'ended') holder.replaceChildren(...failed(e)); }
        // Where one was: in the row of which something was done, or else on the page.
        if (inside || document.activeElement === document.body) (row && holder.querySelector(`tr[data-id="${CSS.escape(row)}"] a`) || holder.querySelector('h1'))?.focus();
    }

    // What ends by itself is looked at until it has ended; what changes meanwhile is shown.
    async function watch(was, object, mine) {
        const over = () => mine !== turn;
        for (let pending = resource.pending?.(object), wait = 4000; pending; wait = Math.min(30_000, wait * 1.3)) {
            await new Promise(on => { setTimeout(on, wait); });
            if (over() || !holder.isConnected) return;
            if (document.hidden || document.querySelector('dialog[open]')) continue;
            try {
                const now = resource.api.one(await get(url));
                pending = resource.pending(now);
                if (JSON.stringify(now) !== was && !over()) return refresh();
            } catch (e) { if (e.kind === 'ended' || e.kind === 'gone') return; }
        }
    }

    const back = object => {
        const of = object && resource.within, up = of ? object[of.place] : { href: `#/${resource.inner ?? resource.path}`, text: resource.title };
        return h('nav', { 'aria-label': 'Breadcrumb' }, h('a', { href: up.href }, `\u2190 ${up.text}`));
    };
    const editables = object => listed(resource.form.filter(f => f.only !== 'create' && f.type !== 'check' && (f.of?.(object) ?? true)).map(f => inside(f.label)));
    const failed = e => [back(), h('h1', { tabindex: -1 }, e.kind === 'gone' ? 'Not found' : resource.title),
        h('div', { role: 'alert' }, notice(e, false, e.kind === 'gone' ? null : refresh))];

    function page(object, open, line, parts, past) {
        const status = resource.status(object);
        const edit = editable(resource, open, object);
        const elsewhere = (resource.parts ?? []).flatMap(spec => spec.does ?? []);
        const list = known(resource, open, object).filter(o => !elsewhere.includes(o.transition));
        const section = (stem, heading, ...body) => h('section', { class: 'panel', 'aria-labelledby': stem }, h('h2', { id: stem, class: 'h5' }, heading), body);
        const next = section('next', 'What you can do next',
            list.length || edit ? h('ul', { class: 'next' },
                edit && h('li', {}, h('a', { class: 'btn btn-outline-secondary', href: `${detailHash(resource, object)}/edit` }, `Edit ${resource.one}`),
                    h('span', { class: 'what' }, `Edit ${editables(object)}. `, target(resource, edit, status))),
                list.map(o => h('li', {}, button(resource, o, object, refresh),
                    h('span', { class: 'what' }, asks(resource.actions[o.transition], object), ' ', target(resource, o, status)))))
                : h('p', { class: 'soft mb-0' }, !may(resource.create) ? `You have read-only access (role: ${user().role}).`
                    : resource.rights && open.length ? `You have read-only access to this ${resource.one}.` : open.length ? 'This is waiting for someone else\u2019s decision.'
                        : `Nothing can be done while the ${resource.one} is ${(resource.statuses[status]?.label ?? status).toLowerCase()}.`));
        const file = resource.file?.(object);
        // What one takes elsewhere is copied with a click.
        const shown = d => {
            const node = value(resource, d, object);
            return d.kind === 'code' && node.matches?.('code') ? h('span', { class: 'copied' }, node, copier(d.label, node.textContent, node)) : node;
        };
        const prose = resource.prose && object[resource.prose] && section('prose', 'Description', markdown(object[resource.prose]));
        const details = section('fields', 'Details', h('dl', { class: 'fields' }, resource.details
            .filter(d => !d.optional || (object[d.field] !== null && object[d.field] !== undefined))
            .map(d => [h('dt', {}, d.label), h('dd', {}, shown(d))])), file && h('div', { class: 'foot' }, download(file)));
        const tables = first => (resource.tables ?? []).map((t, i) => !!t.first === first && object[t.field] && section(`table-${i}`, t.title, object[t.field].length
            ? h('div', { class: `scroll${t.whole ? ' whole' : ''}`, tabindex: 0, role: 'region', 'aria-label': `${t.title}, table` }, plainTable(resource, t.columns, object[t.field], t.title)) : h('p', { class: 'soft mb-0' }, t.none))).filter(Boolean);
        return [
            back(object),
            h('div', { class: 'head' }, h('h1', { tabindex: -1 }, resource.name(object)), badge(resource, resource.seen?.(object) ?? status), test(object)),
            h('div', { class: 'row g-3' },
                h('div', { class: 'col-lg-7' }, next, prose, past && section('history', 'History', past)),
                h('div', { class: 'col-lg-5' }, details)),
            line && section('lineage', 'Lineage', line), tables(true), parts, tables(false),
        ].flat().filter(Boolean);
    }

    holder.append(spinner('Loading'));
    try { await load(); } catch (e) { if (e.kind === 'ended') throw e; holder.replaceChildren(...failed(e)); }
    return { title: title ?? resource.title, node: holder, refresh };
}
