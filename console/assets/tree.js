// tree.js: what lies in folders and in the trash, as one walks through it; and choosing a place, to move a folder or a model.
import { h, badge, count, nonce, plural, sentence, spinner, time } from './dom.js';
import { get, may, offers, passing, query, request } from './api.js';
import { confirm, keepToasts, notice, open, toast, toastFailure } from './dialog.js';
import { button, known, settle } from './act.js';
import { fieldset } from './fields.js';
import { FILES, base, described, folderHash, folderUrl, hash, item, lies, nameField, resourceUrl, sorts, steps, taken } from './folders.js';

const PAGE = 100;
const theSpace = async () => item((await get(`${FILES}/spaces`)).data[0]);
const offersOf = async (o, refresh, small, only) => {
    const sort = sorts[o.sort];
    return known(sort, await offers(sort, o.status), o).filter(a => !only || sort.actions[a.transition].row).map(a => button(sort, a, o, refresh, small));
};
// A key of each request: repeated after no answer it is made once; refused, it is asked anew, since what refused it may be gone.
function keysOf() {
    const keys = new Map();
    let any = false;
    return {
        any: () => any,
        async send(words, request) {
            any = true;
            if (!keys.has(words)) keys.set(words, nonce());
            try { return await request(keys.get(words)); } catch (e) { if (!passing(e)) keys.delete(words); throw e; }
        },
    };
}
// Shows the view anew, whichever it is now: what is taken back may have been done in another.
const again = () => { keepToasts(); dispatchEvent(new Event('hashchange')); };

// ---- Choosing a place --------------------------------------------------------------------

// Walks through the folders until the person says «here». Resolves when the dialog is closed: with the place, once it is moved there.
async function choose(what, run) {
    const space = await theSpace();
    const here = h('ol', { class: 'crumbs' }), said = h('p', { class: 'soft my-2', role: 'status' }), list = h('ul', { class: 'places' }), problem = h('div', { role: 'alert' });
    const yes = h('button', { type: 'button', class: 'btn btn-primary', onclick: go }, 'Move here'), no = h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: () => { if (!working) d.close(); } }, 'Cancel');
    let way = [space], turn = 0, working = false, why = null;
    const at = () => way.at(-1);
    const step = (o, text, on) => h('button', { type: 'button', class: 'btn btn-link', 'aria-current': on ? 'location' : null, onclick: () => enter(way.slice(0, way.indexOf(o) + 1)) }, text);

    async function enter(to, quiet) {
        const mine = ++turn;
        list.setAttribute('aria-busy', 'true');
        try {
            let token, all = [];
            do {
                const page = await get(query(`${folderUrl(to.at(-1).rid)}/children`, { type: 'COMPASS_FOLDER', pageSize: 1000, pageToken: token }));
                all = [...all, ...page.data.map(item)];
                token = page.nextPageToken;
            } while (token && all.length < 5000);
            if (mine !== turn) return;
            way = to;
            problem.replaceChildren();
            all.sort((a, b) => a.name.localeCompare(b.name));
            here.replaceChildren(...way.map((o, i) => h('li', {}, step(o, o.name, i === way.length - 1))));
            list.replaceChildren(...all.map(o => h('li', {}, o.rid === what.rid ? h('span', { class: 'soft' }, `${o.name} (a folder cannot be moved into itself)`)
                : h('button', { type: 'button', class: 'btn btn-link', onclick: () => enter([...way, o]) }, o.name, h('span', { 'aria-hidden': 'true' }, ' \u203a')))));
            why = at().sort === 'space' ? 'Choose a project or a folder.' : at().rid === what.parentFolderRid ? `The ${what.sort} is already here.` : null;
            said.textContent = [all.length ? `${plural(all.length, at().sort === 'space' ? 'project' : 'folder', at().sort === 'space' ? 'projects' : 'folders')} in ${at().name}.` : `No folders in ${at().name}.`, why].filter(Boolean).join(' ');
            if (why) yes.setAttribute('aria-disabled', 'true'); else yes.removeAttribute('aria-disabled');
            if (!quiet) (list.querySelector('button') ?? (why ? here.querySelector('[aria-current]') : yes)).focus();
        } catch (e) {
            if (mine === turn && e.kind !== 'ended') problem.replaceChildren(notice(e, false, () => enter(to)));
        } finally {
            if (mine === turn) list.removeAttribute('aria-busy');
        }
    }
    async function go() {
        if (working || list.hasAttribute('aria-busy')) return;
        if (why) { problem.replaceChildren(h('div', { class: 'note note-bad inline' }, why)); return; }
        working = true;
        yes.setAttribute('aria-disabled', 'true');
        problem.replaceChildren();
        try {
            await run(at());
            d.close(at());
        } catch (e) {
            // Said where another place can be chosen at once.
            problem.replaceChildren(['conflict', 'invalid', 'gone'].includes(e.kind) ? h('div', { class: 'note note-bad inline' }, h('div', {}, h('strong', {}, `Couldn\u2019t move the ${what.sort} to ${at().name}`),
                h('div', {}, `${e.message.replace(/\.$/, '')}. Choose another place, or cancel.`))) : notice(e, `move the ${what.sort}`));
        } finally {
            working = false;
            yes.removeAttribute('aria-disabled');
        }
    }
    const d = open({ title: `Move ${what.sort} \u201c${what.name}\u201d`, busy: () => working, foot: [no, yes], first: no,
        body: h('div', {}, h('nav', { 'aria-label': 'Place' }, here), said, list, problem) });
    try {
        const names = steps(what, space), found = await ancestors(names, space);
        await enter(found.length === names.length ? [space, ...found] : [space], true);
    } catch (e) { d.close(); throw e; }           // it is told on the page, which nothing may hide
    (list.querySelector('button') ?? no).focus();
    return d.closed.finally(() => { turn++; });
}

