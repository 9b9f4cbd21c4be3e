// resources.js: what the console knows of each kind of object. The components
// (list, detail, form, timeline, dialog) know none; a new resource is an entry here.
//
//   word        its name in /console/actions, /console/activity and /console/history
//   path        where it lives behind the #
//   api         base: its URL; list(view) -> query; page(reply) -> {items, total, size};
//               one(reply) -> the object
//   id, name, status     where an object has these
//   archived    the status that the Archived view asks for; listed: those of the list
//   statuses    status -> {label, tone}
//   sorts       [value, label] that the API offers; filters: {name, label, options}
//   columns     {label, field, kind, wide}: wide ones are left out on a narrow screen
//   details     {label, field, kind} of the detail page
//   form        fields {name, label, type, options, help, required, only}; type: text,
//               area, choice, tags, colour; only: 'create' or 'edit'
//   edit        method, and the transitions that it stands for
//   create      the permission that it takes
//   actions     transition -> {label, ask, done, tone, row, after}: the ones without a
//               body, in the order in which they are offered. row: also offered in the
//               list; after: 'list' when there is no detail to go to afterwards
//   audit       audit action -> how the history tells it

const projects = {
    word: 'project', path: 'projects', one: 'project', many: 'projects', title: 'Projects',
    read: 'project:read', create: 'project:write',
    id: p => p.id, name: p => p.name, status: p => p.status,
    api: {
        base: '/api/v1/projects',
        list: v => ({ status: v.status, search: v.search, sort: v.sort, page: v.page - 1, size: 20 }),
        page: r => ({ items: r.data, total: r.totalElements, size: r.size }),
        one: r => r.data,
    },
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
    sorts: [['recent', 'Latest first'], ['name', 'Name'], ['status', 'Status']],
    filters: [],
    columns: [
        { label: 'Name', field: 'name' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'URL', field: 'url', wide: true },
        { label: 'Tech stack', field: 'techStack', wide: true },
        { label: 'Changed', field: 'updatedAt', kind: 'time', wide: true },
    ],
    details: [
        { label: 'Description', field: 'description' },
        { label: 'URL', field: 'previewUrl', kind: 'link' },
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
        { name: 'url', label: 'URL', type: 'text', help: 'A free address such as wildwood-bakery.talkide.app' },
        { name: 'techStack', label: 'Tech stack', type: 'text', help: 'For example Vue + Spring Boot' },
        { name: 'accent', label: 'Accent', type: 'colour', help: 'A colour, such as oklch(0.78 0.15 70)',
          options: ['oklch(0.78 0.15 70)', 'oklch(0.70 0.17 25)', 'oklch(0.72 0.15 150)', 'oklch(0.70 0.13 230)', 'oklch(0.65 0.18 290)', 'oklch(0.70 0.17 350)'] },
    ],
    edit: { method: 'PUT', transitions: ['PROJECT_EDIT', 'PROJECT_EDIT_LIVE'] },
    actions: {
        PROJECT_PUBLISH: { label: 'Publish', ask: 'It goes live.', done: 'is live' },
        PROJECT_RESUME: { label: 'Resume', ask: 'It goes live again.', done: 'is live again' },
        PROJECT_PAUSE: { label: 'Pause', ask: 'It is not live until it is resumed.', done: 'is paused' },
        PROJECT_RESTORE: { label: 'Restore', row: true, ask: 'It returns to the status that it had before it was archived.', done: 'was restored' },
        PROJECT_ARCHIVE: { label: 'Archive', row: true, tone: 'secondary', ask: 'It leaves the list of projects. It can be restored from the archive at any time.', done: 'was archived' },
        PROJECT_DELETE: { label: 'Delete', tone: 'danger', after: 'list', ask: 'It is gone for good: a deleted project cannot be restored.', done: 'was deleted' },
    },
    audit: { 'project.updated': 'Edited', 'project.build_started': 'Build started', 'project.build_progressed': 'Build went on', 'project.built': 'Build ended' },
};

const tasks = [['classification', 'Classification'], ['regression', 'Regression'], ['clustering', 'Clustering']];
const models = {
    word: 'model', path: 'models', one: 'model', many: 'models', title: 'Models',
    read: 'model:read', create: 'model:write',
    id: m => m.id, name: m => m.name, status: m => m.status,
    api: {
        base: '/api/v1/models',
        list: v => ({ status: v.status, search: v.search, task_type: v.task_type, page: v.page, page_size: 20 }),
        page: r => ({ items: r.items, total: r.total, size: r.page_size }),
        one: r => r,
    },
    archived: 'archived', listed: ['draft', 'training', 'ready'],
    statuses: {
        draft: { label: 'Draft', tone: 'grey' },
        training: { label: 'Training', tone: 'violet' },
        ready: { label: 'Ready', tone: 'green' },
        archived: { label: 'Archived', tone: 'slate' },
        retired: { label: 'Retired', tone: 'red' },
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
    details: [
        { label: 'Description', field: 'description' },
        { label: 'Type', field: 'model_type' },
        { label: 'Task', field: 'task_type' },
        { label: 'Version', field: 'version' },
        { label: 'Dataset', field: 'dataset_id' },
        { label: 'Tags', field: 'tags', kind: 'words' },
        { label: 'Configuration', field: 'config', kind: 'json' },
        { label: 'Metadata', field: 'metadata', kind: 'json' },
        { label: 'Created', field: 'created_at', kind: 'time' },
        { label: 'Changed', field: 'updated_at', kind: 'time' },
        { label: 'Archived', field: 'archived_at', kind: 'time', optional: true },
        { label: 'Restored', field: 'unarchived_at', kind: 'time', optional: true },
        { label: 'Id', field: 'id', kind: 'code' },
    ],
    form: [
        { name: 'name', label: 'Name', type: 'text', required: true },
        { name: 'description', label: 'Description', type: 'area' },
        { name: 'model_type', label: 'Type', type: 'choice', required: true, only: 'create', options: [['auto', 'Auto'], ['custom', 'Custom']] },
        { name: 'task_type', label: 'Task', type: 'choice', required: true, only: 'create', options: tasks },
        { name: 'tags', label: 'Tags', type: 'tags', help: 'Words with commas between them' },
    ],
    edit: { method: 'PATCH', transitions: ['MODEL_EDIT'] },
    actions: {
        MODEL_UNARCHIVE: { label: 'Restore', row: true, ask: 'It becomes ready when a training run has ever succeeded, and a draft otherwise.', done: 'was restored' },
        MODEL_ARCHIVE: { label: 'Archive', row: true, tone: 'secondary', ask: 'It leaves the list of models and cannot be trained or deployed. It can be restored at any time.', done: 'was archived' },
    },
    audit: { 'model.unarchived': 'Restored', 'model.updated': 'Edited', 'model.config_updated': 'Configuration edited',
        'model.training_completed': 'Training succeeded' },
};

export const resources = [projects, models];
export const byWord = word => resources.find(r => r.word === word);
export const byPath = path => resources.find(r => r.path === path);

// How the history and the chart tell an audit action: 'project.restored' -> 'Restored'.
export function told(action) {
    const [word, rest = word] = action.split('.');
    const words = byWord(word)?.audit[action] ?? rest.replaceAll('_', ' ');
    return words.charAt(0).toUpperCase() + words.slice(1);
}
