// search.js: finding anything by its name or id, from anywhere: a dialog that asks the server while one types; and the
// list of the console's keys.
import { h, badge, plural, sentence, uid } from './dom.js';
import { advice, get, may, query, user } from './api.js';
import { open } from './dialog.js';
import { mac, OFF, single } from './keys.js';
import { byWord, pages, resources, whole } from './resources.js';

const PAUSE = 200, EACH = 5;

// ---- What there is to go to ----------------------------------------------------------------

// The views, and the forms that make something; keys: opens the list of keys.
const views = () => [{ href: '#/', name: 'Overview' }, ...resources.filter(r => !r.inner && may(r.read)).flatMap(r => [
    { href: `#/${r.path}`, name: r.menu ?? r.title },
    ...r.archived && !r.view ? [{ href: `#/${r.path}/archived`, name: `Archived ${r.many}` }] : [],
    ...r.word === 'folder' ? [{ href: '#/folders/trash', name: 'Trash' }] : [],
    ...r.form && !r.within && !r.madeElsewhere && may(r.create) ? [{ href: `#/${r.path}/new`, name: `New ${r.one}` }] : [],
]), ...pages.filter(p => may(p.read)).map(p => ({ href: `#/${p.path}`, name: p.title })), { href: '#/account', name: 'My account' }, { keys: true, name: 'Keyboard shortcuts' }];
// Users are found by another address, which is for administrators.
const users = async text => may(byWord('user').read) ? get(query('/console/users', { search: text.slice(0, 100), limit: EACH }))
    .then(r => [{ kind: 'user', items: r.items.map(u => ({ kind: 'user', id: u.id, name: u.username, status: u.status })), more: r.more }], e => { if (e.kind === 'ended') throw e; return []; }) : [];
// Each word of the text begins a word of the name.
const begins = (name, text) => { const words = name.toLowerCase().split(/\s+/); return text.toLowerCase().split(/\s+/).every(t => words.some(w => w.startsWith(t))); };
const titles = { version: 'Versions', package: 'Versions', registered_model: 'Registered models', prediction_environment: 'Environments', webhook_endpoint: 'Webhooks' };
const place = f => ({ href: `#/${byWord(f.kind).path}/${encodeURIComponent(f.id)}`, name: f.name, kind: f.kind, note: f.place?.split('/').slice(1, -1).join(' / ') || null,
    status: byWord(f.kind).statuses[f.status] && !(f.kind === 'folder' && !f.archived) ? badge(byWord(f.kind), f.status) : f.archived ? h('span', { class: 'badge tone-slate' }, sentence(f.status.toLowerCase())) : null });

// ---- The dialog --------------------------------------------------------------------------------