// The folders by which those names lead from the space down, as far as there are such.
async function ancestors(names, space) {
    if (!names.length) return [];
    const found = (await request('POST', `${FILES}/resources/getByPathBatch`, { body: names.map((_, i) => ({ path: `/${[space.displayName, ...names.slice(0, i + 1)].join('/')}` })) })).data.data.map(item);
    return found.filter(o => o.sort !== 'model');
}

const moveTo = (o, rid, key) => request('POST', `${resourceUrl(o.rid)}/move`, { key, body: { parentFolderRid: rid } });
// Whatever comes of it, trying again is the same request under the same key.
async function moveBack(o, refresh, key = nonce()) {
    try {
        await moveTo(o, o.parentFolderRid, key);
        toast('good', `${sentence(o.sort)} \u201c${o.name}\u201d was moved back`);
    } catch (e) { toastFailure(e, `move the ${o.sort} back`, () => moveBack(o, refresh, key)); }
    await refresh();
    settle();
}
// Of a folder or a model as item() has it.
export async function move(o, refresh) {
    const tried = keysOf();
    try {
        const to = await choose(o, place => tried.send(place.rid, key => moveTo(o, place.rid, key)));
        if (!to) { if (tried.any()) await refresh(); return; }
        toast('good', `${sentence(o.sort)} \u201c${o.name}\u201d was moved to ${to.name}`, null, false, ['Undo', () => moveBack(o, refresh)]);
        await refresh();
        settle();
    } catch (e) { toastFailure(e, `move the ${o.sort}`); }
}

// ---- Tables ---------------------------------------------------------------------------------

const tabs = on => h('nav', { 'aria-label': 'Folders' }, h('ul', { class: 'nav nav-tabs' }, [['#/folders', 'Folders'], ['#/folders/trash', 'Trash']].map(([to, text]) =>
    h('li', { class: 'nav-item' }, h('a', { class: `nav-link${text === on ? ' active' : ''}`, href: to, 'aria-current': text === on && 'page' }, text)))));

