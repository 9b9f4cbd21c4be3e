// act.js: offering what one may do next, asking first, doing it, saying so.
import { h, badge, inside, nonce, sentence } from './dom.js';
import { Failure, request, get, offers, user } from './api.js';
import { confirm, secret, toast, toastFailure, clearToasts } from './dialog.js';
import { fieldset } from './fields.js';
import { pick } from './pick.js';
import { byWord, url } from './resources.js';

const place = (resource, path, object) => path.replace('{url}', url(resource, resource.id(object))).replace(/\{\w+\}/, encodeURIComponent(resource.id(object)));
export const detailHash = (resource, object) => `#/${resource.path}/${encodeURIComponent(resource.id(object))}`;

// What the server says that this person may do with the object, where it does.
export const rights = (resource, object) => resource.rights?.(object) ?? [];
const needed = (what, resource, object) => {
    const need = typeof what.needs === 'function' ? what.needs(object) : what.needs;
    return !need || rights(resource, object).includes(need);
};
// The offers of the server's table that this page has words for, in its order.
export const known = (resource, offers, object) => resource.mine && !resource.mine(object, user()) ? [] : Object.keys(resource.actions)
    .filter(t => needed(resource.actions[t], resource, object) && (resource.actions[t].of?.(object) ?? true)).map(t => offers.find(o => o.transition === t)).filter(Boolean);
export const editable = (resource, offers, object) => offers.find(o => resource.edit?.transitions.includes(o.transition) && needed(resource.edit, resource, object));

// Where it leads, when that is known beforehand.
export const target = (resource, offer, from) => offer.to in resource.statuses && offer.to !== from &&
    h('span', { class: 'leads' }, badge(resource, from), h('span', { 'aria-hidden': 'true' }, ' \u2192 '),
        h('span', { class: 'visually-hidden' }, ' to '), badge(resource, offer.to));

// A secret in an answer is shown before anything else happens: there is no second time.
export async function tellSecret(resource, reply) {
    const told = reply && resource.api.secret?.(reply);
    if (told) await secret(told.title ?? `The secret of this ${resource.one}`, told.text ?? told, told.about, told.label);
}

// What an action does, in words.
export const asks = (action, object) => typeof action.ask === 'function' ? action.ask(object) : action.ask;
const deed = (resource, action) => action.deed ?? (action.bare ? action.label : `${action.label} ${resource.one}`);
// The same in the middle of a sentence: what could not be done.
const undone = (resource, action) => inside(action.pick?.deed ?? action.deed ?? (action.bare ? action.label : `${action.label} the ${resource.one}`));

// A button of an object. `refresh` brings the view up to date.
export function button(resource, offer, object, refresh, small) {
    const action = resource.actions[offer.transition];
    return h('button', { type: 'button', class: `btn btn-${action.tone ? `outline-${action.tone}` : 'primary'}${small ? ' btn-sm' : ''}`,
        'data-transition': offer.transition, onclick: e => perform(resource, offer, object, refresh, small, e.currentTarget.closest('tbody tr')?.sectionRowIndex) },
        action.label, !action.bare && h('span', { class: small ? 'tail' : null }, ` ${resource.one}`),
        h('span', { class: 'visually-hidden' }, ` ${resource.name(object)}`));
}

// What a look ahead found, each with whether it is right.
const checks = list => h('ul', { class: 'checks' }, list.map(c => h('li', { class: c.fits ? 'fits' : 'not' },
    h('span', { 'aria-hidden': 'true' }, c.fits ? '\u2713' : '\u2717'), h('span', { class: 'visually-hidden' }, c.fits ? 'Passed: ' : 'Failed: '), c.text)));
const typed = name => ({ name: 'typed', label: `Type the name to confirm: ${name}`, type: 'text', must: name });

// Carries out a transition that asks for nothing more, where the server offers it in this status: the object that comes of it.
export async function carryOut(resource, transition, object, key, status = resource.status(object)) {
    const offer = (await offers(resource, status)).find(o => o.transition === transition);
    if (!offer) throw new Failure('conflict', `Not possible while the status is ${resource.statuses[status]?.label ?? status}`);
    const { data } = await request(offer.method, place(resource, offer.path, object), { key, body: offer.body });
    return data ? resource.api.one(data) : object;
}

// Takes an action back by the transition that its row names as `undo`, with no question: nothing is lost by either.
async function takeBack(resource, action, object, refresh, key = nonce()) {
    try {
        const now = resource.statuses[resource.status(await carryOut(resource, action.undo, object, key, resource.archived))];
        toast('good', `${sentence(resource.one)} \u201c${resource.name(object)}\u201d ${resource.actions[action.undo].done}`, now && `Its status is now ${now.label}.`);
    } catch (e) {
        toastFailure(e, undone(resource, resource.actions[action.undo]), () => takeBack(resource, action, object, refresh, key));
        if (e.kind === 'ended') return;
    }
    await refresh();
    settle();
}

