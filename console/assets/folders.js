// folders.js: where models lie: the space, its projects and their folders; the trash; and what of both a model's page
// tells. What one sees of them is tree.js.
//
//   #/folders   the space    #/folders/ri.compass.main.folder.1   a project or a folder    #/folders/trash
import { listed, plural } from './dom.js';
import { get, later, named, query, request } from './api.js';

const [folder, trash, move] = ['folder', 'trash', 'move'].map(what => later('tree', what));

export const FILES = '/api/v2/filesystem';
const LOOKED_AT = 60;
export const folderUrl = rid => `${FILES}/folders/${encodeURIComponent(rid)}`, resourceUrl = rid => `${FILES}/resources/${encodeURIComponent(rid)}`;
const uuid = rid => rid.split('.').at(-1);
const isSpace = rid => rid.includes('.space.');
export const folderHash = rid => isSpace(rid) ? '#/folders' : `#/folders/${encodeURIComponent(rid)}`;
// The models API has the same id without what makes it a UUID.
const modelId = rid => { const [a, b, c, , e] = uuid(rid).split('-'); return `mdl-${a}${b}${c.slice(1)}${e.slice(3)}`; };

// One thing as the views have it. Models made elsewhere are in the home, which stays as it is.
export const item = o => ({ ...o, name: o.displayName, status: !o.trashStatus || o.trashStatus === 'NOT_TRASHED' ? 'active' : 'archived', home: uuid(o.rid) === uuid(o.spaceRid ?? ''),
    sort: isSpace(o.rid) ? 'space' : o.rid.includes('.model.') ? 'model' : isSpace(o.parentFolderRid ?? '.space.') ? 'project' : 'folder' });
export const hash = o => o.sort === 'model' ? `#/models/${modelId(o.rid)}` : folderHash(o.rid);
// What leads there from the space, which is not among them, by their names; no name of a folder has a slash, a model's may.
export const steps = (o, space) => o.path.slice(space.displayName.length + 2, o.path.length - o.displayName.length).split('/').filter(Boolean);
export const lies = o => steps(o, { displayName: o.path.split('/')[1] }).at(-1) ?? 'the space';

// Of a folder that is to be deleted for good: what is in it. As much as one waits for.
async function lost(what) {
    const waiting = [what.rid], of = { folder: 0, model: 0 };
    let looked = 0;
    while (waiting.length && looked++ < LOOKED_AT) {
        const page = await get(query(`${folderUrl(waiting.pop())}/children`, { trashed: true, pageSize: 1000 }));
        for (const o of page.data.map(item)) {
            if (o.sort === 'model') of.model++; else { of.folder++; waiting.push(o.rid); }
        }
    }
    const parts = [of.folder && plural(of.folder, 'folder', 'folders'), of.model && plural(of.model, 'model', 'models')].filter(Boolean);
    return parts.length ? `${waiting.length ? 'more than ' : ''}${listed(parts)}` : null;
}
const FOR_GOOD = 'They can no longer be seen, used or restored. Their history is kept.';

// ---- What one may do with them ------------------------------------------------------------