// A list that grows as the person asks for more: {node, size}; columns: [label, show(o), wide].
async function table(title, what, columns, page, refresh, none) {
    const [one, many] = what, box = h('section', { 'aria-label': title }), items = [];
    let token;
    async function more() {
        const r = await page(token);
        items.push(...r.data.map(item));
        token = r.nextPageToken;
        await paint();
    }
    async function paint() {
        const acts = new Map();
        for (const o of items) acts.set(o.rid, may('model:write') ? await offersOf(o, refresh, true, true) : []);
        const problem = h('div', { role: 'alert' });
        const on = token && h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: async () => {
            if (on.getAttribute('aria-disabled')) return;
            on.setAttribute('aria-disabled', 'true');
            const before = items.length;
            try { await more(); box.querySelectorAll('tbody th a')[before]?.focus(); } catch (e) { on.removeAttribute('aria-disabled'); if (e.kind !== 'ended') problem.replaceChildren(notice(e, false)); }
        } }, 'Show more', h('span', { class: 'visually-hidden' }, ` ${many}`));
        const any = [...acts.values()].some(a => a.length);
        box.replaceChildren(...items.length ? [
            h('h2', { class: 'h5' }, title, h('span', { class: 'soft' }, token ? ` the first ${count(items.length)}` : ` ${count(items.length)}`)),
            h('table', { class: 'table align-middle' }, h('caption', { class: 'visually-hidden' }, title),
                h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Name'), columns.map(([label]) => h('th', { scope: 'col', class: 'd-none d-lg-table-cell' }, label)),
                    any && h('th', { scope: 'col', class: 'acts' }, h('span', { class: 'visually-hidden' }, 'Actions')))),
                h('tbody', {}, items.map(o => h('tr', { 'data-id': o.rid }, h('th', { scope: 'row' }, h('a', { href: hash(o) }, o.name),
                    h('div', { class: 'd-lg-none soft' }, columns.map(([label, show]) => h('div', {}, `${label}: `, show(o))))),
                columns.map(([, show]) => h('td', { class: 'd-none d-lg-table-cell' }, show(o))),
                any && h('td', { class: 'acts' }, h('div', {}, acts.get(o.rid))))))),
            h('div', { class: 'pages' }, on || null, problem)] : none ? [h('p', { class: 'empty' }, none(one, many))] : []);
    }
    await more();
    return { node: box, size: items.length };
}

const changed = ['Changed', o => time(o.updatedTime)];
const failed = (title, e, load) => { if (!e.kind) console.error(e); return h('div', {}, h('h1', { tabindex: -1 }, title), h('div', { role: 'alert' }, notice(e, false, load))); };

// ---- A folder -------------------------------------------------------------------------------

