// resources.js: what the console knows of each kind of object. The components
// (list, detail, form, timeline, dialog) know none; a new resource is an entry here.
//
//   from        the file that has the rest of the entry, which is fetched with its first view (`whole`); here stands what
//               the navigation and the addresses need
//   word        its name in /console/actions, /console/activity and /console/history
//   path        where it lives behind the #
//   menu        its title in the navigation, where that is another; group: under which heading it stands there
//   inner       no list of its own in the navigation: seen in another one's detail
//   flat        no page of one: all of it is in the list
//   view        (id, verb) -> its own view instead of list and detail, or null where there is none
//   about, none what a list says above its rows, and instead of them; purpose: what such an object is for, where there is
//               none; first: {href, text}: where the first one is made, where that is not its own form
//   modes       its objects are live or test data, which lists show one of
//   within      {word, field, place}: it belongs to the object that this field names;
//               place: the field with the way there
//   api         base: its URL, or url(id): that of an object; list(view) -> query;
//               page(reply) -> {items, total, size}, or {items, more} when the API has
//               cursors; one(reply) -> the object; secret(reply): shown once: a text, or
//               {text, title, about, label};
//               complete(items, get, alone): what is worth a request more, for the
//               names; alone: on a detail page
//   id, name, status     where an object has these
//   key         where the id names no row of a list
//   history     (id) -> its path below /console/history, where that is not of its word and id
//   madeElsewhere  not in the console, though its form edits it
//   pending     (object): it ends by itself, and is looked at until it has
//   rights      (object): the words of what this person may do with it, which edit, actions and
//               fields have as `needs`: a word, or of what it follows from
//   mine        (object, user): only these are listed, and may be acted on
//   seen        (object): the status that is shown, where it says more than the one that offers go by
//   compares    its versions can be compared
//   archived    the status that the Archived view asks for; listed: those of the list;
//               shown: the one that is listed when none is chosen
//   statuses    status -> {label, tone}
//   searches    what the search looks for, where it is more than the name
//   noSearch, noHistory, counted    what the API does not offer; whether the overview counts it
//   sorts       [value, label] that the API offers, which columns have as `sort`: [{value, down}]; filters: {name, label, options, type, more}:
//               type: text or date, where there are no options; more: behind the others
//   numbers     the field with numbers by their names, of which the person chooses columns
//   columns     {label, field, kind, wide, below, from}: wide ones are left out on a narrow screen, and those with
//               `from` below that width (xl, xxl); the status goes below the name, and so do those that are said to
//   details     {label, field, kind} of the detail page; prose: the field of which it has the text as Markdown
//   file        (object) -> {path, name, of}, or null: what can be saved, from its detail
//   parts       {word, title, url(object), query(object), none, make}: the objects that
//               belong to it, as lists in its detail; make: the statuses in which another
//               can be made; link {text, href(object), least}: where all of them are seen together, from so many on; of(object): where there is such a list; does: the actions on the
//               object whose buttons stand above it; node(object, refresh): what stands there instead
//   lineage     {word, url(object), node(n), here, none}: what it was copied from and to, of
//               {version, from, to, more, hidden}; node: {href, name, text, status, created}
//               of one of them; word: of whose statuses
//   tables      {title, field, none, columns, whole, first}: lists in the object itself; whole: however long; first: above its parts
//   form        fields {name, label, type, options, help, required, only}; type: text,
//               area, markdown, number, check, checks, choice, lines, password, tags, colour, labels, numbers, json, owner, events; only: 'create' or 'edit';
//               load(get): its options, where the server has them;
//               of(object): where there is such a field; at: what the server calls it besides;
//               taken: how a conflict reads that is about this one; when(values): shown beside these; says(values): what they would do; start: its
//               value, where the object has none; must: what has to be typed, or is said of a
//               check that is not set
//   edit        method, url(object) where that is not its own, and the transitions that it stands for; send(values, object):
//               the body, when that is not the values
//   create      the permission that it takes
//   make        {url, send(values)}: where, and with what body, one is created, if that is another
//   maker       (params) -> the view in which one is made, where that is more than the form
//   own         offers as /console/actions has them, of what is no transition of its own;
//               {url} in a path is the object's
//   actions     transition -> {label, ask (a text, or of the object), done, tone, row, after, undo, foresee}: in the order in
//               which they are offered. row: also offered in the list; after: 'list' when
//               there is no detail to go to afterwards, 'stay' where one is well placed; undo: the
//               transition that takes it back, so that one stays in a list too;
//               bare: its label says all, without the word for the object; deed: where the
//               question takes more words than the label;
//               done: what the toast says of the object, or of(object) all of it;
//               no: the words of the harmless button, where Cancel would be unclear; did(reply):
//               what else is said when it was done;
//               of(object): where it is offered; leads(reply, object) -> hash;
//               perform: (object, refresh): does all of it itself, asking too;
//               foresee: {ask(object, o) -> {method, path, body}, told(reply, object, o) -> {to, text} or
//               {text, checks, refused}}, or (get, object) -> that: asked before the person is; load(get, object): likewise;
//               fields(object, loaded): what the person fills in, as in form; typed(object): the
//               name that has to be typed; send(object, values, loaded) -> {path, body, match};
//               pick: {word, title(object), mark(object, o), deed, told(object, o),
//               send(object, o, values) -> {path, body}, did(o), leads(reply, o, get) -> hash}: the
//               person chooses an object o of that word first
//   audit       audit action -> how the history tells it

import { get, later, may, named } from './api.js';
import { h, plural } from './dom.js';
import { aliasPart, details as origin, holdPart, marks, modelActions, modelOffers, modelTags, named as inMlflow, stageAction, tell, use, useApi, versionActions, versionOffers, versionTags } from './mlflow.js';
import { bury, eraseModel, folders, located, moveModel } from './folders.js';

const [failing, payload] = ['failing', 'payload'].map(what => later('webhook', what)), upload = later('upload', 'upload');