let asking = false;                 // a second click while the question is not yet there
async function perform(resource, offer, object, refresh, small, row) {
    const action = resource.actions[offer.transition];
    if (action.perform) { clearToasts(); return action.perform(object, refresh); }
    const name = resource.name(object);
    const here = location.hash;
    let key = nonce(), sent = null;                 // of this one decision: repeated, it is made once
    let tried = false, foreseen = null, chosen = null, loaded = null;
    clearToasts();
    try {
        if (action.pick) {
            chosen = await pick(byWord(action.pick.word), { title: action.pick.title(object), mark: o => action.pick.mark(object, o) });
            if (!chosen || location.hash !== here) return;
        }
        if (action.foresee || action.load) {
            if (asking) return;
            asking = true;
            try {
                if (typeof action.foresee === 'function') foreseen = await action.foresee(get, object);
                else if (action.foresee) {
                    const { method = 'GET', path, body } = action.foresee.ask(object, chosen);
                    foreseen = action.foresee.told((await request(method, path, { body })).data, object, chosen);
                }
                loaded = await action.load?.(get, object);
            } finally { asking = false; }
            if (location.hash !== here) return;
        }
        const specs = foreseen?.refused ? [] : [...action.fields?.(object, loaded) ?? [], ...action.typed ? [typed(action.typed(object))] : []];
        const form = specs.length ? fieldset(specs) : null;
        const ask = () => chosen ? action.pick.send(object, chosen, form?.values())
            : action.send?.(object, form?.values(), loaded) ?? { path: place(resource, offer.path, object), body: offer.body };
        const done = await confirm({
            title: chosen ? `${action.pick.deed} \u201c${name}\u201d?` : `${deed(resource, action)}${action.bare ? ':' : ''} \u201c${name}\u201d${action.bare && form ? '' : '?'}`,
            body: h('div', {}, foreseen?.to ? h('p', {}, `The ${resource.one} will be `, h('strong', {}, resource.statuses[foreseen.to].label), `. ${foreseen.text}`)
                : foreseen ? [h('p', {}, foreseen.text), foreseen.checks && checks(foreseen.checks)] : h('p', {}, chosen ? action.pick.told(object, chosen) : asks(action, object)),
                target(resource, foreseen?.to ? foreseen : offer, resource.status(object)) || null),
            form, label: foreseen?.refused ? null : chosen ? action.pick.deed : deed(resource, action), tone: action.tone === 'secondary' ? 'primary' : action.tone,
            no: foreseen?.refused ? 'Close' : action.no,
            run: async () => {
                const { path, body, match } = ask();
                const words = `${path} ${JSON.stringify(body)}`;
                if (sent !== null && sent !== words) key = nonce();
                sent = words;
                tried = true;
                try { return await request(offer.method, path, { key, body, match }); } catch (e) { if (['invalid', 'conflict'].includes(e.kind)) key = nonce(); throw e; }
            },
        });
        if (!done) {
            // Given up after a try of which nothing is known: look what became of it.
            if (tried) await refresh();
            return;
        }
        await tellSecret(resource, done.data);
        const status = done.data && offer.to !== 'same' && !action.leads && resource.status(resource.api.one(done.data));
        const now = resource.statuses[status];
        const to = action.leads ? action.leads(done.data, object) : chosen && action.pick.leads ? await action.pick.leads(done.data, chosen, get) : action.after === 'stay' || (small && action.undo) ? location.hash : action.after !== 'list' ? detailHash(resource, object)
            : `#/${resource.path}${resource.archived ? '/archived' : ''}`;
        toast('good', typeof action.done === 'function' ? action.done(object) : `${sentence(resource.one)} \u201c${name}\u201d ${action.done}`, action.did ? action.did(done.data) : chosen ? action.pick.did?.(chosen) : now && `Its status is now ${now.label}${foreseen?.to && foreseen.to !== status
            ? `, not ${resource.statuses[foreseen.to].label}, because something changed in the meantime` : ''}.`, location.hash !== to,
            action.undo && ['Undo', () => takeBack(resource, action, object, refresh)]);
        if (location.hash !== to) location.hash = to;
        else {
            await refresh();
            settle(row);
        }
    } catch (e) {
        toastFailure(e, undone(resource, action));
        if (e.kind === 'ended') return;
        await refresh();
        settle();
    }
}
// The button that was pressed may be gone with its row: one goes on at the row that is in its place.
export function settle(row = -1) {
    if (document.activeElement !== document.body) return;
    const rows = document.querySelectorAll('main tbody tr');
    (rows[Math.min(row, rows.length - 1)]?.querySelector('a') ?? document.querySelector('main h1'))?.focus();
}

// A button that saves a file of the API: {path, name, of}. A plain link would come without the token.
export function download(file) {
    const button = h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: async () => {
        if (button.getAttribute('aria-disabled')) return;
        button.setAttribute('aria-disabled', 'true');
        clearToasts();
        try {
            const href = URL.createObjectURL((await request('GET', file.path, { bytes: true })).data);
            h('a', { href, download: file.name }).click();
            setTimeout(() => URL.revokeObjectURL(href), 60_000);
        } catch (e) {
            toastFailure(e);
        } finally {
            button.removeAttribute('aria-disabled');
        }
    } }, 'Download', h('span', { class: 'visually-hidden' }, ` ${file.of}`));
    return button;
}