export async function folder(rid) {
    const holder = h('div', {}, spinner('Loading'));
    let title = 'Folders', turn = 0;

    async function load() {
        const mine = ++turn;
        const space = await theSpace(), o = rid ? item(await get(folderUrl(rid))) : item(await get(folderUrl(space.rid)));
        const above = await ancestors(steps(o, space), space);
        const children = (type, sort) => table(sort[1].charAt(0).toUpperCase() + sort[1].slice(1), sort, [changed],
            pageToken => get(query(`${folderUrl(o.rid)}/children`, { type, trashed: o.status === 'archived' || null, pageSize: PAGE, pageToken })), refresh);
        const inside = [await children('COMPASS_FOLDER', o.sort === 'space' ? ['project', 'projects'] : ['folder', 'folders']), ...o.sort === 'space' ? [] : [await children('MODELS_MODEL', ['model', 'models'])]];
        const top = above.find(a => a.trashStatus === 'DIRECTLY_TRASHED'), acts = may('model:write') && await offersOf(o, refresh);
        if (mine !== turn) return;                   // a later look has more to say
        title = o.name;
        holder.replaceChildren(tabs('Folders'), h('div', { class: 'panel' },
            o.sort !== 'space' && h('nav', { 'aria-label': 'Breadcrumb' }, h('ol', { class: 'crumbs' }, [space, ...above].map(a => h('li', {}, h('a', { href: folderHash(a.rid) }, a.name))), h('li', { 'aria-current': 'page' }, o.name))),
            h('div', { class: 'head' }, h('h1', { tabindex: -1 }, o.name), o.status === 'archived' && badge(base, 'archived')),
            o.description && h('p', {}, o.description),
            o.home && o.sort === 'project' && h('p', { class: 'soft' }, 'The default project holds models that are created without a folder. It cannot be renamed, moved or deleted.'),
            o.trashStatus === 'DIRECTLY_TRASHED' && h('p', {}, 'In the trash since ', time(o.updatedTime), '. Restoring it brings back everything that went to the trash with it.'),
            o.trashStatus === 'ANCESTOR_TRASHED' && h('p', {}, 'This folder went to the trash with ', top ? h('a', { href: folderHash(top.rid) }, top.name) : 'a folder that it lies in', '. Restore that folder to get this one back.'),
            may('model:write') && h('div', { class: 'bulk mb-3' }, o.status === 'active' && h('button', { type: 'button', class: 'btn btn-primary', onclick: () => make(o) }, o.sort === 'space' ? 'New project' : 'New folder'), acts),
            inside.map(i => i.node), !inside.some(i => i.size) && h('p', { class: 'empty' }, 'This folder is empty.')));
    }
    async function refresh() {
        if (!holder.isConnected) return again();
        const within = holder.contains(document.activeElement);
        try { await load(); } catch (e) { if (e.kind !== 'ended') holder.replaceChildren(tabs('Folders'), failed('Folders', e)); }
        if (within || document.activeElement === document.body) holder.querySelector('h1')?.focus();
    }
    async function make(o) {
        const project = o.sort === 'space', what = project ? 'project' : 'folder', tried = keysOf();
        const form = fieldset([nameField(''), ...project ? [described] : []]);
        try {
            const done = await confirm({ title: `New ${what} in \u201c${o.name}\u201d`, body: h('p', {}, project ? 'A project holds folders and models. Everyone in your organization can see it.' : 'A folder holds models and other folders.'), form, label: `Create ${what}`, run: () => {
                const body = { ...form.values(), ...project ? { spaceRid: o.rid } : { parentFolderRid: o.rid } };
                return tried.send(JSON.stringify(body), key => request('POST', project ? `${FILES}/projects/create` : `${FILES}/folders`, { key, body }));
            } });
            if (!done) return;
            toast('good', `${sentence(what)} \u201c${done.data.displayName}\u201d was created`);
            await refresh();
            (holder.querySelector(`tr[data-id="${CSS.escape(done.data.rid)}"] a`) ?? holder.querySelector('h1'))?.focus();
        } catch (e) { toastFailure(e, `create the ${what}`); }
    }

    try { await load(); } catch (e) { if (e.kind === 'ended') throw e; holder.replaceChildren(tabs('Folders'), failed(e.kind === 'gone' ? 'Not found' : 'Folders', e, e.kind === 'gone' ? null : refresh)); }
    return { title, node: holder, refresh };
}

// ---- The trash --------------------------------------------------------------------------------

export async function trash() {
    const holder = h('div', {}, spinner('Loading'));
    let turn = 0;

    async function load() {
        const mine = ++turn;
        const space = await theSpace(), url = `${FILES}/spaces/${encodeURIComponent(space.rid)}/trash`;
        const all = await table('In the trash', ['item', 'items'], [['Kind', o => sentence(o.sort)], ['Was in', o => steps(o, space).join(' / ') || space.name], ['Since', o => time(o.updatedTime)]],
            pageToken => get(query(url, { pageSize: PAGE, pageToken })), refresh, () => 'The trash is empty.');
        if (mine !== turn) return;
        holder.replaceChildren(tabs('Trash'), h('div', { class: 'panel' }, h('div', { class: 'head' }, h('h1', { tabindex: -1 }, 'Trash')),
            h('p', {}, 'The trash is the archive: a model in the trash is archived, and an archived model is in the trash. Anything that went to the trash with its folder is listed in that folder, and is restored with it.'), all.node));
    }
    async function refresh() {
        if (!holder.isConnected) return again();
        const within = holder.contains(document.activeElement);
        try { await load(); } catch (e) { if (e.kind !== 'ended') holder.replaceChildren(tabs('Trash'), failed('Trash', e)); }
        if (within || document.activeElement === document.body) holder.querySelector('h1')?.focus();
    }

    try { await load(); } catch (e) { if (e.kind === 'ended') throw e; holder.replaceChildren(tabs('Trash'), failed('Trash', e, refresh)); }
    return { title: 'Trash', node: holder, refresh };
}