const projects = {
    word: 'project', path: 'projects', one: 'project', many: 'projects', title: 'Projects', group: 'Work', counted: true,
    purpose: 'A project is a site that is built, published and paused from here.',
    read: 'project:read', create: 'project:write',
    id: p => p.id, name: p => p.name, status: p => p.status,
    api: {
        base: '/api/v1/projects',
        list: v => ({ status: v.status, search: v.search, sort: v.sort, page: v.page - 1, size: v.limit ?? 20 }),
        page: r => ({ items: r.data, total: r.totalElements, size: r.size }),
        one: r => r.data,
        // An address leads somewhere while the project is live.
        complete(items) { for (const p of items) p[['LIVE', 'UPDATED'].includes(p.status) ? 'site' : 'address'] = p.previewUrl; },
    },
    pending: p => p.status === 'BUILDING',
    archived: 'ARCHIVED', listed: ['DRAFT', 'BUILDING', 'LIVE', 'UPDATED', 'PAUSED'],
    statuses: {
        DRAFT: { label: 'Draft', tone: 'grey' },
        BUILDING: { label: 'Building', tone: 'violet' },
        LIVE: { label: 'Live', tone: 'green' },
        UPDATED: { label: 'Updated', tone: 'blue' },
        PAUSED: { label: 'Paused', tone: 'amber' },
        ARCHIVED: { label: 'Archived', tone: 'slate' },
        DELETED: { label: 'Deleted', tone: 'red' },
    },
    sorts: [['recent', 'Recently updated'], ['name', 'Name'], ['status', 'Status']],
    filters: [],
    columns: [
        { label: 'Name', field: 'name', sort: [{ value: 'name' }] },
        { label: 'Status', field: 'status', kind: 'status', sort: [{ value: 'status' }] },
        { label: 'URL', field: 'url', wide: true },
        { label: 'Tech stack', field: 'techStack', wide: true },
        { label: 'Changed', field: 'updatedAt', kind: 'time', wide: true, sort: [{ value: 'recent', down: true }] },
    ],
    details: [
        { label: 'Description', field: 'description' },
        { label: 'URL', field: 'site', kind: 'link', optional: true },
        { label: 'URL (not live)', field: 'address', optional: true },
        { label: 'Tech stack', field: 'techStack' },
        { label: 'Accent', field: 'accent', kind: 'colour' },
        { label: 'Build', field: 'progress', kind: 'percent', optional: true },
        { label: 'Created', field: 'createdAt', kind: 'time' },
        { label: 'Changed', field: 'updatedAt', kind: 'time' },
        { label: 'Id', field: 'id', kind: 'code' },
    ],
    form: [
        { name: 'name', label: 'Name', type: 'text', required: true },
        { name: 'description', label: 'Description', type: 'area' },
        { name: 'url', label: 'URL', type: 'text', taken: /taken/, help: 'An unused address such as wildwood-bakery.talkide.app' },
        { name: 'techStack', label: 'Tech stack', type: 'text', help: 'For example Vue + Spring Boot' },
        { name: 'accent', label: 'Accent', type: 'colour', help: 'A colour, such as oklch(0.78 0.15 70)',
          options: ['oklch(0.78 0.15 70)', 'oklch(0.70 0.17 25)', 'oklch(0.72 0.15 150)', 'oklch(0.70 0.13 230)', 'oklch(0.65 0.18 290)', 'oklch(0.70 0.17 350)'] },
    ],
    edit: { method: 'PUT', transitions: ['PROJECT_EDIT'] },
    actions: {
        PROJECT_PUBLISH: { label: 'Publish', ask: 'The project goes live.', done: 'is live' },
        PROJECT_RESUME: { label: 'Resume', ask: 'The project goes live again.', done: 'is live again' },
        PROJECT_PAUSE: { label: 'Pause', tone: 'secondary', ask: 'The project is not live until it is resumed.', done: 'is paused' },
        PROJECT_RESTORE: { label: 'Restore', row: true, ask: 'The project returns to the status that it had before it was archived.', done: 'was restored',
            foresee: async (get, p) => {
                const was = (await get(`/console/history/project/${p.id}?page_size=50`)).items.find(e => e.action === 'project.archived')?.from_status;
                return was ? { to: was, text: 'This was its status when it was archived.' } : { text: 'The project returns to the status that it had before it was archived.' };
            } },
        PROJECT_ARCHIVE: { label: 'Archive', row: true, tone: 'secondary', undo: 'PROJECT_RESTORE', ask: 'The project is hidden from the list. It can be restored from the archive at any time.', done: 'was archived' },
        PROJECT_DELETE: { label: 'Delete', tone: 'danger', after: 'list', ask: 'This permanently deletes the project. It cannot be restored.', done: 'was deleted' },
    },
    audit: { 'project.updated': 'Edited', 'project.build_started': 'Build started', 'project.build_progressed': 'Build progress', 'project.built': 'Build finished' },
};

// An id of two parts, where the API has the object below another: without its second part it is nobody's.
const halves = id => { const [first, second] = id.split('.').map(encodeURIComponent); return [first, second || '-']; };

const tasks = [['classification', 'Classification'], ['regression', 'Regression'], ['clustering', 'Clustering']];
const inUse = m => models.listed.includes(m.status);
const modelUrl = id => `/api/v1/models/${encodeURIComponent(id)}`;
const versionUrl = (model, version) => `${modelUrl(model)}/versions/${encodeURIComponent(version)}`;
const spelled = number => `ver-${String(number).padStart(3, '0')}`;
// What a file is saved as: of its own name only how it ends.
const fileName = v => `${v.model_id}-${v.version_id}${/\.\w{1,12}$/.exec(v.artifacts?.model_file ?? '')?.[0] ?? '.dill'}`;
const usedFile = v => v?.artifact && { path: `${versionUrl(v.model_id, v.version_id)}/artifact`, name: fileName(v), sha256: v.artifact.sha256, number: v.version_number };
const moves = m => !may('model:write') ? null : m.status === 'archived' ? { text: 'Restore this model', paths: [`${modelUrl(m.id)}/unarchive`] }
    : m.status === 'training' ? null : { text: 'Archive this model, and restore it', paths: [`${modelUrl(m.id)}/archive`, `${modelUrl(m.id)}/unarchive`] };
