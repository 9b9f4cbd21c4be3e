// pick.js: choosing one object of a resource by its name, in a dialog. For resources whose
// API searches and has numbered pages.
import { h, uid, badge, count, plural } from './dom.js';
import { get, query } from './api.js';
import { notice, open } from './dialog.js';

const MOST = 10;

// -> the object that was chosen; undefined when the person cancels. mark(object): a word
// beside its name, or null. What is archived is not offered.
export function pick(resource, { title, mark }) {
    const searchId = uid('search'), group = uid('pick');
    const search = h('input', { id: searchId, type: 'search', maxlength: 100, class: 'form-control', autocomplete: 'off',
        oninput: () => { clearTimeout(typing); typing = setTimeout(look, 350); } });
    const said = h('p', { class: 'soft my-2', role: 'status' });
    const choices = h('fieldset', { class: 'choices' });
    const problem = h('div', { role: 'alert' });
    const working = () => choices.hasAttribute('aria-busy');
    let chosen = null, turn = 0, typing, wanted = false;           // wanted: to go on, once it is known with what

    async function look() {
        clearTimeout(typing);
        const mine = ++turn, words = search.value.trim();
        choices.setAttribute('aria-busy', 'true');
        try {
            const page = resource.api.page(await get(query(resource.api.base, resource.api.list({ search: words, page: 1, limit: MOST }))));
            if (mine !== turn) return;
            const found = page.items.filter(o => resource.listed.includes(resource.status(o)));
            chosen = found.find(o => chosen && resource.id(o) === resource.id(chosen)) ?? null;
            problem.replaceChildren();
            said.textContent = !found.length ? words ? `No ${resource.many} match \u201c${words}\u201d.` : `There are no ${resource.many}.`
                : page.total > page.items.length ? `The first ${count(page.items.length)} of ${plural(page.total, resource.one, resource.many)}. Search for a part of the name.`
                    : plural(found.length, resource.one, resource.many);
            choices.replaceChildren(h('legend', { class: 'visually-hidden' }, resource.title), ...found.map(choice));
        } catch (e) {
            if (mine !== turn || e.kind === 'ended') return;
            wanted = false;
            said.textContent = '';
            problem.replaceChildren(notice(e, false, look));
        } finally {
            if (mine === turn) {
                choices.removeAttribute('aria-busy');
                if (wanted) goOn();
            }
        }
    }
    const choice = o => h('label', { class: 'choice' },
        h('input', { type: 'radio', name: group, class: 'form-check-input', checked: o === chosen, onchange: () => { chosen = o; problem.replaceChildren(); } }),
        h('span', { class: 'grow' }, resource.name(o), ' ', mark(o) && h('span', { class: 'soft' }, `(${mark(o)})`)), badge(resource, resource.status(o)));

    function submit(e) {
        e.preventDefault();
        // Enter in the search is a search; what it finds is chosen after.
        if (document.activeElement === search) look();
        else if (working()) wanted = true;
        else goOn();
    }
    function goOn() {
        wanted = false;
        if (!chosen) {
            problem.replaceChildren(h('div', { class: 'note note-bad inline' }, `Choose one of the ${resource.many} first.`));
            (choices.querySelector('input') ?? search).focus();
        } else d.close(chosen);
    }
    const d = open({ title, foot: [], first: search, body: h('form', { novalidate: true, onsubmit: submit },
        h('label', { for: searchId, class: 'form-label' }, 'Search by name'), search, said, choices, problem,
        h('div', { class: 'foot' }, h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: () => d.close() }, 'Cancel'),
            h('button', { type: 'submit', class: 'btn btn-primary' }, 'Continue'))) });
    look();
    return d.closed.finally(() => { clearTimeout(typing); turn++; });
}
