// detail.js: one object of any resource: its fields, what one may do next, its history.
import { h, value, badge, spinner } from './dom.js';
import { request, offers, user, may } from './api.js';
import { notice } from './dialog.js';
import { button, detailHash, editable, known, target } from './act.js';
import { timeline } from './timeline.js';

export async function detail(resource, id) {
    const url = `${resource.api.base}/${encodeURIComponent(id)}`;
    const holder = h('div', {});
    let title;

    async function load() {
        const object = resource.api.one((await request('GET', url)).data);
        const open = await offers(resource, resource.status(object));
        title = resource.name(object);
        holder.replaceChildren(...page(object, open));
    }
    async function refresh() {
        const inside = holder.contains(document.activeElement);
        try { await load(); } catch (e) { if (e.kind !== 'ended') holder.replaceChildren(...failed(e)); }
        if (inside || document.activeElement === document.body) holder.querySelector('h1')?.focus();
    }

    const back = () => h('nav', { 'aria-label': 'Breadcrumb' }, h('a', { href: `#/${resource.path}` }, `\u2190 ${resource.title}`));
    const failed = e => [back(), h('h1', { tabindex: -1 }, e.kind === 'gone' ? 'Not found' : resource.title),
        h('div', { role: 'alert' }, notice(e, false, e.kind === 'gone' ? null : refresh))];

    function page(object, open) {
        const status = resource.status(object);
        const edit = editable(resource, open);
        const list = known(resource, open);
        return [
            back(),
            h('div', { class: 'head' }, h('h1', { tabindex: -1 }, resource.name(object)), badge(resource, status)),
            h('div', { class: 'row g-3' },
                h('div', { class: 'col-lg-7' },
                    h('section', { class: 'panel', 'aria-labelledby': 'next' }, h('h2', { id: 'next', class: 'h5' }, 'What you can do next'),
                        list.length || edit ? h('ul', { class: 'next' },
                            edit && h('li', {}, h('a', { class: 'btn btn-outline-secondary', href: `${detailHash(resource, object)}/edit` }, `Edit ${resource.one}`),
                                h('span', { class: 'what' }, 'Change its fields. ', target(resource, edit, status))),
                            list.map(o => h('li', {}, button(resource, o, object, refresh),
                                h('span', { class: 'what' }, resource.actions[o.transition].ask, ' ', target(resource, o, status)))))
                            : h('p', { class: 'soft mb-0' }, may(resource.create) ? `Nothing can be done while it is ${(resource.statuses[status]?.label ?? status).toLowerCase()}.`
                                : `Your role, ${user().role}, may look at ${resource.many} but not change them.`)),
                    h('section', { class: 'panel', 'aria-labelledby': 'fields' }, h('h2', { id: 'fields', class: 'h5' }, 'Details'),
                        h('dl', { class: 'fields' }, resource.details
                            .filter(d => !d.optional || (object[d.field] !== null && object[d.field] !== undefined))
                            .map(d => [h('dt', {}, d.label), h('dd', {}, value(resource, d, object))])))),
                h('div', { class: 'col-lg-5' },
                    h('section', { class: 'panel', 'aria-labelledby': 'history' }, h('h2', { id: 'history', class: 'h5' }, 'History'),
                        timeline(resource, id)))),
        ];
    }

    holder.append(spinner('Loading'));
    try { await load(); } catch (e) { if (e.kind === 'ended') throw e; holder.replaceChildren(...failed(e)); }
    return { title: title ?? resource.title, node: holder, refresh };
}