async function usedModel(m) {
    const newest = (await get(`${modelUrl(m.id)}/versions?page_size=20`)).items.filter(v => v.artifact);
    return { what: 'model', read: modelUrl(m.id), file: usedFile(newest.find(v => v.is_promoted) ?? newest[0]), moves: moves(m) };
}
const models = {
    word: 'model', path: 'models', one: 'model', many: 'models', title: 'Models', group: 'Models', counted: true,
    purpose: 'A model keeps its versions, who trained and promoted them, and which one is in production.',
    read: 'model:read', create: 'model:write', compares: true,
    id: m => m.id, name: m => m.name, status: m => m.gone ? 'retired' : m.status, seen: m => m.gone ? 'retired' : m.status,
    api: {
        base: '/api/v1/models',
        list: v => ({ status: v.status, search: v.search, task_type: v.task_type, page: v.page, page_size: v.limit ?? 20 }),
        page: r => ({ items: r.items, total: r.total, size: r.page_size }),
        one: r => r,
        async complete(items, get, alone) {
            if (!alone) return bury(items);
            const [m] = items, url = m.active_version !== null && versionUrl(m.id, spelled(m.active_version));
            Object.assign(m, { target: m.config.target_column, features: m.config.feature_columns });
            const [found] = await Promise.all([named(get, url ? [url] : []), located(m, get), bury(items)]), v = found.get(url);
            if (url) m.active = { href: `#/versions/${versionId(m.id, spelled(m.active_version))}`, text: `Version ${m.active_version}` };
            if (v?.algorithm || Object.keys(v?.hyperparameters ?? {}).length) m.active_config = { algorithm: v.algorithm, hyperparameters: v.hyperparameters };
        },
    },
    pending: m => m.status === 'training',
    archived: 'archived', listed: ['draft', 'training', 'ready'],
    statuses: {
        draft: { label: 'Draft', tone: 'grey' },
        training: { label: 'Training', tone: 'violet' },
        ready: { label: 'Ready', tone: 'green' },
        archived: { label: 'Archived', tone: 'slate' },
        retired: { label: 'Permanently deleted', tone: 'red' },
    },
    sorts: [],
    filters: [{ name: 'task_type', label: 'Task', options: tasks }],
    columns: [
        { label: 'Name', field: 'name' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Task', field: 'task_type', wide: true },
        { label: 'Tags', field: 'tags', kind: 'words', wide: true },
        { label: 'Changed', field: 'updated_at', kind: 'time', wide: true },
    ],
    prose: 'description',
    details: [
        { label: 'Type', field: 'model_type' },
        { label: 'Task', field: 'task_type' },
        { label: 'Folder', field: 'folder', kind: 'place', optional: true },
        { label: 'In the trash', field: 'taken', kind: 'place', optional: true },
        { label: 'Active version', field: 'active', kind: 'place', optional: true },
        { label: 'Active configuration', field: 'active_config', kind: 'json', optional: true },
        { label: 'Dataset', field: 'dataset_id' },
        { label: 'Target', field: 'target', optional: true },
        { label: 'Features', field: 'features', kind: 'words', optional: true },
        { label: 'Tags', field: 'tags', kind: 'words' },
        { label: 'Configuration', field: 'config', kind: 'json' },
        { label: 'Metadata', field: 'metadata', kind: 'json' },
        { label: 'Created', field: 'created_at', kind: 'time' },
        { label: 'Changed', field: 'updated_at', kind: 'time' },
        { label: 'Archived', field: 'archived_at', kind: 'time', optional: true },
        { label: 'Restored', field: 'unarchived_at', kind: 'time', optional: true },
        { label: 'Created by', field: 'created_by', kind: 'code', optional: true },
        { label: 'Id', field: 'id', kind: 'code' },
        { label: 'RID', field: 'rid', kind: 'code' },
    ],
    parts: [
        { word: 'version', title: 'Versions', url: m => `${modelUrl(m.id)}/versions`, none: 'No versions yet.', make: ['draft', 'training', 'ready'],
            link: { text: 'Compare versions', least: 2, href: m => `#/models/${encodeURIComponent(m.id)}/compare` } },
        { word: 'run', title: 'Training runs', url: m => `${modelUrl(m.id)}/train`, none: 'No training runs yet.' },
        aliasPart, { of: inUse, node: m => use(o => ({ name: o.name }), m) },
        { node: m => useApi(usedModel, m) }, modelTags(inUse), holdPart,
    ],
    form: [
        { name: 'name', label: 'Name', type: 'text', required: true },
        { name: 'description', label: 'Description', type: 'markdown', help: 'Markdown, up to 2,048 characters. HTML is shown as text, and images as links.' },
        { name: 'model_type', label: 'Type', type: 'choice', required: true, only: 'create', options: [['auto', 'Auto'], ['custom', 'Custom']] },
        { name: 'task_type', label: 'Task', type: 'choice', required: true, only: 'create', options: tasks },
        { name: 'tags', label: 'Tags', type: 'tags', help: 'Separate tags with commas' },
        { name: 'dataset_id', label: 'Dataset', type: 'text', help: 'Id of the data that the model is trained on' },
        { name: 'config', label: 'Configuration', type: 'json', help: 'target_column, feature_columns (an array) and algorithm have a meaning; other names are kept as they are.' },
        { name: 'metadata', label: 'Metadata', type: 'json', help: 'A JSON object of your own' },
    ],
    // What was not changed is not sent: a browser could not keep every number.
    edit: { method: 'PATCH', transitions: ['MODEL_EDIT'], send(values, m) {
        const changed = Object.entries(values).filter(([key, v]) => JSON.stringify(v) !== JSON.stringify(m[key] ?? null));
        return changed.length ? Object.fromEntries(changed) : { name: values.name };
    } },
    own: [...modelOffers(['draft', 'training', 'ready']),
        { transition: 'MODEL_FILE', from: ['draft', 'training', 'ready'], to: 'same', method: 'POST', permission: 'model:write' },
        { transition: 'MODEL_ERASE', from: ['archived'], to: 'retired', method: 'POST', permission: 'model:write' }],
    actions: {
        MODEL_UNARCHIVE: { label: 'Restore', row: true, of: m => !m.taken, ask: 'The model becomes ready if it has a version, and a draft otherwise.', done: 'was restored',
            foresee: async (get, m) => {
                const n = (await get(`${modelUrl(m.id)}/versions?page_size=1`)).total;
                return { to: n ? 'ready' : 'draft', text: n ? `The model has ${plural(n, 'version', 'versions')}.` : 'The model has no versions.' };
            } },
        MODEL_ARCHIVE: { label: 'Archive', row: true, tone: 'secondary', undo: 'MODEL_UNARCHIVE', ask: 'The model is hidden from the list and cannot be trained or deployed. It can be restored at any time.', done: 'was archived' },
        MODEL_FILE: moveModel, ...modelActions, MODEL_ERASE: eraseModel,
    },
    audit: { 'model.unarchived': 'Restored', 'model.updated': 'Edited', 'model.config_updated': 'Configuration edited',
        'model.dataset_linked': 'Dataset set', 'model.dataset_unlinked': 'Dataset removed',
        'model.training_completed': 'Training succeeded' },
};

const runLog = r => h('section', { class: 'panel', 'aria-labelledby': 'log' }, h('h2', { id: 'log', class: 'h5' }, 'Log'),
    r.logs?.length ? h('pre', { class: 'log', tabindex: 0, role: 'region', 'aria-label': 'Log, text' }, r.logs.join('\n'))
        : h('p', { class: 'soft mb-0' }, r.status === 'training' ? 'The trainer sends the log when the run ends. This page shows it then.' : 'The trainer sent no log.'));

// A run ends when its trainer says so; one whose trainer is gone is ended by a person.
const runs = {
    word: 'run', path: 'runs', one: 'training run', many: 'training runs', title: 'Models', inner: 'models',
    read: 'model:read', create: 'model:write', noHistory: true, within: { word: 'model', field: 'model_id', place: 'model' },
    id: r => `${r.model_id}.${r.job_id}`, name: r => r.algorithm ?? r.job_id, status: r => r.status,
    api: {
        base: '', list: v => ({ page: v.page, page_size: v.limit }), page: r => ({ items: r.items, total: r.total, size: r.page_size }), one: r => r,
        url: id => { const [model, run] = halves(id); return `${modelUrl(model)}/train/${run}`; },
        async complete(items, get, alone) {
            const found = alone ? await named(get, items.map(r => modelUrl(r.model_id))) : null;
            for (const r of items) {
                Object.assign(r, { model_file: r.artifacts?.model_file, onnx_file: r.artifacts?.onnx_file, took: r.ended_at ? Math.round((new Date(r.ended_at) - new Date(r.started_at)) / 1000) : null });
                if (alone) r.model = { href: `#/models/${r.model_id}`, text: found.get(modelUrl(r.model_id))?.name ?? r.model_id };
            }
        },
    },
    pending: r => r.status === 'training',
    listed: [],
    statuses: {
        training: { label: 'Running', tone: 'violet' },
        completed: { label: 'Completed', tone: 'green' },
        failed: { label: 'Failed', tone: 'red' },
    },
    columns: [
        { label: 'Algorithm', field: 'algorithm' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Started', field: 'started_at', kind: 'time', wide: true },
        { label: 'Ended', field: 'ended_at', kind: 'time', wide: true },
        { label: 'Reason', field: 'reason', kind: 'long', wide: true },
        { label: 'Id', field: 'job_id', kind: 'code', wide: true },
    ],
    details: [
        { label: 'Model', field: 'model', kind: 'place' },
        { label: 'Algorithm', field: 'algorithm' },
        { label: 'Reason', field: 'reason', optional: true },
        { label: 'Hyperparameters', field: 'hyperparameters', kind: 'pairs' },
        { label: 'Metrics', field: 'metrics', kind: 'pairs' },
        { label: 'Target', field: 'target', optional: true },
        { label: 'Features', field: 'features', kind: 'words' },
        { label: 'Model file', field: 'model_file', kind: 'code', optional: true },
        { label: 'ONNX file', field: 'onnx_file', kind: 'code', optional: true },
        { label: 'Started', field: 'started_at', kind: 'time' },
        { label: 'Ended', field: 'ended_at', kind: 'time', optional: true },
        { label: 'Duration', field: 'took', kind: 'seconds', optional: true },
        { label: 'Started by', field: 'started_by', kind: 'code' },
        { label: 'Id', field: 'job_id', kind: 'code' },
    ],
    parts: [{ node: r => runLog(r) }],
    own: [{ transition: 'RUN_FAIL', from: ['training'], to: 'failed', method: 'POST', permission: 'model:write' }],
    actions: {
        RUN_FAIL: { label: 'Mark as failed', bare: true, row: true, after: 'stay', tone: 'danger', done: 'was ended',
            ask: 'Ends the run, and the model can be trained again. Do this when its trainer no longer works: what it reports later is refused.',
            fields: () => [{ name: 'reason', label: 'Reason', type: 'text', required: true, help: 'Such as: the trainer was shut down' }],
            send: (r, values) => ({ path: `${modelUrl(r.model_id)}/train/${encodeURIComponent(r.job_id)}/fail`, body: values }) },
    },
    audit: {},
};

// What the foundry API tells of a version: what goes into the model and comes out, and what it needs.
const typed = ({ type, itemType, keyType, valueType, unsupportedType }) => itemType ? `${type} of ${typed(itemType)}` : keyType ? `${type} of ${typed(keyType)} to ${typed(valueType)}` : unsupportedType ?? type;
const needed = o => o.required === false ? 'No' : 'Yes';
const entries = list => list.flatMap(e => e.type === 'tabular' ? e.columns.map(c => ({ entry: e.name, column: c.name, type: typed(c.dataType), needed: needed(c) }))
    : [{ entry: e.name ?? e.unsupportedType, column: null, type: e.dataType ? typed(e.dataType) : e.type, needed: e.type === 'unsupported' ? null : needed(e) }]);
const listedOr = list => list.length ? list : null;
async function describe(v, m, get) {
    const url = `/api/v2/models/${encodeURIComponent(m.rid)}/versions/${encodeURIComponent(v.rid)}?preview=true`, f = (await named(get, [url])).get(url);
    if (!f) return;
    Object.assign(v, { inputs: listedOr(entries(f.modelApi.inputs)), outputs: listedOr(entries(f.modelApi.outputs)), requirements: listedOr(f.condaRequirements), repositories: listedOr(f.backingRepositories) });
}
// The run that it comes from; one of another model is that model's to show.
async function ran(v, get) {
    const url = v.job_id && `${modelUrl(v.model_id)}/train/${v.job_id}`, run = v.job_id && (await named(get, [url])).get(url);
    if (run) Object.assign(v, { trained: { href: `#/runs/${v.model_id}.${v.job_id}`, text: `Run ${v.job_id}` }, target: run.target, features: listedOr(run.features) });
}

// An id of two parts: the API has versions below their model.
const sources = { sdk: 'Uploaded', promoted: 'Promoted' };
const mlflow = v => ({ name: (v.model ?? { text: v.parent.name }).text, number: v.version_number });
const versionId = (model, version) => `${model}.${version}`;
const versions = {
    word: 'version', path: 'versions', one: 'version', many: 'versions', title: 'Models', inner: 'models',
    read: 'model:read', create: 'model:write', noHistory: true, within: { word: 'model', field: 'model_id', place: 'model' },
    id: v => versionId(v.model_id, v.version_id), name: v => v.model ? `${v.model.text}, version ${v.version_number}` : `Version ${v.version_number}`,
    status: v => v.state,
    api: {
        url: id => { const [model, version] = halves(id); return `${models.api.base}/${model}/versions/${version}`; },
        list: v => ({ page: v.page, page_size: v.limit }),
        page: r => ({ items: r.items, total: r.total, size: r.page_size }),
        one: r => r,
        async complete(items, get, alone) {
            const found = alone ? await named(get, items.map(v => modelUrl(v.model_id))) : null;
            const of = alone ? found.get(modelUrl(items[0].model_id)) : items[0]?.parent;
            if (of && inUse(of)) await tell(items, get, of.name, v => v.version_number);
            for (const v of items) {
                v.state = v.status === 'ready' && v.is_promoted ? 'active' : v.status;
                v.origin = v.source_uri ? 'Registered' : v.source ? sources[v.source] ?? v.source : 'Trained';
                v.marks = marks(v);
                v.made = v.created_at ?? v.trained_at;
                Object.assign(v, { size: v.artifact?.size, sha256: v.artifact?.sha256, model_file: v.artifacts?.model_file, onnx_file: v.artifacts?.onnx_file });
                if (!alone) continue;
                v.model = { href: `#/models/${v.model_id}`, text: of?.name ?? v.model_id };
                if (of && !inUse(of)) v.state = of.status;
                await Promise.all([ran(v, get), of && inUse(of) && describe(v, of, get)]);
            }
        },
    },
    listed: [],
    statuses: {
        ready: { label: 'Ready', tone: 'grey' },
        active: { label: 'Active', tone: 'green' },
        archived: models.statuses.archived, retired: models.statuses.retired,      // as its model is
    },
    columns: [
        { label: 'Version', field: 'version_number' },
        { label: 'Status', field: 'state', kind: 'status' },
        { label: 'Stage and aliases', field: 'marks', kind: 'badges', below: true },
        { label: 'Source', field: 'origin', wide: true, from: 'xl' },
        { label: 'Algorithm', field: 'algorithm', wide: true },
        { label: 'Created', field: 'made', kind: 'time', wide: true, from: 'xl' },
    ],
    numbers: 'metrics', prose: 'told',
    maker: upload, form: [],
    details: [
        { label: 'Model', field: 'model', kind: 'place' },
        { label: 'Version', field: 'version_number' },
        { label: 'Stage and aliases', field: 'marks', kind: 'badges' },
        { label: 'Branch', field: 'branch' },
        { label: 'Source', field: 'origin' },
        ...origin,
        { label: 'Algorithm', field: 'algorithm' },
        { label: 'Hyperparameters', field: 'hyperparameters', kind: 'pairs' },
        { label: 'Metrics', field: 'metrics', kind: 'pairs' },
        { label: 'Target', field: 'target', optional: true },
        { label: 'Features', field: 'features', kind: 'words', optional: true },
        { label: 'Requirements', field: 'requirements', kind: 'words', optional: true },
        { label: 'Repositories', field: 'repositories', kind: 'words', optional: true },
        { label: 'Training run', field: 'trained', kind: 'place', optional: true },
        { label: 'Model file', field: 'model_file', kind: 'code', optional: true },
        { label: 'ONNX file', field: 'onnx_file', kind: 'code', optional: true },
        { label: 'Size', field: 'size', kind: 'bytes', optional: true },
        { label: 'SHA-256', field: 'sha256', kind: 'code', optional: true },
        { label: 'Created', field: 'made', kind: 'time' },
        { label: 'Trained', field: 'trained_at', kind: 'time', optional: true },
        { label: 'Trained by', field: 'trained_by', kind: 'code', optional: true },
        { label: 'Training duration', field: 'training_duration_seconds', kind: 'seconds', optional: true },
        { label: 'Id', field: 'version_id', kind: 'code' },
        { label: 'RID', field: 'rid', kind: 'code' },
    ],
    file: v => v.artifact ? { path: `${url(versions, versions.id(v))}/artifact`, name: `${v.model.text}-${fileName(v).slice(v.model_id.length + 1)}`, of: `the file of version ${v.version_number}` } : null,
    lineage: {
        word: 'model', here: 'This version', none: 'Not promoted from or to any model.',
        url: v => `/console/lineage/${encodeURIComponent(v.model_id)}/${encodeURIComponent(v.version_id)}`,
        node: n => ({ href: `#/versions/${versionId(n.model_id, n.version_id)}`, name: n.model_name, text: `Version ${n.version_number}`, status: n.status, created: n.created_at }),
    },
    own: [
        { transition: 'VERSION_RESTORE', from: ['ready'], to: 'active', method: 'POST', path: '{url}/restore', permission: 'model:write' },
        { transition: 'VERSION_PROMOTE', from: ['ready', 'active'], to: 'same', method: 'POST', permission: 'model:write' },
        { transition: 'VERSION_DESCRIBE', from: ['ready', 'active'], to: 'same', method: 'PATCH', permission: 'model:write' },
        ...versionOffers('VERSION', ['ready', 'active'], 'ALIAS', 'UNALIAS', 'STAGE', 'LABEL'),
    ],
    tables: [['Inputs', 'inputs'], ['Outputs', 'outputs']].map(([title, field]) => ({ title, field, whole: true, first: true, columns: [{ label: 'Name', field: 'entry' }, { label: 'Column', field: 'column' },
        { label: 'Type', field: 'type' }, { label: 'Required', field: 'needed' }] })),
    parts: [{ of: v => !!v.aliases, node: v => use(mlflow, v) },
        { node: v => useApi(() => ({ what: 'version', read: versionUrl(v.model_id, v.version_id), file: usedFile(v) }), v) }, versionTags],
    actions: {
        VERSION_PROMOTE: { label: 'Promote to another model', bare: true, ask: 'Copies this version to a model that you choose, as its newest version.', done: 'was promoted',
            pick: {
                word: 'model', deed: 'Promote',
                title: v => `Promote version ${v.version_number} to which model?`,
                mark: (v, m) => m.id === v.model_id ? 'this model' : null,
                told: (v, m) => m.id === v.model_id ? `Version ${v.version_number} of ${m.name} is copied as the newest version of ${m.name} itself, on master.`
                    : `Version ${v.version_number} of ${v.model.text} is copied to ${m.name} as its newest version on master; ${v.model.text} is not changed.`,
                send: (v, m) => ({ path: `/api/v2/models/${encodeURIComponent(m.rid)}/promoteVersion?preview=true`, body: { sourceModelVersionRid: v.rid } }),
                did: m => `The copy is the newest version of ${m.name}.`,
                // The answer names the copy by its RID alone.
                async leads(reply, m, get) {
                    const list = (await named(get, [`${modelUrl(m.id)}/versions?page_size=100`])).values().next().value;
                    const copy = list?.items.find(v => v.rid === reply.rid);
                    return copy ? `#/versions/${versions.id(copy)}` : `#/models/${m.id}`;
                },
            } },
        VERSION_RESTORE: { label: 'Restore configuration', bare: true, after: 'stay', tone: 'secondary',
            ask: 'The algorithm and hyperparameters of this version become the active configuration of the model. No version is changed.', done: v => `Version ${v.version_number}\u2019s configuration is now active` },
        VERSION_DESCRIBE: { label: 'Edit description', bare: true, after: 'stay', tone: 'secondary', of: v => !!v.aliases, done: v => `The description of version ${v.version_number} was saved`,
            ask: 'Say what is special about this version.',
            fields: v => [{ name: 'description', label: 'Description', type: 'markdown', start: v.told, help: 'Markdown. HTML is shown as text, and images as links.' }],
            send: (v, { description }) => ({ path: '/api/2.0/mlflow/model-versions/update', body: { name: mlflow(v).name, version: String(v.version_number), description: description ?? '' } }) },
        ...versionActions('VERSION', mlflow), ...stageAction('VERSION', mlflow),
    },
    audit: {},
};

// ---- What the dialect of workspaces has in common ----

const cursors = base => ({
    base,
    list: v => ({ status: v.status, sort: v.sort, starting_after: v.after, ending_before: v.before, limit: v.limit }),
    page: r => ({ items: r.data, more: r.has_more }),
    one: r => r,
});
const newest = [['-created', 'Newest first'], ['created', 'Oldest first']];
const orders = [...newest, ['name', 'Name'], ['-name', 'Name, descending'], ['-updated', 'Recently updated'], ['updated', 'Least recently updated']];
const way = (key, ...more) => [{ value: key }, { value: `-${key}`, down: true }, ...more];
const made = [
    { label: 'Metadata', field: 'metadata', kind: 'labels' },
    { label: 'Created', field: 'created', kind: 'time' },
    { label: 'Changed', field: 'updated', kind: 'time' },
];
const metadata = { name: 'metadata', label: 'Metadata', type: 'labels', help: 'Key-value pairs' };
// A member that is missing stays as it was: what was taken away is sent as null.
const labelled = (values, before) => ({ ...values, metadata: {
    ...Object.fromEntries(Object.keys(before.metadata).filter(k => !(k in values.metadata)).map(k => [k, null])), ...values.metadata } });

const workspaceUrl = id => `/v1/workspaces/${encodeURIComponent(id)}`;

const workspaces = {
    word: 'workspace', path: 'workspaces', one: 'workspace', many: 'workspaces', title: 'Workspaces', group: 'Work', modes: true, counted: true,
    purpose: 'A workspace holds the entities that belong together, such as the companies of one group.',
    read: 'workspace:read', create: 'workspace:write',
    id: w => w.id, name: w => w.name, status: w => w.status,
    api: cursors('/v1/workspaces'),
    pending: w => w.status === 'provisioning',
    archived: 'archived', listed: ['ready', 'active', 'provisioning'],
    statuses: {
        provisioning: { label: 'Provisioning', tone: 'violet' },
        ready: { label: 'Ready', tone: 'blue' },
        active: { label: 'Active', tone: 'green' },
        archived: { label: 'Archived', tone: 'slate' },
    },
    noSearch: true, sorts: orders, filters: [],
    columns: [
        { label: 'Name', field: 'name', sort: way('name') },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Entities', field: 'entity_ids', kind: 'number', wide: true },
        { label: 'Created', field: 'created', kind: 'time', wide: true, sort: way('created') },
        { label: 'Changed', field: 'updated', kind: 'time', wide: true, sort: way('updated') },
    ],
    details: [...made, { label: 'Archived', field: 'archived_at', kind: 'time', optional: true }, { label: 'Id', field: 'id', kind: 'code' }],
    parts: [{ word: 'entity', title: 'Entities', query: w => ({ workspace_id: w.id }), none: 'No entities yet.', make: ['provisioning', 'ready', 'active'] }],
    form: [{ name: 'name', label: 'Name', type: 'text', required: true }, metadata],
    edit: { method: 'PATCH', transitions: ['WORKSPACE_EDIT'], send: labelled },
    actions: {
        WORKSPACE_UNARCHIVE: { label: 'Restore', row: true, done: 'was restored',
            ask: 'The workspace becomes active if one of its entities is not in a final status, and ready otherwise.',
            foresee: {
                ask: w => ({ path: `/console/target/workspace/${encodeURIComponent(w.id)}` }),
                told: t => ({ to: t.target, text: !t.entities ? 'The workspace has no entities.'
                    : t.entities === 1 ? `Its only entity is ${t.open ? 'not ' : ''}in a final status.`
                        : t.open ? `${t.open} of its ${t.entities} entities ${t.open === 1 ? 'is' : 'are'} not in a final status.` : `All of its ${t.entities} entities are in a final status.` }),
            } },
        WORKSPACE_ARCHIVE: { label: 'Archive', row: true, tone: 'secondary', undo: 'WORKSPACE_UNARCHIVE', done: 'was archived',
            ask: 'The workspace is hidden from the list, and no entity can be created in it. It can be restored from the archive at any time.' },
    },
    audit: { 'workspace.unarchived': 'Restored', 'workspace.updated': 'Edited', 'workspace.activated': 'Became active', 'workspace.emptied': 'Became ready' },
};

const entities = {
    word: 'entity', path: 'entities', one: 'entity', many: 'entities', title: 'Entities', group: 'Work', modes: true, counted: true,
    purpose: 'An entity is a company or another legal person, with the status of its filing. It is created in a workspace.', first: { href: '#/workspaces', text: 'Choose a workspace' },
   
    read: 'workspace:read', create: 'workspace:write', within: { word: 'workspace', field: 'workspace_id', place: 'workspace' },
    id: e => e.id, name: e => e.name, status: e => e.status,
    api: {
        ...cursors('/v1/entities'),
        async complete(items, get, alone) {
            if (!alone) return;
            const found = await named(get, items.map(e => workspaceUrl(e.workspace_id)));
            for (const e of items) e.workspace = { href: `#/workspaces/${e.workspace_id}`, text: found.get(workspaceUrl(e.workspace_id))?.name ?? e.workspace_id };
        },
    },
    listed: ['draft', 'submitted', 'registered', 'dissolved', 'cancelled', 'rejected'],
    statuses: {
        draft: { label: 'Draft', tone: 'grey' },
        submitted: { label: 'Submitted', tone: 'violet' },
        registered: { label: 'Registered', tone: 'green' },
        dissolved: { label: 'Dissolved', tone: 'slate' },
        cancelled: { label: 'Cancelled', tone: 'slate' },
        rejected: { label: 'Rejected', tone: 'red' },
    },
    noSearch: true, sorts: orders, filters: [],
    columns: [
        { label: 'Name', field: 'name', sort: way('name') },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Jurisdiction', field: 'jurisdiction', wide: true },
        { label: 'Type', field: 'type', wide: true },
    ],
    details: [
        { label: 'Workspace', field: 'workspace', kind: 'place' },
        { label: 'Jurisdiction', field: 'jurisdiction' },
        { label: 'Type', field: 'type' },
        { label: 'Portfolio', field: 'portfolio_id', optional: true },
        ...made, { label: 'Id', field: 'id', kind: 'code' },
    ],
    form: [
        { name: 'workspace_id', label: 'Workspace', type: 'owner', only: 'create' },
        { name: 'name', label: 'Name', type: 'text', required: true },
        { name: 'jurisdiction', label: 'Jurisdiction', type: 'text', required: true, only: 'create', help: 'Such as US-DE' },
        { name: 'type', label: 'Type', type: 'text', required: true, only: 'create', help: 'Such as c_corp' },
        { name: 'portfolio_id', label: 'Portfolio', type: 'text', only: 'create' },
        metadata,
    ],
    edit: { method: 'PATCH', transitions: ['ENTITY_EDIT'], send: labelled },
    actions: {
        ENTITY_SUBMIT: { label: 'Submit', row: true, after: 'stay', ask: 'Marks the entity as submitted.', done: 'was submitted' },
        ENTITY_REGISTER: { label: 'Register', row: true, after: 'stay', ask: 'Marks the entity as registered.', done: 'is registered' },
        ENTITY_REJECT: { label: 'Reject', row: true, after: 'stay', tone: 'danger', ask: 'Marks the entity as rejected. This is final.', done: 'was rejected' },
        ENTITY_CANCEL: { label: 'Cancel', row: true, after: 'stay', tone: 'secondary', no: 'Keep it', ask: 'Cancels the filing. This is final.', done: 'was cancelled' },
        ENTITY_DISSOLVE: { label: 'Dissolve', row: true, after: 'stay', tone: 'danger', ask: 'Marks the entity as dissolved. This is final.', done: 'was dissolved' },
    },
    audit: { 'entity.updated': 'Edited' },
};

const deeds = { 'workspace.archived': 'Archive' };
const authorizations = {
    word: 'authorization', path: 'authorizations', one: 'authorization', many: 'authorizations', title: 'Authorizations', group: 'Work', modes: true,
    purpose: 'When an agent wants to do on your behalf what only you can allow, its request waits here.',
    read: 'workspace:read', create: 'workspace:write', noHistory: true,
    id: a => a.id, status: a => a.status,
    name: a => `${deeds[a.action] ?? a.action} ${a.resource.object} ${a.subject?.text ?? a.resource.id}`,
    mine: (a, user) => a.requested_by.human_principal_id === user.principal_id,
    api: {
        ...cursors('/v1/authorizations'),
        async complete(items, get) {
            const url = a => a.resource.object === 'workspace' ? workspaceUrl(a.resource.id) : null;
            const found = await named(get, items.map(url).filter(Boolean));
            for (const a of items) {
                a.agent = a.requested_by.agent_id;
                a.token = a.requested_by.token_id;
                a.subject = { href: `#/workspaces/${a.resource.id}`, text: found.get(url(a))?.name ?? a.resource.id };
            }
        },
    },
    listed: ['pending', 'approved', 'denied'], shown: 'pending',
    statuses: {
        pending: { label: 'Pending', tone: 'amber' },
        approved: { label: 'Approved', tone: 'green' },
        denied: { label: 'Denied', tone: 'red' },
    },
    noSearch: true, sorts: newest, filters: [],
    columns: [
        { label: 'Request', field: 'action' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Agent', field: 'agent', wide: true },
        { label: 'Created', field: 'created', kind: 'time', wide: true, sort: way('created') },
    ],
    details: [
        { label: 'Request', field: 'action' },
        { label: 'Workspace', field: 'subject', kind: 'place' },
        { label: 'Agent', field: 'agent' },
        { label: 'Token', field: 'token', kind: 'code' },
        { label: 'Created', field: 'created', kind: 'time' },
        { label: 'Changed', field: 'updated', kind: 'time' },
        { label: 'Id', field: 'id', kind: 'code' },
    ],
    actions: {
        AUTHORIZATION_APPROVE: { label: 'Approve', bare: true, row: true, after: 'stay', ask: 'The agent\u2019s request is carried out immediately on your behalf.', done: 'was approved' },
        AUTHORIZATION_DENY: { label: 'Deny', bare: true, row: true, after: 'stay', tone: 'secondary', ask: 'Nothing is changed. The agent can ask again.', done: 'was denied' },
    },
    audit: {},
};

const endpoints = {
    word: 'webhook_endpoint', path: 'webhooks', one: 'endpoint', many: 'webhook endpoints', title: 'Webhooks', group: 'Integration', modes: true,
    purpose: 'A webhook endpoint is an address of yours that receives each change as a signed request.',
    read: 'webhook:read', create: 'webhook:write', noHistory: true,
    id: n => n.id, name: n => n.url, status: n => n.status, seen: n => n.status === 'enabled' && n.failing_since ? 'failing' : n.status,
    api: { ...cursors('/v1/webhook_endpoints'), secret: r => r.secret, complete: (items, get, alone) => alone ? failing(items[0], get) : null },
    listed: [],
    statuses: {
        enabled: { label: 'Enabled', tone: 'green' },
        failing: { label: 'Failing', tone: 'red' },
        disabled: { label: 'Disabled', tone: 'slate' },
    },
    noSearch: true, sorts: newest, filters: [],
    columns: [
        { label: 'URL', field: 'url' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Events', field: 'enabled_events', kind: 'words', wide: true },
        { label: 'Failing since', field: 'failing_since', kind: 'time', wide: true },
    ],
    details: [
        { label: 'Description', field: 'description' },
        { label: 'Events', field: 'enabled_events', kind: 'words' },
        { label: 'API version', field: 'api_version' },
        { label: 'Failing since', field: 'failing_since', kind: 'time', optional: true },
        { label: 'Last error', field: 'fault', optional: true },
        { label: 'Last failed attempt', field: 'failed', kind: 'place', optional: true },
        { label: 'Old secret valid until', field: 'previous_secret_expires_at', kind: 'time', optional: true },
        ...made, { label: 'Id', field: 'id', kind: 'code' },
    ],
    parts: [{ word: 'delivery', title: 'Deliveries', url: n => `/v1/webhook_endpoints/${encodeURIComponent(n.id)}/deliveries`, none: 'No deliveries yet.' }],
    form: [
        { name: 'url', label: 'URL', type: 'text', required: true, help: 'An https address that this server can reach' },
        { name: 'enabled_events', label: 'Events', type: 'events', required: true, load: async get => (await get('/console/events')).items },
        { name: 'description', label: 'Description', type: 'area' },
        metadata,
    ],
    edit: { method: 'PATCH', transitions: ['ENDPOINT_EDIT'], send: labelled },
    own: [
        { transition: 'ENDPOINT_ENABLE', from: ['disabled'], to: 'enabled', method: 'PATCH', path: '{url}', body: { status: 'enabled' }, permission: 'webhook:write' },
        { transition: 'ENDPOINT_DISABLE', from: ['enabled'], to: 'disabled', method: 'PATCH', path: '{url}', body: { status: 'disabled' }, permission: 'webhook:write' },
        { transition: 'ENDPOINT_REPLACE', from: ['enabled', 'disabled'], to: 'same', method: 'POST', path: '{url}/rotate_secret', body: { expires_in: 0 }, permission: 'webhook:write' },
    ],
    actions: {
        ENDPOINT_TEST: { label: 'Test', row: true, after: 'stay', tone: 'secondary', ask: 'Sends a test event to the endpoint and lists it among its deliveries.', done: 'will get a test event' },
        ENDPOINT_ENABLE: { label: 'Enable', row: true, after: 'stay', ask: 'Events are sent to the endpoint again, including those that are still waiting.', done: 'is enabled' },
        ENDPOINT_DISABLE: { label: 'Disable', after: 'stay', tone: 'secondary', ask: 'Nothing is sent to the endpoint until it is enabled again.', done: 'is disabled' },
        ENDPOINT_ROTATE: { label: 'Rotate secret', bare: true, after: 'stay', tone: 'secondary', ask: 'Creates a new secret, which is shown only once. The old secret stays valid for one day.', done: 'has a new secret' },
        ENDPOINT_REPLACE: { label: 'Replace secret', bare: true, after: 'stay', tone: 'secondary', ask: 'Use this if the secret has leaked: the old secret stops working immediately.', done: 'has a new secret' },
        ENDPOINT_DELETE: { label: 'Delete', after: 'list', tone: 'danger', ask: 'This permanently deletes the endpoint. Nothing more is sent to it.', done: 'was deleted' },
    },
    audit: {},
};

// An id of two parts: the API has deliveries below their endpoint.
const deliveries = {
    word: 'delivery', path: 'deliveries', one: 'delivery', many: 'deliveries', title: 'Webhooks', inner: 'webhooks',
    read: 'webhook:read', create: 'webhook:write', noHistory: true, within: { word: 'webhook_endpoint', field: 'webhook_endpoint_id', place: 'endpoint' },
    id: d => `${d.webhook_endpoint_id}.${d.id}`, name: d => d.type ?? d.event_id, status: d => d.status,
    pending: d => d.status === 'pending',
    api: {
        ...cursors(''),
        url: id => { const [endpoint, delivery] = halves(id); return `/v1/webhook_endpoints/${endpoint}/deliveries/${delivery}`; },
        async complete(items, get, alone) {
            const event = d => `/v1/events/${encodeURIComponent(d.event_id)}`, endpoint = d => `/v1/webhook_endpoints/${encodeURIComponent(d.webhook_endpoint_id)}`;
            const found = await named(get, items.flatMap(d => alone ? [event(d), endpoint(d)] : [event(d)]));
            for (const d of items) {
                d.type = found.get(event(d))?.type;
                d.told = found.get(event(d)) ?? null;
                d.attempts?.sort((a, b) => b.number - a.number);
                d.endpoint = { href: `#/webhooks/${d.webhook_endpoint_id}`, text: found.get(endpoint(d))?.url ?? d.webhook_endpoint_id };
            }
        },
    },
    listed: [],
    statuses: {
        pending: { label: 'Pending', tone: 'amber' },
        succeeded: { label: 'Succeeded', tone: 'green' },
        failed: { label: 'Failed', tone: 'red' },
    },
    columns: [
        { label: 'Event', field: 'type' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Attempts', field: 'attempt_count', wide: true },
        { label: 'Response', field: 'response_status', wide: true },
        { label: 'Created', field: 'created', kind: 'time', wide: true },
    ],
    details: [
        { label: 'Endpoint', field: 'endpoint', kind: 'place' },
        { label: 'Event', field: 'event_id', kind: 'code' },
        { label: 'Last response', field: 'response_status' },
        { label: 'Next attempt', field: 'next_attempt_at', kind: 'time', optional: true },
        { label: 'Created', field: 'created', kind: 'time' },
        { label: 'Changed', field: 'updated', kind: 'time' },
        { label: 'Id', field: 'id', kind: 'code' },
    ],
    tables: [{ title: 'Attempts', field: 'attempts', none: 'No attempts yet.', columns: [
        { label: 'No.', field: 'number' },
        { label: 'Time', field: 'created', kind: 'time' },
        { label: 'Response', field: 'response_status' },
        { label: 'Error', field: 'error' },
        { label: 'Duration', field: 'duration_ms', kind: 'milliseconds' },
    ] }],
    parts: [{ node: d => payload(d) }],
    own: [{ transition: 'DELIVERY_AGAIN', from: ['pending', 'succeeded', 'failed'], to: 'pending', method: 'POST', path: '{url}/redeliver', permission: 'webhook:write' }],
    actions: {
        DELIVERY_AGAIN: { label: 'Redeliver', bare: true, row: true, after: 'stay', tone: 'secondary', ask: 'Sends the event again, even if it was already delivered.', done: 'will be sent again' },
    },
    audit: {},
};

const applications = {
    word: 'client', path: 'applications', one: 'application', many: 'applications', title: 'Applications', group: 'Integration', flat: true,
    about: 'Applications that you allowed to act on your behalf. None can do more than you can.',
    none: 'No connected applications.', purpose: 'An application asks for access on its own page; what you allow is listed here.',
    read: 'member', noHistory: true,
    id: a => a.id, name: a => a.name, status: () => 'active',
    api: { base: '/console/applications', list: () => ({}), page: r => ({ items: r.items, more: false }) },
    listed: [],
    statuses: { active: { label: 'Active', tone: 'green' } },
    noSearch: true, sorts: [], filters: [],
    columns: [
        { label: 'Name', field: 'name' },
        { label: 'Permissions', field: 'scopes', kind: 'scopes', wide: true },
        { label: 'Since', field: 'since', kind: 'time', wide: true },
        { label: 'Last used', field: 'last_used', kind: 'time', wide: true },
    ],
    actions: {
        CLIENT_WITHDRAW: { label: 'Withdraw', deed: 'Withdraw access', bare: true, row: true, after: 'stay', tone: 'danger', done: 'can no longer act on your behalf',
            ask: 'The application loses access immediately, everywhere. It needs your permission to connect again.' },
    },
    audit: {},
};

const model = { group: 'Models', read: 'model:read' }, admin = { group: 'Administration', read: 'organization:admin' };
export const resources = [projects, models, folders, runs, versions, ...inMlflow,
    { from: 'registry', word: 'registered_model', path: 'registered-models', one: 'registered model', many: 'registered models', title: 'Registered models', menu: 'Registry', ...model },
    { from: 'registry', word: 'package', path: 'packages', one: 'version', many: 'versions', title: 'Registered models', inner: 'registered-models', ...model },
    { from: 'registry', word: 'deployment', path: 'deployments', one: 'deployment', many: 'deployments', title: 'Deployments', ...model },
    { from: 'registry', word: 'prediction_environment', path: 'environments', one: 'environment', many: 'environments', title: 'Environments', ...model },
    workspaces, entities, authorizations, endpoints, deliveries, applications,
    { from: 'people', word: 'user', path: 'users', one: 'user', many: 'users', title: 'Users', ...admin },
    { from: 'people', word: 'session', path: 'sessions', one: 'session', many: 'sessions', title: 'Sessions', inner: 'users', flat: true, read: 'member' },
    { from: 'people', word: 'role', path: 'roles', one: 'role', many: 'roles', title: 'Roles', ...admin },
    { from: 'people', word: 'token', path: 'keys', one: 'API key', many: 'API keys', title: 'API keys', ...admin, read: 'token:read' },
    { from: 'people', word: 'client', path: 'oauth', one: 'OAuth application', many: 'OAuth applications', title: 'OAuth applications', ...admin }];
// Views that are no resource's: what one may do there, and the permission that it takes.
export const pages = [
    { path: 'audit', title: 'Audit', what: 'see the audit', ...admin },
    { path: 'usage', title: 'Usage', what: 'see the quotas', ...admin },
    { path: 'health', title: 'Health', what: 'see the health of the service', ...admin },
];
export const byWord = word => resources.find(r => r.word === word);
export const byPath = path => resources.find(r => r.path === path);
// The entry with all of it; whole(): all entries.
const files = { registry: later('registry', 'entries'), people: later('people', 'entries') }, fetched = {};
function fetchFile(from) {
    return fetched[from] ??= files[from]().then(entries => {
        for (const entry of entries) {
            const known = resources.find(r => r.from === from && r.word === entry.word);
            if (known) Object.assign(known, entry, { from: undefined }); else resources.push(entry);
        }
    }, e => { delete fetched[from]; throw e; });
}
export async function whole(resource) {
    await Promise.all((resource ? [resource.from].filter(Boolean) : Object.keys(files)).map(fetchFile));
    return resource;
}
// Where the audit's object has a page of its own; null where it has none.
const places = { model: id => `#/models/${id}`, project: id => `#/projects/${id.replace('project/', '')}`, model_version: id => `#/versions/${id.replace('/', '.')}`, training_run: id => id.includes('/') ? `#/models/${id.split('/')[0]}` : null,
    deployment: id => `#/deployments/${id.replace('dpl-', '')}`, workspace: id => `#/workspaces/${id}`, entity: id => `#/entities/${id}`, authorization: id => `#/authorizations/${id}`, webhook_endpoint: id => `#/webhooks/${id}`,
    user: id => `#/users/${id}`, role: id => `#/roles/${id}`, token: id => `#/keys/${id}`, client: id => `#/oauth/${id}`, folder: id => `#/folders/${id}` };
export const placeOf = (kind, id) => places[kind]?.(id) ?? null;

export const url = (resource, id) => resource.api.url?.(id) ?? `${resource.api.base}/${encodeURIComponent(id)}`;

// How the history and the chart tell an audit action: 'project.restored' -> 'Restored'.
export function told(action) {
    const [word, rest = word] = action.split('.');
    const words = byWord(word)?.audit?.[action] ?? rest.replaceAll('_', ' ');
    return words.charAt(0).toUpperCase() + words.slice(1);
}
