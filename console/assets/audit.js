// audit.js: what was done in the organization: by whom, when, to what; and as a file.
import { h, count, plural, second, sentence, spinner, uid } from './dom.js';
import { Failure, get, query, request } from './api.js';
import { clearToasts, notice, toast, toastFailure } from './dialog.js';
import { placeOf, told, whole } from './resources.js';

const kinds = ['model', 'model_version', 'training_run', 'deployment', 'challenger', 'prediction_environment', 'use_case', 'custom_model', 'custom_model_version', 'run_project', 'folder', 'project', 'workspace', 'entity',
    'authorization', 'token', 'webhook_endpoint', 'client', 'user', 'role', 'user_group', 'organization'];
const names = { token: 'API key', client: 'application', webhook_endpoint: 'webhook endpoint' };
const named = kind => names[kind] ?? kind.replaceAll('_', ' ');
const fields = ['actor', 'action', 'kind', 'object', 'since', 'until'];

// A day as this browser has it: from its beginning to before the next one's.
const instant = (day, plus = 0) => {
    if (!day) return '';
    const at = new Date(`${day}T00:00`);
    at.setDate(at.getDate() + plus);
    return isNaN(at) ? day : at.toISOString();
};
const asked = view => ({ ...view, since: instant(view.since), until: instant(view.until, 1) });

const who = e => h('div', {}, e.actor.name || e.actor.id || 'the system', e.agent && !e.actor.name.includes(e.agent) && h('div', { class: 'soft' }, `agent ${e.agent}`), e.key && h('div', { class: 'soft' }, `key \u201c${e.key}\u201d`));
function what(e) {
    const to = placeOf(e.object.kind, e.object.id), to_status = e.from_status !== e.to_status && e.from_status ? `${e.from_status} \u2192 ${e.to_status}` : '';
    return [h('strong', {}, told(e.action)), to_status && h('div', { class: 'soft' }, to_status),
        h('div', { class: 'd-lg-none' }, object(e, to))];
}
// A run has the model in its id too, which the page behind the link tells.
const shown = o => o.kind === 'training_run' ? o.id.split('/').at(-1) : o.id;
const called = o => o.kind === 'training_run' ? `of ${o.name}` : o.kind === 'model_version' ? `${o.name}, version ${Number(o.id.split('ver-')[1])}` : o.name;
function object(e, to = placeOf(e.object.kind, e.object.id)) {
    const id = shown(e.object), text = e.object.name ? called(e.object) : h('code', {}, id);
    return h('div', {}, sentence(named(e.object.kind)), ' ', to ? h('a', { href: to }, text) : text, e.object.name && h('div', {}, h('code', { class: 'soft' }, id)));
}
const row = e => h('tr', {}, h('th', { scope: 'row' }, second(e.timestamp), h('div', { class: 'd-lg-none soft' }, who(e))), h('td', { class: 'd-none d-lg-table-cell' }, who(e)), h('td', {}, what(e)), h('td', { class: 'd-none d-lg-table-cell' }, object(e)),
    h('td', { class: 'd-none d-xl-table-cell' }, h('code', { class: 'soft' }, e.request_id)));

