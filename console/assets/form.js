// form.js: creating and editing any resource. The server's rules are not repeated
// here: it says which field is wrong, and the form shows it there.
import { h, inside, listed, nonce, value, sentence } from './dom.js';
import { request, get, modeOf, offers } from './api.js';
import { notice, toast } from './dialog.js';
import { detailHash, editable, rights, target, tellSecret } from './act.js';
import { fieldset } from './fields.js';
import { byWord, url as urlOf } from './resources.js';

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

export async function form(resource, id, params) {
    const editing = id !== undefined;
    if (!editing && resource.maker) return resource.maker(params);
    if (editing && !resource.edit) return { title: 'Not found', node: h('div', {}, h('h1', { tabindex: -1 }, 'Not found'), h('p', {}, `A ${resource.one} is not edited as a whole.`), h('a', { href: `#/${resource.path}/${encodeURIComponent(id)}` }, `The ${resource.one}`)) };
    const url = editing ? urlOf(resource, id) : resource.make?.url ?? resource.api.base;
    const above = !editing && resource.within && byWord(resource.within.word);
    const aboveId = above && (params.get(resource.within.field) ?? '');
    const up = editing ? resource : above || resource;
    const back = editing || above ? `#/${up.path}/${encodeURIComponent(editing ? id : aboveId)}` : `#/${up.path}`;
    const title = editing ? `Edit ${resource.one}` : `New ${resource.one}`;
    let object = {}, etag = null, offer = null, barred = false, parent = null;

    async function fetchObject() {
        const reply = await request('GET', url);
        object = resource.api.one(reply.data);
        etag = reply.etag;
        if (resource.rights) await resource.api.complete([object], get, true);
        const open = await offers(resource, resource.status(object));
        offer = editable(resource, open, object);
        barred = !offer && open.some(o => resource.edit.transitions.includes(o.transition));
    }
    if (editing || above) {
        try {
            if (editing) await fetchObject();
            else parent = { id: aboveId, href: back, name: above.name(above.api.one(await get(urlOf(above, aboveId)))) };
            if (barred) throw { kind: 'denied', message: `You don\u2019t have permission to edit this ${resource.one}` };
            if (editing && !offer) throw { kind: 'conflict', message: `The ${resource.one} cannot be edited while it is ${(resource.statuses[resource.status(object)]?.label ?? resource.status(object)).toLowerCase()}` };
        } catch (e) {
            if (e.kind === 'ended') throw e;
            return { title, node: h('div', {}, h('h1', { tabindex: -1 }, title), h('div', { role: 'alert' }, notice(e, editing ? `edit the ${resource.one}` : false)), h('a', { href: editing ? back : `#/${up.path}` }, 'Back')) };
        }
    }

    const specs = resource.form.filter(f => (!f.only || f.only === (editing ? 'edit' : 'create')) && (!f.needs || rights(resource, object).includes(f.needs))
        && (!f.of || f.of(object)));
    for (const [i, f] of specs.entries()) if (f.load) specs[i] = { ...f, options: await f.load(get) };
    let fields = fieldset(specs, object, parent);
    const values = () => fields.values();
    let start = values(), key = nonce(), sent = null, working = false;
    const problem = h('div', { role: 'alert' });
    const send = h('button', { type: 'submit', class: 'btn btn-primary' }, editing ? 'Save' : `Create ${resource.one}`);

    async function submit(event) {
        event.preventDefault();
        if (working) return;
        if (!fields.check()) { problem.replaceChildren(); return; }
        const body = editing ? resource.edit.send?.(values(), object) ?? values() : resource.make?.send(values()) ?? values();
        // The same key only for the very same request: a repetition after a lost answer.
        if (sent !== null && !same(sent, body)) key = nonce();
        sent = body;
        working = true;
        send.setAttribute('aria-disabled', 'true');
        problem.replaceChildren();
        try {
            const reply = await request(editing ? resource.edit.method : 'POST', editing && resource.edit.url?.(object) || url, { body, key, match: etag, ...editing || above ? {} : modeOf(resource) });
            const made = resource.api.one(reply.data ?? await get(url));
            start = values();
            await tellSecret(resource, reply.data);
            toast('good', `${sentence(resource.one)} \u201c${resource.name(made)}\u201d was ${editing ? 'saved' : 'created'}`,
                `Its status is ${resource.statuses[resource.status(made)].label}.`, true);
            location.hash = detailHash(resource, made);
        } catch (e) {
            if (e.kind === 'ended') return;
            await explain(e, body);
        } finally {
            working = false;
            send.removeAttribute('aria-disabled');
        }
    }

    // What was typed stays, whatever happened.
    async function explain(e, body) {
        const { first, rest } = fields.tell(e);
        if (e.kind === 'stale') {
            // What only the other one changed is taken over; what both did is this one's to decide.
            const before = object, typed = values();
            key = nonce();
            try { await fetchObject(); } catch (again) { problem.replaceChildren(notice(again, false)); return; }
            const own = specs.filter(f => !same(start[f.name], typed[f.name]));
            const theirs = specs.filter(f => !same(before[f.name], object[f.name])), both = theirs.filter(f => own.includes(f) && !same(typed[f.name], object[f.name]));
            const fresh = fieldset(specs, object, parent), merged = fieldset(specs, { ...object, ...Object.fromEntries(own.map(f => [f.name, typed[f.name]])) }, parent);
            fields.node.replaceWith(merged.node);
            fields = merged;
            start = fresh.values();
            problem.replaceChildren(notice(e, true), h('dl', { class: 'fields' }, theirs.map(f =>
                [h('dt', {}, `${f.label} is now`), h('dd', {}, value(resource, { field: f.name, kind: { tags: 'words', events: 'words', labels: 'labels', json: 'json' }[f.type] ?? 'text' }, object))])),
                h('p', {}, own.length ? 'Your changes are below, unsaved, with the other changes beside them. ' : '',
                    both.length ? `You both changed ${listed(both.map(f => inside(f.label)))}: saving overwrites what the other person wrote there.` : 'Saving keeps both.'));
        } else if (first && !rest.length) {
            problem.replaceChildren();
        } else {
            problem.replaceChildren(e.kind === 'conflict' ? h('div', { class: 'note note-bad inline' }, h('div', {}, h('strong', {}, `Couldn\u2019t save the ${resource.one}`),
                h('div', {}, `${e.message.replace(/\.$/, '')}. Correct this, then save again.`))) : notice(e, true));
            if (rest.length && e.kind === 'invalid') problem.append(h('ul', {}, rest.map(r => h('li', {}, r))));
        }
        if (['invalid', 'conflict'].includes(e.kind)) key = nonce();
        (first ?? send).focus();
    }

    const dirty = () => !same(start, values());
    return {
        title, dirty,
        node: h('div', { class: 'narrow' }, h('nav', { 'aria-label': 'Breadcrumb' }, h('a', { href: back }, `\u2190 ${editing ? resource.name(object) : parent?.name ?? resource.title}`)),
            h('h1', { tabindex: -1 }, title),
            h('form', { class: 'panel', novalidate: true, onsubmit: submit }, problem,
                offer && target(resource, offer, resource.status(object)) && h('p', {}, 'Saving changes its status: ', target(resource, offer, resource.status(object))),
                fields.node,
                h('div', { class: 'foot' }, h('a', { class: 'btn btn-outline-secondary', href: back }, 'Cancel'), send))),
    };
}
