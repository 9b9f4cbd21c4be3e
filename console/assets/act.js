// act.js: offering what one may do next, asking first, doing it, saying so.
import { h, badge, nonce, sentence } from './dom.js';
import { request } from './api.js';
import { confirm, toast, toastFailure, clearToasts } from './dialog.js';

const place = (resource, path, object) => path.replace(/\{\w+\}/, encodeURIComponent(resource.id(object)));
export const detailHash = (resource, object) => `#/${resource.path}/${encodeURIComponent(resource.id(object))}`;

// The offers of the server's table that this page has words for, in its order.
export const known = (resource, offers) => Object.keys(resource.actions)
    .map(t => offers.find(o => o.transition === t)).filter(Boolean);
export const editable = (resource, offers) => offers.find(o => resource.edit?.transitions.includes(o.transition));

// Where it leads, when that is known beforehand.
export const target = (resource, offer, from) => offer.to in resource.statuses && offer.to !== from &&
    h('span', { class: 'leads' }, badge(resource, from), h('span', { 'aria-hidden': 'true' }, ' \u2192 '),
        h('span', { class: 'visually-hidden' }, ' to '), badge(resource, offer.to));

// A button of an object. `refresh` brings the view up to date.
export function button(resource, offer, object, refresh, small) {
    const action = resource.actions[offer.transition];
    return h('button', { type: 'button', class: `btn btn-${action.tone ? `outline-${action.tone}` : 'primary'}${small ? ' btn-sm' : ''}`,
        'data-transition': offer.transition, onclick: () => perform(resource, offer, object, refresh) },
        action.label, h('span', { class: small ? 'tail' : null }, ` ${resource.one}`),
        h('span', { class: 'visually-hidden' }, ` ${resource.name(object)}`));
}

async function perform(resource, offer, object, refresh) {
    const action = resource.actions[offer.transition];
    const name = resource.name(object);
    const key = nonce();            // of this one decision: repeated, it is made once
    let tried = false;
    clearToasts();
    try {
        const done = await confirm({
            title: `${action.label} ${resource.one} \u201c${name}\u201d?`,
            body: h('div', {}, h('p', {}, action.ask), target(resource, offer, resource.status(object)) || null),
            label: `${action.label} ${resource.one}`, tone: action.tone === 'secondary' ? 'primary' : action.tone,
            run: () => { tried = true; return request(offer.method, place(resource, offer.path, object), { key }); },
        });
        if (!done) {
            // Given up after a try of which nothing is known: look what became of it.
            if (tried) await refresh();
            return;
        }
        const now = done.data && resource.statuses[resource.status(resource.api.one(done.data))];
        const to = action.after === 'list' ? `#/${resource.path}/archived` : detailHash(resource, object);
        toast('good', `${sentence(resource.one)} \u201c${name}\u201d ${action.done}`, now && `Its status is now ${now.label}.`, location.hash !== to);
        if (location.hash === to) await refresh();
        else location.hash = to;
    } catch (e) {
        toastFailure(e, true);
        if (e.kind === 'ended') return;
        await refresh();
        // The button that was pressed may be gone with its row.
        if (document.activeElement === document.body) document.querySelector('main h1')?.focus();
    }
}