export function audit(params) {
    const view = Object.fromEntries(fields.map(f => [f, params.get(f) ?? ''])), here = '#/audit';
    let after = params.get('after') ?? '', turn = 0;
    const rows = h('div', { class: 'rows' }, spinner('Loading')), summary = h('p', { class: 'soft mb-2', role: 'status' }), rest = h('div', { role: 'status' });

    async function load() {
        const mine = ++turn;
        rows.setAttribute('aria-busy', 'true');
        for (const box of controls.elements) { box.removeAttribute('aria-invalid'); box.removeAttribute('aria-describedby'); }
        for (const said of controls.querySelectorAll('.wrong')) said.textContent = '';
        try {
            const [page] = await Promise.all([get(query('/console/audit', { ...asked(view), after, limit: 50 })), whole()]);
            if (mine !== turn) return;
            summary.textContent = `${plural(page.items.length, 'change', 'changes')}${page.has_more || after ? ' on this page' : ''}`;
            rows.replaceChildren(...page.items.length ? [h('table', { class: 'table align-middle audit' }, h('caption', { class: 'visually-hidden' }, 'Changes, newest first'),
                h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Time'), h('th', { scope: 'col', class: 'd-none d-lg-table-cell' }, 'By'), h('th', { scope: 'col' }, 'Action'),
                    h('th', { scope: 'col', class: 'd-none d-lg-table-cell' }, 'Object'), h('th', { scope: 'col', class: 'd-none d-xl-table-cell' }, 'Request'))),
                h('tbody', {}, page.items.map(row)))] : [empty()], pages(page));
        } catch (e) {
            if (mine !== turn || e.kind === 'ended') return;
            summary.textContent = '';
            rows.replaceChildren(wrong(e) ? '' : h('div', { role: 'alert' }, notice(e, false, load)));
            if (!e.kind) console.error(e);
        } finally {
            if (mine === turn) rows.removeAttribute('aria-busy');
        }
    }
    // What the server says of a filter stands at it.
    function wrong(e) {
        const name = e.kind === 'invalid' && fields.find(f => e.fields[f]);
        if (!name) return false;
        const box = controls.elements[name], said = document.getElementById(`${box.id}-wrong`);
        said.textContent = `${box.labels[0].textContent} ${e.fields[name]}`;
        box.setAttribute('aria-invalid', 'true');
        box.setAttribute('aria-describedby', said.id);
        if (!rows.contains(document.activeElement)) box.focus();
        return true;
    }
    const hash = to => query(here, { ...view, after: to });
    const pages = page => page.has_more || after ? h('nav', { 'aria-label': 'Pages', class: 'pages' },
        after ? h('a', { class: 'btn btn-outline-secondary', href: hash('') }, 'Newest') : h('span', { class: 'btn btn-outline-secondary disabled', 'aria-disabled': 'true' }, 'Newest'),
        page.has_more ? h('a', { class: 'btn btn-outline-secondary', href: hash(page.next) }, 'Older') : h('span', { class: 'btn btn-outline-secondary disabled', 'aria-disabled': 'true' }, 'Older')) : '';
    const empty = () => h('div', { class: 'empty' }, h('p', {}, after ? 'Nothing older matches.' : 'No changes match.'), h('a', { class: 'btn btn-outline-secondary', href: here, onclick: clear }, 'Show all'));
    function clear(e) { e.preventDefault(); for (const f of fields) controls.elements[f].value = ''; changed(); controls.elements.actor.focus(); }

    function changed() {
        for (const f of fields) view[f] = controls.elements[f].value.trim();
        after = '';
        rest.replaceChildren();
        history.replaceState(null, '', hash(''));
        load();
    }
    const entry = (name, label, more) => {
        const id = uid(name);
        return h('div', {}, h('label', { for: id, class: 'form-label' }, label), h('input', { id, name, class: 'form-control', value: view[name], autocomplete: 'off', maxlength: 128, onchange: changed, ...more }),
            h('div', { id: `${id}-wrong`, class: 'wrong' }));
    };
    const kindId = uid('kind');
    const controls = h('form', { class: 'filters', role: 'search', 'aria-label': 'Filter changes', onsubmit: e => { e.preventDefault(); changed(); } },
        entry('actor', 'By', { type: 'text', placeholder: 'username' }), entry('action', 'Action', { type: 'text', maxlength: 64, placeholder: 'model.archived or model.*' }),
        h('div', {}, h('label', { for: kindId, class: 'form-label' }, 'Kind of object'), h('select', { id: kindId, name: 'kind', class: 'form-select', onchange: changed }, h('option', { value: '' }, 'All'),
            kinds.map(k => h('option', { value: k, selected: view.kind === k }, sentence(named(k))))), h('div', { id: `${kindId}-wrong`, class: 'wrong' })),
        entry('object', 'Object id', { type: 'text', placeholder: 'mdl-\u2026 or project/12' }), entry('since', 'From', { type: 'date' }), entry('until', 'To', { type: 'date' }));

    // A file of all that matches; where that is more than one has, the next one is offered.
    function save(format, label, path) {
        const button = h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: async () => {
            if (button.getAttribute('aria-disabled')) return;
            button.setAttribute('aria-disabled', 'true');
            clearToasts();
            try {
                const { data, next } = await request('GET', path ?? query('/console/audit/export', { ...asked(view), format }), { bytes: true });
                const href = URL.createObjectURL(data);
                h('a', { href, download: `audit-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${format}` }).click();
                setTimeout(() => URL.revokeObjectURL(href), 60_000);
                const within = rest.contains(button);
                rest.replaceChildren(...next ? [h('p', {}, `The file has the newest ${count(100_000)} changes, or fewer where they are large or take long to find. `, save(format, 'Export older ones', next))] : []);
                // The button that was pressed went with the others.
                if (within && document.activeElement === document.body) (rest.querySelector('button') ?? document.querySelector('.exports button'))?.focus();
                toast('good', 'The file was saved', next ? 'There are more changes than one file has.' : null);
            } catch (e) {
                if (!(e instanceof Failure) || !wrong(e)) toastFailure(e, 'export the changes');
            } finally {
                button.removeAttribute('aria-disabled');
            }
        } }, label);
        return button;
    }

    const ready = load();
    return { ready, title: 'Audit', refresh: load, node: h('div', {}, h('div', { class: 'head' }, h('h1', { tabindex: -1 }, 'Audit')),
        h('div', { class: 'panel' }, h('p', {}, 'Everything that was done in this organization, newest first. Nothing here can be changed or deleted.'), controls,
            h('div', { class: 'head' }, summary, h('div', { class: 'exports', role: 'group', 'aria-label': 'Export what matches' }, save('csv', 'Export as CSV'), save('jsonl', 'Export as JSON lines'))), rest, rows)) };
}
