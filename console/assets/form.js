// form.js: creating and editing any resource. The server's rules are not repeated
// here: it says which field is wrong, and the form shows it there.
import { h, uid, nonce, swatch, value, sentence } from './dom.js';
import { request, get, offers } from './api.js';
import { notice, toast } from './dialog.js';
import { detailHash, editable, target, tellSecret } from './act.js';
import { byWord, url as urlOf } from './resources.js';

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

// Keys of one's own with a text each, one below the other.
function labels(f, start) {
    const helpId = uid('help'), errorId = uid('error');
    const rows = h('div', {});
    const error = h('div', { id: errorId, class: 'wrong' });
    const keys = () => [...rows.querySelectorAll('[data-key]')], texts = () => [...rows.querySelectorAll('[data-text]')];
    let n = 0;
    function row(key, text) {
        n++;
        const value = h(text.includes('\n') ? 'textarea' : 'input', { class: 'form-control', 'data-text': true, 'aria-label': `Text ${n}`, value: text, autocomplete: 'off' });
        const box = h('div', { class: 'label' }, h('input', { type: 'text', class: 'form-control', 'data-key': true, 'aria-label': `Key ${n}`, value: key, autocomplete: 'off' }), value,
            h('button', { type: 'button', class: 'btn btn-outline-secondary', 'aria-label': `Remove key ${n}`, onclick: () => { box.remove(); (keys()[0] ?? add).focus(); } }, '\u00d7'));
        return box;
    }
    const add = h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: () => { rows.append(row('', '')); keys().at(-1).focus(); } }, 'Add a key');
    rows.append(...Object.entries(start ?? {}).map(([key, text]) => row(key, text)));
    return {
        name: f.name,
        get input() { return keys()[0] ?? add; },
        node: h('fieldset', { class: 'mb-3', 'aria-describedby': helpId }, h('legend', { class: 'form-label' }, f.label), rows, add,
            h('div', { id: helpId, class: 'soft' }, f.help), error),
        read: () => Object.fromEntries(keys().map((k, i) => [k.value.trim(), texts()[i].value]).filter(([key, text]) => key || text)),
        // What the API cannot be told: an object has each key once.
        fault() {
            const given = keys().map(k => k.value.trim());
            const twice = given.find((k, i) => k && given.indexOf(k) !== i);
            return twice ? `has the key ${twice} twice` : given.some((k, i) => !k && texts()[i].value) ? 'has a text without a key' : null;
        },
        wrong(text) {
            error.textContent = text ? `${f.label} ${text}` : '';
            for (const k of [...keys(), add]) { k.removeAttribute('aria-invalid'); k.removeAttribute('aria-describedby'); }
            if (!text) return;
            this.input.setAttribute('aria-describedby', errorId);
            if (this.input !== add) this.input.setAttribute('aria-invalid', 'true');
        },
    };
}

// In what it is made: chosen before, and only shown.
const owner = (f, parent) => ({ name: f.name, input: null, read: () => parent.id, wrong() {},
    node: h('dl', { class: 'fields mb-3' }, h('dt', {}, f.label), h('dd', {}, h('a', { href: parent.href }, parent.name))) });

// A field: its label, its control, what it takes; read() is its value for the API.
function field(f, start, parent) {
    if (f.type === 'labels') return labels(f, start);
    if (f.type === 'owner') return owner(f, parent);
    const id = uid(f.name), helpId = `${id}-help`, errorId = `${id}-error`;
    const common = { id, name: f.name, 'aria-required': f.required && 'true', 'aria-describedby': f.help ? helpId : null };
    const spot = f.type === 'colour' ? h('span', {}) : null;
    const paint = () => spot?.replaceChildren(input.value ? swatch(input.value) : '');
    let input, extra = null;
    if (f.type === 'area') input = h('textarea', { ...common, class: 'form-control', rows: 4, value: start ?? '' });
    else if (f.type === 'choice') input = h('select', { ...common, class: 'form-select' }, f.options.map(([v, text]) => h('option', { value: v, selected: v === start }, text)));
    else {
        if (f.type === 'colour') extra = h('datalist', { id: `${id}-list` }, f.options.map(o => h('option', { value: o })));
        input = h('input', { ...common, type: 'text', class: 'form-control', autocomplete: 'off', list: extra?.id, oninput: paint,
            value: f.type === 'tags' ? (start ?? []).join(', ') : start ?? '' });
    }
    const error = h('div', { id: errorId, class: 'wrong' });
    paint();
    return {
        name: f.name, input,
        node: h('div', { class: 'mb-3' }, h('label', { for: id, class: 'form-label' }, f.label, f.required ? h('span', { class: 'soft' }, ' (required)') : null, ' ', spot),
            input, extra, f.help && h('div', { id: helpId, class: 'soft' }, f.help), error),
        read() {
            if (f.type === 'tags') return input.value.split(',').map(w => w.trim()).filter(Boolean);
            return input.value === '' && !f.required ? null : input.value;
        },
        wrong(text) {
            error.textContent = text ? `${f.label} ${text}` : '';
            if (text) input.setAttribute('aria-invalid', 'true'); else input.removeAttribute('aria-invalid');
            const by = [f.help && helpId, text && errorId].filter(Boolean).join(' ');
            if (by) input.setAttribute('aria-describedby', by); else input.removeAttribute('aria-describedby');
        },
    };
}