export function search() {
    if (!user() || document.querySelector('dialog[open]')) return;
    const id = uid('find'), listId = `${id}-list`, hintId = `${id}-hint`;
    const list = h('div', { id: listId, role: 'listbox', 'aria-label': 'Results', class: 'found' }), said = h('p', { class: 'soft mb-0 mt-2', role: 'status' });
    const input = h('input', { id, type: 'text', role: 'combobox', class: 'form-control form-control-lg', maxlength: 200, autocomplete: 'off', spellcheck: 'false', 'aria-expanded': 'false', 'aria-controls': listId, 'aria-autocomplete': 'list',
        'aria-describedby': hintId, oninput: () => { clearTimeout(typing); typing = setTimeout(look, PAUSE); quick(); } });
    let typing, turn = 0, options = [], at = -1, chosen = false, hurry = false;

    // groups: [title, places]; keeps the option that the person went to, where it is still there.
    function show(groups) {
        const before = chosen ? options[at]?.place : null;
        options = [];
        list.replaceChildren(...groups.filter(([, places]) => places.length).map(([title, places]) => {
            const headId = uid('group');
            return h('div', { role: 'group', 'aria-labelledby': headId }, h('div', { id: headId, role: 'presentation', class: 'group' }, title), places.map(p => {
                const node = h('div', { id: uid('option'), role: 'option', 'aria-selected': 'false', class: 'option', onclick: () => go(p), onmousemove: () => { if (options[at]?.place !== p) mark(options.findIndex(o => o.place === p)); } },
                    h('span', { class: 'grow' }, p.name, p.note && h('span', { class: 'soft' }, ` ${p.note}`)), p.status);
                options.push({ place: p, node });
                return node;
            }));
        }));
        input.setAttribute('aria-expanded', String(options.length > 0));
        const same = before ? options.findIndex(o => o.place.href === before.href && o.place.name === before.name) : -1;
        chosen = same >= 0;
        mark(same >= 0 ? same : options.length ? 0 : -1);
    }
    function mark(to) {
        options[at]?.node.setAttribute('aria-selected', 'false');
        at = to;
        const o = options[at];
        if (o) { o.node.setAttribute('aria-selected', 'true'); o.node.scrollIntoView({ block: 'nearest' }); input.setAttribute('aria-activedescendant', o.node.id); } else input.removeAttribute('aria-activedescendant');
    }
    const named = text => views().filter(v => begins(v.name, text));
    // What needs no answer, at once.
    function quick() {
        const text = input.value.trim();
        turn++;
        hurry = false;
        if (!text) { said.textContent = ''; show([['Go to', views()]]); } else { show([['Go to', named(text).slice(0, EACH)]]); said.textContent = 'Searching'; }
    }
    async function look() {
        clearTimeout(typing);
        const mine = ++turn, text = input.value.trim();
        if (!text) { quick(); return; }
        try {
            const [{ exact, groups: found }, people] = await Promise.all([get(query('/console/search', { q: text, limit: EACH })), users(text), whole()]), groups = [...found, ...people.filter(g => g.items.length)];
            if (mine !== turn) return;                       // the answer to another question
            const known = groups.filter(g => byWord(g.kind)), n = known.reduce((k, g) => k + g.items.length, 0) + (exact ? 1 : 0), more = known.some(g => g.more), partial = known.some(g => g.partial);
            // A view whose name begins so is meant before what has a word of it.
            const pages = [['Go to', named(text).slice(0, EACH)]], first = pages[0][1].some(v => v.name.toLowerCase().startsWith(text.toLowerCase()));
            show([...exact && byWord(exact.kind) ? [['Id', [place(exact)]]] : [], ...first ? pages : [], ...known.map(g => [titles[g.kind] ?? byWord(g.kind).title, g.items.map(place)]), ...first ? [] : pages]);
            said.textContent = [n ? `${plural(n, 'result', 'results')}${more ? '; there are more, type more of the name' : ''}.` : options.length ? 'Nothing has this name.' : 'Nothing found.',
                partial ? 'Not every name could be searched in time: type the beginning of the name.' : ''].filter(Boolean).join(' ');
            if (hurry) { hurry = false; if (exact || n) go(options[0].place); }
        } catch (e) {
            if (mine !== turn || e.kind === 'ended') return;
            said.textContent = `${advice(e)[0]}. ${advice(e)[1]}`;
        }
    }
    function go(p) {
        d.close();
        if (p.keys) { shortcuts(); return; }
        location.hash = p.href;
    }
    input.addEventListener('keydown', e => {
        if (e.isComposing) return;
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 8, options.length - 1), PageUp: Math.max(at - 8, 0) }[e.key];
        if (to !== undefined && options.length) { e.preventDefault(); chosen = true; mark((to + options.length) % options.length); }
        if (e.key !== 'Enter') return;
        e.preventDefault();
        // What was typed last is looked for first, and the best of it is meant.
        if (said.textContent === 'Searching' && !chosen) { hurry = true; look(); } else if (options[at]) go(options[at].place);
    });
    const d = open({ title: 'Search', first: input, foot: [h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: () => d.close() }, 'Close')],
        body: h('div', {}, h('label', { for: id, class: 'form-label' }, 'Name or id'), input,
            h('p', { id: hintId, class: 'soft mb-2 mt-1' }, 'Up and Down choose, Enter opens, Escape closes.'), list, said) });
    d.box.classList.add('find');
    quick();
    // Which forms and archives there are is known once all entries are.
    whole().then(() => { if (!input.value.trim()) quick(); }, () => {});
    d.closed.finally(() => { clearTimeout(typing); turn++; });
}

export function shortcuts() {
    if (document.querySelector('dialog[open]')) return;
    const id = uid('keys');
    const key = (...keys) => h('dt', {}, keys.map((k, i) => [i > 0 && ' ', h('kbd', {}, k)]));
    const box = h('input', { id, type: 'checkbox', class: 'form-check-input', checked: single(), onchange: () => { try { if (box.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, '1'); } catch { /* for this page then */ } } });
    const close = h('button', { type: 'button', class: 'btn btn-primary', onclick: () => d.close() }, 'Close');
    const d = open({ title: 'Keyboard shortcuts', first: close, foot: close, body: h('div', {},
        h('dl', { class: 'keys' }, key(mac ? '\u2318' : 'Ctrl', 'K'), h('dd', {}, 'Search everything, or go to a page'), key('/'), h('dd', {}, 'Search the list on this page'),
            key('?'), h('dd', {}, 'Show these shortcuts'), key('Esc'), h('dd', {}, 'Close a dialog without doing anything')),
        h('div', { class: 'form-check' }, box, h('label', { for: id, class: 'form-check-label' }, 'Use the shortcuts that are a single character (/ and ?)'))) });
}
