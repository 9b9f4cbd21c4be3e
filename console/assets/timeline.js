// timeline.js: who did what, when, from which state to which: the audit rows of an object.
import { h, badge, spinner, second } from './dom.js';
import { get, query } from './api.js';
import { copier, notice } from './dialog.js';
import { story } from './mlflow.js';
import { told } from './resources.js';

export function timeline(resource, id) {
    const items = h('ol', { class: 'timeline' });
    const foot = h('div', {}, spinner('Loading'));
    const box = h('div', {}, items, foot);
    let page = 0, left = true;
    const kept = [];                 // what was read and is not shown yet

    const code = (what, text) => { const node = h('code', {}, text); return h('span', { class: 'copied' }, node, copier(what, text, node)); };
    const entry = e => h('li', {},
        h('div', { class: 'what' }, h('strong', {}, told(e.action)), ' by ', e.actor?.name ?? e.actor?.id ?? 'the system'),
        e.to_status && e.from_status !== e.to_status && h('div', {},
            e.from_status && [badge(resource, e.from_status), h('span', { 'aria-hidden': 'true' }, ' \u2192 '), h('span', { class: 'visually-hidden' }, ' to ')],
            badge(resource, e.to_status)),
        story(e) && h('div', {}, story(e)),
        h('div', { class: 'soft' }, second(e.timestamp), e.agent && ` \u00b7 agent ${e.agent}`, e.key && ` \u00b7 key \u201c${e.key}\u201d`, e.ip_address && ` \u00b7 ${e.ip_address}`),
        (e.request_id || Object.keys(e.details ?? {}).length > 0) && h('details', {}, h('summary', {}, 'More',
            h('span', { class: 'visually-hidden' }, ` about ${told(e.action)}`)),
            h('dl', {}, e.request_id && [h('dt', {}, 'Request'), h('dd', {}, code('Request', e.request_id))],
                Object.entries(e.details ?? {}).map(([k, v]) => [h('dt', {}, k), h('dd', {}, h('code', {}, typeof v === 'string' ? v : JSON.stringify(v)))]))));

    async function more() {
        const button = foot.querySelector('button');
        if (button?.getAttribute('aria-disabled')) return;
        button?.setAttribute('aria-disabled', 'true');
        try {
            if (!kept.length) {
                const reply = await get(query(`/console/history/${resource.history?.(id) ?? `${resource.word}/${encodeURIComponent(id)}`}`, { page: page + 1, page_size: 20 }));
                page++;
                left = reply.has_next;
                kept.push(...reply.items);
            }
            // Five at first: the page is for what is, and this for what was.
            const fresh = kept.splice(0, button ? kept.length : 5).map(entry);
            items.append(...fresh);
            if (button && fresh[0]) { fresh[0].tabIndex = -1; fresh[0].focus(); }
            foot.replaceChildren(kept.length || left ? h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: more }, 'Show older') : '');
        } catch (e) {
            if (e.kind !== 'ended') foot.replaceChildren(h('div', { role: 'alert' }, notice(e, false, more)));
        }
    }
    more();
    return box;
}
