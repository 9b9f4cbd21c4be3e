// usage.js: how much of its quotas the organization uses.
import { h, count, sentence, spinner } from './dom.js';
import { get } from './api.js';
import { notice } from './dialog.js';

const NEARLY = 0.8;
const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
function amount(q, n) {
    if (!q.setting.includes('bytes')) return count(n);
    let unit = 0;
    for (; n >= 1024 && unit < units.length - 1; n /= 1024) unit++;
    return `${count(Math.round(n * 10) / 10)} ${units[unit]}`;
}
const state = q => q.limit === null ? null : q.used >= q.limit ? { text: 'Full', tone: 'red' } : q.used >= NEARLY * q.limit ? { text: 'Nearly full', tone: 'amber' } : null;

function row(q) {
    const full = state(q), id = `quota-${q.setting}`;
    return h('li', {}, h('div', { class: 'head' }, h('span', { id }, sentence(q.of)), full && h('span', { class: `badge tone-${full.tone}` }, full.text),
        h('span', { class: 'number' }, q.limit === null ? `${amount(q, q.used)}, no limit` : `${amount(q, q.used)} of ${amount(q, q.limit)}`)),
    q.limit !== null && h('progress', { max: q.limit, value: Math.min(q.used, q.limit), 'aria-labelledby': id }, `${Math.round(100 * q.used / q.limit)} %`));
}

export function usage() {
    const holder = h('div', {}, spinner('Loading'));
    async function load() {
        try {
            const { items } = await get('/console/usage');
            // What is nearest to its limit stands first.
            const share = q => q.limit === null ? -1 : q.used / q.limit;
            holder.replaceChildren(h('ul', { class: 'quotas' }, items.toSorted((a, b) => share(b) - share(a)).map(row)));
        } catch (e) {
            if (e.kind === 'ended') return;
            if (!e.kind) throw e;
            holder.replaceChildren(h('div', { role: 'alert' }, notice(e, false, load)));
        }
    }
    const ready = load();
    return { ready, title: 'Usage', refresh: load, node: h('div', {}, h('div', { class: 'head' }, h('h1', { tabindex: -1 }, 'Usage')),
        h('div', { class: 'panel' }, h('p', {}, 'How much of each quota your organization uses. When one is full, nothing more of its kind can be created: delete what you no longer need, or ask the operator of this installation to raise it.'), holder)) };
}