export async function form(resource, id, params) {
    const editing = id !== undefined;
    const url = editing ? urlOf(resource, id) : resource.api.base;
    const above = !editing && resource.within && byWord(resource.within.word);
    const aboveId = above && (params.get(resource.within.field) ?? '');
    const up = editing ? resource : above || resource;
    const back = editing || above ? `#/${up.path}/${encodeURIComponent(editing ? id : aboveId)}` : `#/${up.path}`;
    const title = editing ? `Edit ${resource.one}` : `New ${resource.one}`;
    let object = {}, etag = null, offer = null, parent = null;

    async function fetchObject() {
        const reply = await request('GET', url);
        object = resource.api.one(reply.data);
        etag = reply.etag;
        offer = editable(resource, await offers(resource, resource.status(object)));
    }
    if (editing || above) {
        try {
            if (editing) await fetchObject();
            else parent = { id: aboveId, href: back, name: above.name(above.api.one(await get(urlOf(above, aboveId)))) };
            if (editing && !offer) throw { kind: 'conflict', message: `It cannot be edited while it is ${resource.status(object).toLowerCase()}` };
        } catch (e) {
            if (e.kind === 'ended') throw e;
            return { title, node: h('div', {}, h('h1', { tabindex: -1 }, title), h('div', { role: 'alert' }, notice(e, false)), h('a', { href: editing ? back : `#/${up.path}` }, 'Back')) };
        }
    }

    const specs = resource.form.filter(f => !f.only || f.only === (editing ? 'edit' : 'create'));
    const fields = specs.map(f => field(f, object[f.name], parent));
    const values = () => Object.fromEntries(fields.map(f => [f.name, f.read()]));
    let start = values(), key = nonce(), sent = null, working = false;
    const problem = h('div', { role: 'alert' });
    const send = h('button', { type: 'submit', class: 'btn btn-primary' }, editing ? 'Save' : `Create ${resource.one}`);

    async function submit(event) {
        event.preventDefault();
        if (working) return;
        for (const f of fields) f.wrong('');
        const faulty = fields.filter(f => f.fault?.());
        for (const f of faulty) f.wrong(f.fault());
        if (faulty.length) { problem.replaceChildren(); faulty[0].input.focus(); return; }
        const body = editing && resource.edit.send ? resource.edit.send(values(), object) : values();
        // The same key only for the very same request: a repetition after a lost answer.
        if (sent !== null && !same(sent, body)) key = nonce();
        sent = body;
        working = true;
        send.setAttribute('aria-disabled', 'true');
        problem.replaceChildren();
        try {
            const reply = await request(editing ? resource.edit.method : 'POST', url, { body, key, match: etag });
            const made = resource.api.one(reply.data);
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
        let first = null;
        const rest = [];
        for (const [name, text] of Object.entries(e.fields)) {
            const f = fields.find(x => x.input && (x.name === name || name.startsWith(`${x.name}.`) || name.startsWith(`${x.name}[`)));
            if (f && e.kind === 'invalid') { f.wrong(text); first ??= f; } else rest.push(`${name}: ${text}`);
        }
        if (e.kind === 'stale') {
            // Saving again is now a decision over what the other one wrote: show it.
            const before = object;
            key = nonce();
            try { await fetchObject(); } catch (again) { problem.replaceChildren(notice(again, false)); return; }
            const changed = specs.filter(f => !same(before[f.name], object[f.name]));
            problem.replaceChildren(notice(e, true), h('dl', { class: 'fields' }, changed.map(f =>
                [h('dt', {}, `${f.label} is now`), h('dd', {}, value(resource, { field: f.name, kind: { tags: 'words', labels: 'labels' }[f.type] ?? 'text' }, object))])),
                h('p', {}, 'Your own entries are below, unsaved. Save them over it, or go back.'));
        } else if (first && !rest.length) {
            problem.replaceChildren();
        } else {
            if (e.kind === 'conflict') key = nonce();
            problem.replaceChildren(e.kind === 'conflict' ? h('div', { class: 'note note-bad inline' }, h('div', {}, h('strong', {}, 'It was not saved'),
                h('div', {}, `${e.message.replace(/\.$/, '')}. Change it, then save again.`))) : notice(e, true));
            if (rest.length && e.kind === 'invalid') problem.append(h('ul', {}, rest.map(r => h('li', {}, r))));
        }
        if (e.kind === 'invalid') key = nonce();
        (first?.input ?? send).focus();
    }

    const dirty = () => !same(start, values());
    return {
        title, dirty,
        node: h('div', { class: 'narrow' }, h('nav', { 'aria-label': 'Breadcrumb' }, h('a', { href: back }, `\u2190 ${editing ? resource.name(object) : parent?.name ?? resource.title}`)),
            h('h1', { tabindex: -1 }, title),
            h('form', { class: 'panel', novalidate: true, onsubmit: submit }, problem,
                offer && target(resource, offer, resource.status(object)) && h('p', {}, 'Saving changes its status: ', target(resource, offer, resource.status(object))),
                fields.map(f => f.node),
                h('div', { class: 'foot' }, h('a', { class: 'btn btn-outline-secondary', href: back }, 'Cancel'), send))),
    };
}
