// lineage.js: where an object was copied from and to: a list, laid out as a picture by the
// sheet. Origins, the oldest first, then the object, then its copies; lines lead from each
// to what was made of it.
import { h, badge, count, time } from './dom.js';
import { get } from './api.js';
import { notice } from './dialog.js';
import { byWord } from './resources.js';

const ACROSS = 5;           // more than this one below the other, however wide the screen

export async function lineage(spec, object, refresh) {
    let found;
    try {
        found = await get(spec.url(object));
    } catch (e) {
        if (e.kind === 'ended') throw e;
        return h('div', { role: 'alert' }, notice(e, false, refresh));
    }
    const { from, to, more = 0, hidden } = found;
    if (!from.length && !to.length && !hidden) return h('p', { class: 'soft mb-0' }, spec.none);

    const node = (n, is, current) => {
        const { href, name, text, status, created } = spec.node(n);
        return h('a', { class: 'node', href, 'aria-current': current && 'page' }, h('span', { class: 'is' }, is), h('span', {}, h('strong', {}, name), ' ', badge(byWord(spec.word), status)),
            h('span', {}, text), h('span', { class: 'soft' }, time(created)));
    };
    const origins = from.toReversed().map((n, i) => h('li', {}, node(n, i < from.length - 1 ? 'Earlier origin' : 'Promoted from')));
    if (hidden) origins.unshift(h('li', {}, h('div', { class: 'node unseen' }, 'An origin that you cannot see')));
    const copies = to.length > 0 && h('ul', { class: 'copies', 'aria-label': 'Promoted to' }, to.map(n => h('li', {}, node(n, 'Promoted to'))),
        more > 0 && h('li', { class: 'rest' }, `and ${count(more)} more`));
    const wide = origins.length + 1 + (copies ? 1 : 0) <= ACROSS;
    return h('ol', { class: `lineage${wide ? ' across' : ''}` }, origins,
        h('li', { class: `here${copies ? ' forks' : ''}` }, node(found.version, spec.here, true), copies));
}