const parent = o => folderHash(o.parentFolderRid);
export const taken = /name/i;                 // what is said of a name, whether it is taken or is none
export const nameField = (start, label = 'Name') => ({ name: 'displayName', label, type: 'text', required: true, start, taken, help: '1 to 700 characters without slashes; must be unique here' });
export const described = { name: 'description', label: 'Description', type: 'area' };
export const base = {
    word: 'folder', path: 'folders', title: 'Folders', group: 'Models', read: 'model:read', create: 'model:write', noHistory: true, listed: ['active'], archived: 'archived',
    statuses: { active: { label: 'Active', tone: 'green' }, archived: { label: 'In the trash', tone: 'slate' } },
    id: o => o.rid, name: o => o.name, status: o => o.status,
    api: { base: `${FILES}/resources`, one: item },
    own: [
        { transition: 'FOLDER_RENAME', from: ['active'], to: 'same', method: 'PUT', permission: 'model:write' },
        { transition: 'FOLDER_PLACE', from: ['active'], to: 'same', method: 'POST', permission: 'model:write' },
    ],
    actions: {
        FOLDER_RESTORE: { label: 'Restore', row: true, done: 'was restored', of: o => o.trashStatus === 'DIRECTLY_TRASHED', leads: () => location.hash,
            ask: o => `Returns to where it was${o.sort === 'model' ? '' : ', with everything that went to the trash with it'}.` },
        FOLDER_RENAME: { label: 'Rename', bare: true, tone: 'secondary', done: 'was renamed', of: o => ['folder', 'project'].includes(o.sort) && !o.home, ask: 'Changes the name. The id stays the same.', leads: () => location.hash,
            // As it is now, or else the name would come with an older place.
            load: async (_, o) => { const { data, etag } = await request('GET', o.sort === 'project' ? `${FILES}/projects/${encodeURIComponent(o.rid)}` : folderUrl(o.rid)); return { data, etag }; },
            fields: (o, now) => [nameField(now.data.displayName), ...o.sort === 'project' ? [{ ...described, start: now.data.description }] : []],
            send: (o, values, now) => ({ match: now.etag, ...o.sort === 'project' ? { path: `${FILES}/projects/${encodeURIComponent(o.rid)}`, body: values }
                : { path: folderUrl(o.rid), body: { ...values, parentFolderRid: now.data.parentFolderRid } } }) },
        FOLDER_PLACE: { label: 'Move', row: true, tone: 'secondary', of: o => ['folder', 'model'].includes(o.sort), ask: 'Choose another folder for it.', perform: move },
        FOLDER_ARCHIVE: { label: 'Move to trash', bare: true, row: true, tone: 'secondary', undo: 'FOLDER_RESTORE', done: 'was moved to the trash', of: o => o.sort !== 'space' && !o.home,
            ask: o => o.sort === 'model' ? 'Archives the model. You can restore it from the trash at any time.' : `Moves the ${o.sort} to the trash with everything in it; its models are archived. You can restore all of it together at any time.`,
            leads: (_, o) => location.hash === hash(o) ? parent(o) : location.hash },
        FOLDER_DELETE: { label: 'Delete permanently', bare: true, row: true, tone: 'danger', no: 'Keep it', done: 'was permanently deleted', of: o => o.trashStatus === 'DIRECTLY_TRASHED', typed: o => o.name, leads: () => '#/folders/trash',
            foresee: async (_, o) => {
                const also = o.sort === 'model' ? 'its versions' : await lost(o);
                return { text: `This permanently deletes the ${o.sort}${also ? `${o.sort === 'model' ? ' and' : ', with'} ${also}${o.sort === 'model' ? '' : ' in it and their versions'}` : ', which is empty'}. ${FOR_GOOD}` };
            } },
    },
    audit: { 'folder.updated': 'Edited', 'folder.archived': 'Moved to the trash', 'folder.deleted': 'Permanently deleted' },
};
export const sorts = { folder: { ...base, one: 'folder', many: 'folders' }, project: { ...base, one: 'project', many: 'projects' }, model: { ...base, one: 'model', many: 'models' }, space: { ...base, one: 'space', many: 'spaces' } };
// The entry of resources.js, whose page is its own.
export const folders = { ...sorts.folder, view: (id, verb) => verb ? null : id === 'trash' ? trash() : folder(id) };

// ---- A model's place, for its page ----------------------------------------------------------

// The folder that it lies in, and whether it is in the trash with that.
export async function located(m, get) {
    const url = resourceUrl(m.rid), found = (await named(get, [url])).get(url);
    if (!found) return;
    m.file = item(found);
    m.folder = { href: folderHash(found.parentFolderRid), text: lies(found) };
    if (found.trashStatus === 'ANCESTOR_TRASHED') m.taken = { href: m.folder.href, text: `With ${lies(found)}: restore that folder to get the model back` };
}
// Which of the models that are archived were deleted for good: their history is all that there is.
export async function bury(models) {
    const archived = models.filter(m => m.status === 'archived');
    if (!archived.length) return;
    try {
        const there = (await request('POST', `${FILES}/resources/getBatch`, { body: archived.map(m => ({ resourceRid: m.rid })) })).data.data;
        for (const m of archived) m.gone = !(m.rid in there);
    } catch (e) { if (e.kind === 'ended') throw e; }
}
export const moveModel = { label: 'Move to folder', bare: true, after: 'stay', tone: 'secondary', ask: 'Choose another folder for the model.', of: m => !!m.file, perform: (m, refresh) => move(m.file, refresh) };
export const eraseModel = { label: 'Delete permanently', bare: true, leads: () => '#/folders/trash', tone: 'danger', no: 'Keep it', typed: m => m.name, done: 'was permanently deleted', of: m => !m.taken,
    ask: 'Deletes the model and all its versions permanently.',
    foresee: async (ask, m) => {
        const n = (await ask(`/api/v1/models/${encodeURIComponent(m.id)}/versions?page_size=1`)).total;
        return { text: `This permanently deletes the model${n ? ` and its ${plural(n, 'version', 'versions')}` : ', which has no versions'}. ${FOR_GOOD}` };
    },
    send: m => ({ path: `${resourceUrl(m.rid)}/permanentlyDelete` }) };
