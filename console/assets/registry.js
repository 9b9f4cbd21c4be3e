// registry.js: what the console knows of the registry, as resources.js has it: registered
// models, their versions, which are model packages, deployments, and who has access.
import { may, named, request, user } from './api.js';
import { aliasPart, details as origin, holdPart, marks, modelActions, modelOffers, occupied, stageFields, tell, use, useApi, versionActions, versionOffers } from './mlflow.js';

const BASE = '/api/v2';
const below = (list, id) => `${BASE}/${list}/${encodeURIComponent(id)}`;
const registeredUrl = id => below('registeredModels', id), packageUrl = id => below('modelPackages', id), deploymentUrl = id => below('deployments', id);
const versionUrl = p => `${registeredUrl(p.registeredModelId)}/versions/${encodeURIComponent(p.id)}`;
// Pages by offset and limit; flat(object): with its fields where columns and details find them.
const offsets = (base, flat = o => o) => ({
    base,
    list: v => ({ search: v.search, offset: v.page > 1 ? (v.page - 1) * (v.limit ?? 20) : null, limit: v.limit ?? 20 }),
    page: r => ({ items: r.data.map(flat), total: r.totalCount }),
    one: flat,
});
const person = p => p && (p.name ?? p.email);
const labels = tags => Object.fromEntries((tags ?? []).map(t => [t.name, t.value]));
const tagged = values => Object.entries(values).map(([name, value]) => ({ name, value }));
// A member that is not named stays as it was.
const changes = (values, before) => Object.fromEntries(Object.entries(values).filter(([key, v]) => JSON.stringify(v) !== JSON.stringify(before[key] ?? null)));
const up = (from, to) => [[from, to], [`-${from}`, `${to}, descending`]];
const way = key => [{ value: key }, { value: `-${key}`, down: true }];
const sorted = sort => sort ? { sortKey: sort.replace('-', ''), sortDirection: sort.startsWith('-') ? 'desc' : 'asc' } : {};

// ---- Registered models ------------------------------------------------------------------

const EVERYTHING = ['CAN_VIEW', 'CAN_EDIT', 'CAN_SHARE', 'CAN_ARCHIVE', 'CAN_SHARE_OWNERSHIP'];
const targetTypes = ['Binary', 'Regression', 'Multiclass', 'Multilabel', 'TextGeneration', 'GeoPoint', 'Anomaly', 'Unstructured'];
const stages = ['Registered', 'Development', 'Staging', 'Production', 'Archived'];
const builds = [['inProgress', 'Building'], ['complete', 'Built'], ['failed', 'Build failed']];
const kindWords = { isAnomalyDetectionModel: 'Anomaly detection', isCombinedModel: 'Combined', isFeatureDiscovery: 'Feature discovery', isMultiseries: 'Multiseries',
    isTimeSeries: 'Time series', isUnsupervisedLearning: 'Unsupervised', isDecisionFlow: 'Decision flow', isUnstructured: 'Unstructured' };
const executions = { dedicated: 'On this platform', custom_inference_model: 'On this platform, as a custom model', external: 'Elsewhere' };
const same = list => list.map(x => [x, x]);
const midnight = day => day && `${day}T00:00:00Z`;

// Versions tell what this person may do; of a model without one it follows from who it is.
async function rightsOf(m, get) {
    const { data } = await get(`${registeredUrl(m.id)}/versions?limit=1`);
    if (data.length) return data[0].permissions;
    if (may('organization:admin') || user().id === `usr-${m.createdBy.id}`) return EVERYTHING;
    return EVERYTHING.slice(0, m.isGlobal && may('model:write') ? 2 : 1);
}
// The version in Production of each: all of them in one answer, and those that it had no room for one by one.
async function inProduction(items, get) {
    const ask = async url => { try { return await get(url); } catch (e) { if (e.kind === 'ended') throw e; return { data: [], totalCount: Infinity }; } };
    const all = await ask(`${BASE}/modelPackages?stage=Production&limit=100`);
    await Promise.all(items.map(async m => {
        let found = all.data.filter(p => p.registeredModelId === m.id);
        if (!found.length && all.totalCount > all.data.length) found = (await ask(`${registeredUrl(m.id)}/versions?stage=Production&limit=10`)).data;
        const [first, ...more] = found.sort((a, b) => b.registeredModelVersion - a.registeredModelVersion);
        m.production = first ? { href: `#/packages/${first.id}`, text: `Version ${first.registeredModelVersion}${more.length ? ` and ${more.length} more` : ''}` } : null;
    }));
}
const roles = [['OWNER', 'Owner'], ['USER', 'User'], ['OBSERVER', 'Observer']];
// Nobody gives more than what is theirs to give.
const rolesOf = permissions => roles.filter(([role]) => role !== 'OWNER' || permissions.includes('CAN_SHARE_OWNERSHIP'));
const roleHelp = 'Owners can do everything. Users can change and share the model. Observers can only view it.';
const sharing = (m, role) => ({ path: `${registeredUrl(m.id)}/sharedRoles`, body: { operation: 'updateRoles', roles: [role] } });

const registered = {
    word: 'registered_model',
    purpose: 'A registered model has the packages that are made from models and can be deployed.', first: { href: 'docs', text: 'Documentation' },
    create: 'model:write', madeElsewhere: true, history: id => `model/mdl-${encodeURIComponent(id)}`,
    id: m => m.id, name: m => m.name, status: m => m.isArchived ? 'archived' : 'ready', rights: m => m.permissions,
    api: {
        ...offsets(`${BASE}/registeredModels`, m => Object.assign(m, { target_name: m.target.name, target_type: m.target.type, owner: person(m.createdBy), changer: person(m.modifiedBy),
            seen: m.isGlobal ? 'Everyone in the organization' : 'Those who have access', tagged: labels(m.tags) })),
        list: v => ({ ...offsets('').list(v), ...sorted(v.sort), stage: v.stage, targetType: v.targetType, modelKind: v.modelKind, buildStatus: v.buildStatus,
            isGlobal: v.isGlobal, targetName: v.targetName, createdBy: v.createdBy, tagKeys: v.tagKeys, tagValues: v.tagValues, imported: v.imported, createdAtStartTs: midnight(v.created), createdAtEndTs: midnight(v.createdBefore),
            modifiedAtStartTs: midnight(v.modified), modifiedAtEndTs: midnight(v.modifiedBefore) }),
        async complete(items, get, alone) {
            if (!alone) return inProduction(items, get);
            for (const m of items) m.permissions = await rightsOf(m, get);
        },
    },
    none: 'No registered models yet. Packages are registered through the API.',
    listed: [],
    statuses: {
        draft: { label: 'Draft', tone: 'grey' },
        training: { label: 'Training', tone: 'violet' },
        ready: { label: 'Active', tone: 'green' },
        archived: { label: 'Archived', tone: 'slate' },
        retired: { label: 'Retired', tone: 'red' },
    },
    sorts: [['', 'Newest first'], ['createdAt', 'Oldest first'], ['-modifiedAt', 'Recently modified'], ['modifiedAt', 'Least recently modified'], ...up('name', 'Name')],
    filters: [
        { name: 'stage', label: 'Stage', options: same(stages) },
        { name: 'targetType', label: 'Target type', options: same(targetTypes) },
        { name: 'modelKind', label: 'Kind', options: [...Object.entries(executions), ...Object.entries(kindWords)], more: true },
        { name: 'buildStatus', label: 'Build', options: builds, more: true },
        { name: 'isGlobal', label: 'Visible to', options: [['true', 'Everyone'], ['false', 'Those who have access']], more: true },
        { name: 'imported', label: 'Imported', options: [['true', 'From a file'], ['false', 'Not imported']], more: true },
        { name: 'targetName', label: 'Target name', type: 'text', more: true },
        { name: 'createdBy', label: 'Creator\u2019s e-mail', type: 'text', more: true },
        { name: 'tagKeys', label: 'Tag name', type: 'text', more: true },
        { name: 'tagValues', label: 'Tag value', type: 'text', more: true },
        { name: 'created', label: 'Created from', type: 'date', more: true },
        { name: 'createdBefore', label: 'Created before', type: 'date', more: true },
        { name: 'modified', label: 'Modified from', type: 'date', more: true },
        { name: 'modifiedBefore', label: 'Modified before', type: 'date', more: true },
    ],
    columns: [
        { label: 'Name', field: 'name', sort: way('name') },
        { label: 'Target', field: 'target_name', wide: true },
        { label: 'Latest version', field: 'lastVersionNum', wide: true },
        { label: 'Production', field: 'production', kind: 'place' },
        { label: 'Created by', field: 'owner', wide: true },
        { label: 'Modified', field: 'modifiedAt', kind: 'time', wide: true, sort: way('modifiedAt') },
    ],
    details: [
        { label: 'Description', field: 'description' },
        { label: 'Target', field: 'target_name' },
        { label: 'Target type', field: 'target_type' },
        { label: 'Latest version', field: 'lastVersionNum' },
        { label: 'Visible to', field: 'seen' },
        { label: 'Tags', field: 'tagged', kind: 'labels' },
        { label: 'Created', field: 'createdAt', kind: 'time' },
        { label: 'Created by', field: 'owner' },
        { label: 'Modified', field: 'modifiedAt', kind: 'time' },
        { label: 'Modified by', field: 'changer' },
        { label: 'Id', field: 'id', kind: 'code' },
    ],
    parts: [
        { word: 'package', title: 'Versions', url: m => `${registeredUrl(m.id)}/versions`, none: 'This model has no versions.' },
        aliasPart, { of: m => !m.isArchived, node: m => use(o => ({ name: o.name }), m) },
        { word: 'placement', title: 'Deployments', url: m => `${registeredUrl(m.id)}/deployments`, none: 'No version was deployed.' },
        holdPart,
        { word: 'share', title: 'Who has access', url: m => `${registeredUrl(m.id)}/sharedRoles`, none: 'Only administrators.' },
    ],
    form: [
        { name: 'name', label: 'Name', type: 'text', required: true },
        { name: 'description', label: 'Description', type: 'area' },
        { name: 'isGlobal', label: 'Everyone in the organization can see this model', type: 'check', needs: 'CAN_SHARE_OWNERSHIP' },
    ],
    edit: { method: 'PATCH', transitions: ['REGISTERED_EDIT'], needs: 'CAN_EDIT', send: (values, m) => changes({ ...values, description: values.description ?? '' }, m) },
    own: [
        ...modelOffers(['ready']),
        { transition: 'REGISTERED_EDIT', from: ['ready'], to: 'same', permission: 'model:write' },
        { transition: 'REGISTERED_SHARE', from: ['ready'], to: 'same', method: 'PATCH', permission: 'model:write' },
        { transition: 'REGISTERED_RETIRE', from: ['ready'], to: 'retired', method: 'DELETE', path: '{url}', permission: 'model:write' },
    ],
    actions: {
        REGISTERED_SHARE: { label: 'Give access', bare: true, after: 'stay', tone: 'secondary', needs: 'CAN_SHARE', done: 'was shared',
            ask: 'Give a user, a group or the whole organization access to this model and its versions.',
            load: async get => (await get(`${BASE}/account/info`)).orgId,
            fields: m => [
                { name: 'shareRecipientType', label: 'Give access to', type: 'choice', at: ['roles[0].shareRecipientType'],
                    options: [['user', 'A user'], ['group', 'A group'], ['organization', 'The whole organization']] },
                { name: 'username', label: 'User name', type: 'text', required: true, at: ['roles[0].username'], when: v => v.shareRecipientType === 'user' },
                { name: 'id', label: 'Group id', type: 'text', required: true, help: 'Begins with grp-. An administrator can tell you the id of a group.', at: ['roles[0].id'],
                    when: v => v.shareRecipientType === 'group' },
                { name: 'role', label: 'Role', type: 'choice', options: rolesOf(m.permissions).toReversed(), help: roleHelp, at: ['roles[0].role'] },
            ],
            send: (m, values, org) => sharing(m, values.shareRecipientType === 'user' ? values
                : { ...values, id: values.shareRecipientType === 'group' ? values.id.trim().replace(/^grp-/, '') : org }) },
        ALIAS_SET: { ...modelActions.ALIAS_SET, needs: 'CAN_EDIT' },
        REGISTERED_RETIRE: { label: 'Retire', tone: 'danger', after: 'list', needs: 'CAN_ARCHIVE', done: 'was retired', no: 'Keep it', typed: m => m.name,
            ask: 'This permanently archives the model and all its versions. This cannot be undone. Deployments keep running; the name can be used again.' },
    },
    audit: {},
};

const share = {
    word: 'share', path: 'access', one: 'access', many: 'people with access', title: 'Access', inner: 'registered-models', flat: true,
    read: 'model:read', create: 'model:write', noHistory: true,
    id: s => s.id, name: s => s.name, status: s => s.level, rights: s => s.parent.isArchived ? [] : s.parent.permissions,
    api: offsets('', s => Object.assign(s, { kind: { user: 'User', group: 'Group', organization: 'Organization' }[s.shareRecipientType],
        level: { OWNER: 'OWNER', USER: 'USER', EDITOR: 'USER', READ_WRITE: 'USER' }[s.role] ?? 'OBSERVER' })),
    listed: [],
    statuses: { OWNER: { label: 'Owner', tone: 'green' }, USER: { label: 'User', tone: 'blue' }, OBSERVER: { label: 'Observer', tone: 'grey' } },
    columns: [{ label: 'Name', field: 'name' }, { label: 'Role', field: 'level', kind: 'status' }, { label: 'Kind', field: 'kind', wide: true }],
    own: ['SHARE_CHANGE', 'SHARE_REMOVE'].map(transition => ({ transition, from: roles.map(r => r[0]), to: 'same', method: 'PATCH', permission: 'model:write' })),
    actions: {
        SHARE_CHANGE: { label: 'Change role', bare: true, row: true, after: 'stay', tone: 'secondary', done: 'was changed', ask: roleHelp,
            needs: s => s.level === 'OWNER' ? 'CAN_SHARE_OWNERSHIP' : 'CAN_SHARE',
            fields: s => [{ name: 'role', label: 'New role', type: 'choice', options: rolesOf(s.parent.permissions).filter(([role]) => role !== s.level), at: ['roles[0].role'] }],
            send: (s, values) => sharing(s.parent, { id: s.id, shareRecipientType: s.shareRecipientType, role: values.role }) },
        SHARE_REMOVE: { label: 'Remove', row: true, after: 'stay', tone: 'danger', done: 'was removed', ask: 'Access to this model and its versions ends immediately.',
            needs: s => s.level === 'OWNER' ? 'CAN_SHARE_OWNERSHIP' : 'CAN_SHARE',
            send: s => sharing(s.parent, { id: s.id, shareRecipientType: s.shareRecipientType, role: 'NO_ROLE' }) },
    },
    audit: {},
};

// ---- Model packages ---------------------------------------------------------------------

// supportsRetraining -> Retraining
const capability = name => { const words = name.replace(/^supports/, '').replaceAll(/(?<=[a-z])[A-Z]/g, c => ` ${c.toLowerCase()}`); return words.charAt(0).toUpperCase() + words.slice(1); };
const kindsOf = p => { const words = Object.keys(kindWords).filter(k => p.modelKind[k]).map(k => kindWords[k]); return words.length ? words : null; };
const known = o => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== null && v !== false && !(Array.isArray(v) && !v.length)));
const environments = async get => [['', 'None'], ...(await get(`${BASE}/predictionEnvironments?limit=1000`)).data.map(e => [e.id, e.name])];
const importances = [['', 'Not set'], ['LOW', 'Low'], ['MODERATE', 'Moderate'], ['HIGH', 'High'], ['CRITICAL', 'Critical']];
const given = values => Object.fromEntries(Object.entries(values).filter(([, v]) => v !== null));
const packageName = p => `${p.name}, version ${p.registeredModelVersion}`;

const packages = {
    word: 'package',
    create: 'model:write', madeElsewhere: true, noHistory: true, within: { word: 'registered_model', field: 'registeredModelId', place: 'of' },
    id: p => p.id, name: packageName, status: p => p.state, rights: p => p.parent?.isArchived ? [] : p.permissions, pending: p => p.buildStatus === 'inProgress',
    api: {
        ...offsets(`${BASE}/modelPackages`, p => {
            const { modelDescription: m, target: t, sourceMeta: s, importMeta: i } = p;
            return Object.assign(p, { state: p.isArchived ? 'gone' : p.stage, description: m.description, model_name: m.modelName, location: m.location, made_with: m.buildEnvironmentType,
                target_name: t.name, target_type: t.type, classes: t.classNames, predictionThreshold: t.predictionThreshold, column: t.predictionProbabilitiesColumn,
                kinds: kindsOf(p), runs: executions[p.modelExecutionType],
                project: s.projectName, custom: s.customModelDetails && `${s.customModelDetails.id} ${s.customModelDetails.versionLabel ?? ''}`.trim(),
                use_case: s.useCaseDetails && (s.useCaseDetails.name ?? s.useCaseDetails.id),
                data: known(p.datasets), series: p.modelKind.isTimeSeries ? known(p.timeseries) : null, tagged: labels(p.tags),
                made: i.dateCreated, maker: i.creatorFullName ?? i.creatorUsername, file_name: i.originalFileName, changer: person(p.updatedBy) });
        }),
        async complete(items, get, alone) {
            if (!alone) {
                const of = items[0]?.parent;
                if (of && !of.isArchived) await tell(items, get, of.name, p => p.registeredModelVersion);
                for (const p of items) p.marks = marks({ aliases: p.aliases });
                return;
            }
            await Promise.all(items.map(async p => {
                const found = await named(get, [registeredUrl(p.registeredModelId), `${packageUrl(p.id)}/capabilities`]);
                const of = found.get(registeredUrl(p.registeredModelId));
                p.of = { href: `#/registered-models/${p.registeredModelId}`, text: of?.name ?? 'Registered model' };
                if (of?.isArchived && !p.isArchived) p.state = 'shelved';
                if (of && !of.isArchived) await tell([p], get, of.name, v => v.registeredModelVersion);
                p.marks = marks({ aliases: p.aliases });
                p.able = found.get(`${packageUrl(p.id)}/capabilities`)?.data.map(c => ({ name: capability(c.name), supported: c.supported, why: c.messages.join(' ') }));
                // Complete without a file: whatever nothing was built of.
                p.built = p.buildStatus === 'complete' && await request('HEAD', `${packageUrl(p.id)}/modelPackageFile`).then(() => true, e => { if (e.kind === 'ended') throw e; return false; });
            }));
        },
    },
    listed: stages,
    statuses: {
        Registered: { label: 'Registered', tone: 'grey' },
        Development: { label: 'Development', tone: 'violet' },
        Staging: { label: 'Staging', tone: 'amber' },
        Production: { label: 'Production', tone: 'green' },
        Archived: { label: 'Archived', tone: 'slate' },
        gone: { label: 'Permanently archived', tone: 'red' },
        shelved: { label: 'Archived with its model', tone: 'slate' },
        inProgress: { label: 'Building', tone: 'violet' },
        complete: { label: 'Built', tone: 'green' },
        failed: { label: 'Build failed', tone: 'red' },
    },
    columns: [
        { label: 'Version', field: 'name' },
        { label: 'Stage', field: 'state', kind: 'status' },
        { label: 'Aliases', field: 'marks', kind: 'badges', below: true },
        { label: 'Build', field: 'buildStatus', kind: 'status' },
        { label: 'Active deployments', field: 'activeDeploymentCount', wide: true },
        { label: 'Modified', field: 'updatedAt', kind: 'time', wide: true },
    ],
    details: [
        { label: 'Registered model', field: 'of', kind: 'place' },
        { label: 'Description', field: 'description' },
        { label: 'Aliases', field: 'marks', kind: 'badges' },
        { label: 'Model', field: 'model_name' },
        { label: 'Target', field: 'target_name' },
        { label: 'Target type', field: 'target_type' },
        { label: 'Classes', field: 'classes', kind: 'words' },
        { label: 'Threshold', field: 'predictionThreshold', optional: true },
        { label: 'Probabilities', field: 'column', optional: true },
        { label: 'Kind', field: 'kinds', kind: 'words', optional: true },
        { label: 'Build', field: 'buildStatus', kind: 'status' },
        { label: 'Deployments', field: 'activeDeploymentCount' },
        { label: 'Runs', field: 'runs' },
        { label: 'Location', field: 'location', optional: true },
        ...origin,
        { label: 'Made with', field: 'made_with' },
        { label: 'Project', field: 'project', optional: true },
        { label: 'Custom model', field: 'custom', kind: 'code', optional: true },
        { label: 'Use case', field: 'use_case', optional: true },
        { label: 'Imported from', field: 'file_name', optional: true },
        { label: 'Tags', field: 'tagged', kind: 'labels' },
        { label: 'Datasets', field: 'data', kind: 'json' },
        { label: 'Time series', field: 'series', kind: 'json', optional: true },
        { label: 'Created', field: 'made', kind: 'time' },
        { label: 'Created by', field: 'maker' },
        { label: 'Modified', field: 'updatedAt', kind: 'time' },
        { label: 'Modified by', field: 'changer' },
        { label: 'Model id', field: 'modelId', kind: 'code' },
        { label: 'Id', field: 'id', kind: 'code' },
    ],
    file: p => p.built ? { path: `${packageUrl(p.id)}/modelPackageFile`, of: `the .mlpkg file of ${packageName(p)}`,
        name: `${p.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}-${p.registeredModelVersion}.mlpkg` } : null,
    parts: [
        { word: 'feature', title: 'Features', url: p => `${packageUrl(p.id)}/features`, none: 'No features are known.' },
        { word: 'log', title: 'Logs', url: p => `${packageUrl(p.id)}/modelLogs`, none: 'Nothing was logged.' },
        { word: 'placement', title: 'Deployments', url: p => `${versionUrl(p)}/deployments`, none: 'This version was not deployed.' },
    ],
    tables: [{ title: 'Capabilities', field: 'able', whole: true, none: 'No capabilities are known.', columns: [
        { label: 'Capability', field: 'name' },
        { label: 'Supported', field: 'supported', kind: 'flag' },
        { label: 'Message', field: 'why' },
    ] }],
    form: [
        { name: 'name', label: 'Name', type: 'text', required: true },
        { name: 'predictionThreshold', label: 'Threshold', type: 'number', help: 'From 0 to 1. The threshold cannot be changed once the version is deployed.', of: p => p.target_type === 'Binary' },
        { name: 'tagged', label: 'Tags', type: 'labels', help: 'Name-value pairs', at: ['tags'] },
    ],
    edit: { method: 'PATCH', url: versionUrl, transitions: ['PACKAGE_EDIT'], needs: 'CAN_EDIT', send: (values, p) => {
        const { tagged: tags, ...rest } = changes(values, p);
        return tags ? { ...rest, tags: tagged(tags) } : Object.keys(rest).length ? rest : { name: p.name };
    } },
    own: [
        { transition: 'PACKAGE_EDIT', to: 'same' },
        { transition: 'PACKAGE_STAGE', to: 'same', method: 'PATCH' },
        { transition: 'PACKAGE_DEPLOY', to: 'same', method: 'POST' },
        { transition: 'PACKAGE_BUILD', to: 'same', method: 'POST', path: '{url}/modelPackageFileBuilds' },
        { transition: 'PACKAGE_ARCHIVE', to: 'gone', method: 'POST', path: '{url}/archive' },
        ...versionOffers('PACKAGE', stages, 'ALIAS', 'UNALIAS'),
    ].map(o => ({ from: stages, permission: 'model:write', ...o })),
    actions: {
        PACKAGE_STAGE: { label: 'Move to stage', bare: true, row: true, after: 'stay', needs: 'CAN_EDIT', done: 'was moved', ask: 'Move this version to another stage.',
            load: (get, p) => occupied(get, p.registeredModelId),
            fields: (p, there) => stageFields(there, stages, p.stage, p.registeredModelVersion)('archiveExistingVersions'),
            send: (p, body) => ({ path: versionUrl(p), body }) },
        ...versionActions('PACKAGE', p => ({ name: p.of?.text ?? p.parent.name, number: p.registeredModelVersion }), 'CAN_EDIT'),
        PACKAGE_DEPLOY: { label: 'Deploy', needs: 'CAN_EDIT', of: p => p.buildStatus !== 'failed', tone: 'secondary', done: 'was deployed',
            ask: 'Create a new deployment of this version.',
            load: environments,
            fields: (p, options) => [
                { name: 'label', label: 'Name of the deployment', type: 'text', required: true },
                { name: 'description', label: 'Description', type: 'area' },
                { name: 'importance', label: 'Importance', type: 'choice', options: importances },
                { name: 'predictionEnvironmentId', label: 'Environment', type: 'choice', options },
            ],
            send: (p, values) => ({ path: `${BASE}/deployments/fromModelPackage`, body: { modelPackageId: p.id, ...given(values) } }),
            leads: reply => `#/deployments/${reply.id}` },
        PACKAGE_BUILD: { label: 'Build file', bare: true, after: 'stay', tone: 'secondary', needs: 'CAN_EDIT', done: 'is being built',
            of: p => 'built' in p && !p.built && p.buildStatus !== 'inProgress',
            ask: 'Builds the .mlpkg file of this version in the background. You can then download it here.' },
        PACKAGE_ARCHIVE: { label: 'Archive', tone: 'danger', after: 'stay', needs: 'CAN_ARCHIVE', done: 'was archived', no: 'Keep it', typed: p => p.name,
            ask: 'This permanently archives the version: it can no longer be deployed, and this cannot be undone. Deployments that use it keep running.' },
    },
    audit: {},
};

let last = 0;
const list = { read: 'model:read', create: 'model:write', noHistory: true, inner: 'registered-models', flat: true, listed: [], statuses: {}, status: () => 'there', actions: {}, audit: {} };
const features = {
    ...list, word: 'feature', path: 'features', one: 'feature', many: 'features', title: 'Features',
    id: f => f.name, name: f => f.name,
    api: offsets(''),
    columns: [
        { label: 'Name', field: 'name' },
        { label: 'Type', field: 'featureType' },
        { label: 'Importance', field: 'importance', kind: 'decimal' },
        { label: 'Date format', field: 'dateFormat', wide: true },
        { label: 'Known in advance', field: 'knownInAdvance', kind: 'flag', wide: true },
    ],
};
const logs = {
    ...list, word: 'log', path: 'logs', one: 'log entry', many: 'log entries', title: 'Logs',
    id: l => l.id, name: l => l.message,
    api: offsets('', l => ({ ...l, id: ++last })),           // they have none
    columns: [
        { label: 'Message', field: 'message' },
        { label: 'Level', field: 'level' },
        { label: 'Time', field: 'time', kind: 'time', wide: true },
    ],
};

// ---- Deployments ------------------------------------------------------------------------

const deployed = {
    active: { label: 'Active', tone: 'green' },
    inactive: { label: 'Paused', tone: 'amber' },
    deleted: { label: 'Deleted', tone: 'red' },
};
const reasons = { ACCURACY: 'Accuracy', DATA_DRIFT: 'Data drift', ERRORS: 'Errors', SCHEDULED_REFRESH: 'Scheduled refresh', SCORING_SPEED: 'Scoring speed', OTHER: 'Other' };
const packagePlace = (id, p) => ({ href: `#/packages/${id}`, text: p ? packageName(p) : id });
// The id in a RID: a UUID that has its digits, but for those that every UUID of this form has.
const ridId = rid => rid.split('.').at(-1).replace(/^(.{8})-(.{4})-8(.{3})-8000-000(.{9})$/, '$1$2$3$4');

// Each change of its champion, the latest first, with the names of the packages.
async function replacements(d, get) {
    const rows = (await get(`/console/history/deployment/${encodeURIComponent(d.id)}?page_size=100`)).items.filter(e => e.action === 'deployment.model_replaced')
        .map(e => ({ at: e.timestamp, by: e.actor?.name, from: ridId(e.details.from_version_rid), to: ridId(e.details.version_rid), reason: reasons[e.details.reason] }));
    const found = await named(get, [...new Set(rows.flatMap(r => [r.from, r.to]))].slice(0, 20).map(packageUrl));
    return rows.map(r => ({ ...r, from: packagePlace(r.from, found.get(packageUrl(r.from))), to: packagePlace(r.to, found.get(packageUrl(r.to))) }));
}
// Of a package that is to take the place of the champion, or to be compared with it.
const choosing = (deed, title) => ({ word: 'package', deed, title, mark: (d, p) => p.id === d.modelPackage.id ? 'current champion' : null });

const deployments = {
    word: 'deployment',
    purpose: 'A deployment says which version of a model answers, where, and what replaced what.', first: { href: '#/registered-models', text: 'Choose a registered model' },
    create: 'model:write', madeElsewhere: true,
    id: d => d.id, name: d => d.label, status: d => d.status, rights: d => d.permissions,
    api: {
        ...offsets(`${BASE}/deployments`, d => Object.assign(d, { champion: { href: `#/packages/${d.modelPackage.id}`, text: d.modelPackage.name },
            of: { href: `#/registered-models/${d.modelPackage.registeredModelId}`, text: 'Registered model' },
            environment: d.predictionEnvironment?.name, weight: Object.fromEntries(importances)[d.importance ?? ''], target: d.model.targetName, type: d.model.type })),
        list: v => ({ ...offsets('').list(v), status: v.status, importance: v.importance, orderBy: v.sort }),
        async complete(items, get, alone) {
            if (!alone) return;
            for (const d of items) {
                const urls = [`${deploymentUrl(d.id)}/championModelPackage`, registeredUrl(d.modelPackage.registeredModelId)];
                const [found, history] = await Promise.all([named(get, urls), replacements(d, get).catch(e => { if (e.kind === 'ended') throw e; return null; })]);
                const champion = found.get(urls[0]);
                d.permissions = champion?.permissions ?? [];
                d.champion = packagePlace(d.modelPackage.id, champion);
                d.of.text = found.get(urls[1])?.name ?? d.of.text;
                d.replaced = history;
            }
        },
    },
    none: 'No deployments yet. Deploy a version of a registered model from its page.',
    listed: ['active', 'inactive'], statuses: deployed,
    sorts: [['', 'Newest first'], ['createdAt', 'Oldest first'], ...up('label', 'Name')],
    filters: [{ name: 'importance', label: 'Importance', options: importances.slice(1) }],
    columns: [
        { label: 'Name', field: 'label', sort: way('label') },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Champion', field: 'champion', kind: 'place' },
        { label: 'Environment', field: 'environment', wide: true },
        { label: 'Importance', field: 'weight', wide: true },
        { label: 'Created', field: 'createdAt', kind: 'time', wide: true, sort: [{ value: 'createdAt' }, { value: '', down: true }] },
    ],
    details: [
        { label: 'Description', field: 'description' },
        { label: 'Champion', field: 'champion', kind: 'place' },
        { label: 'Registered model', field: 'of', kind: 'place' },
        { label: 'Target', field: 'target' },
        { label: 'Environment', field: 'environment' },
        { label: 'Importance', field: 'weight' },
        { label: 'Your own id', field: 'userProvidedId', optional: true },
        { label: 'Created', field: 'createdAt', kind: 'time' },
        { label: 'Id', field: 'id', kind: 'code' },
    ],
    parts: [{ word: 'challenger', title: 'Challengers', url: d => `${deploymentUrl(d.id)}/challengers`, none: 'No challengers.' },
        { node: d => useApi(() => ({ what: 'deployment', read: `${deploymentUrl(d.id)}/` }), d) }],
    tables: [{ title: 'Replacements', field: 'replaced', none: 'The champion was never replaced.', columns: [
        { label: 'Time', field: 'at', kind: 'time' },
        { label: 'From', field: 'from', kind: 'place' },
        { label: 'To', field: 'to', kind: 'place' },
        { label: 'Reason', field: 'reason' },
        { label: 'By', field: 'by' },
    ] }],
    form: [
        { name: 'label', label: 'Name', type: 'text', required: true },
        { name: 'description', label: 'Description', type: 'area' },
        { name: 'importance', label: 'Importance', type: 'choice', options: importances },
    ],
    edit: { method: 'PATCH', transitions: ['DEPLOYMENT_EDIT'], needs: 'CAN_EDIT' },
    own: [
        { transition: 'DEPLOYMENT_PAUSE', from: ['active'], to: 'inactive', method: 'PATCH', path: '{url}/status', body: { status: 'inactive' } },
        { transition: 'DEPLOYMENT_RESUME', from: ['inactive'], to: 'active', method: 'PATCH', path: '{url}/status', body: { status: 'active' } },
        { transition: 'DEPLOYMENT_REPLACE', from: ['active', 'inactive'], to: 'same', method: 'PATCH' },
        { transition: 'DEPLOYMENT_CHALLENGE', from: ['active', 'inactive'], to: 'same', method: 'POST' },
    ].map(o => ({ permission: 'model:write', ...o })),
    actions: {
        DEPLOYMENT_RESUME: { label: 'Activate', needs: 'CAN_EDIT', after: 'stay', ask: 'The deployment serves its champion again.', done: 'is active' },
        DEPLOYMENT_REPLACE: { label: 'Replace champion', bare: true, needs: 'CAN_EDIT', after: 'stay', done: 'has another champion',
            ask: 'Replaces the champion with another version, if it fits.',
            pick: { ...choosing('Replace champion', d => `Replace ${d.champion.text} by which version?`),
                send: (d, p, values) => ({ path: `${deploymentUrl(d.id)}/model`, body: { modelPackageId: p.id, ...values } }), did: p => `The champion is now ${packageName(p)}.` },
            foresee: {
                ask: (d, p) => ({ method: 'POST', path: `${deploymentUrl(d.id)}/model/validation`, body: { modelPackageId: p.id } }),
                told: (r, d, p) => ({ refused: r.status !== 'passing', text: `${packageName(p)} ${r.status === 'passing' ? 'will replace' : 'cannot replace'} ${d.champion.text}.`,
                    checks: Object.values(r.checks).map(c => ({ fits: c.status === 'passing', text: c.message })) }),
            },
            fields: () => [{ name: 'reason', label: 'Reason', type: 'choice', options: Object.entries(reasons) }] },
        DEPLOYMENT_CHALLENGE: { label: 'Add challenger', bare: true, needs: 'CAN_EDIT', after: 'stay', tone: 'secondary', done: 'has another challenger',
            ask: 'Compares another version with the champion.',
            pick: { ...choosing('Add challenger', () => 'Which version is the challenger?'), told: (d, p) => `${packageName(p)} challenges ${d.champion.text}.`,
                send: (d, p, values) => ({ path: `${deploymentUrl(d.id)}/challengers`, body: { modelPackageId: p.id, ...given(values) } }) },
            load: environments,
            fields: (d, options) => [
                { name: 'name', label: 'Name of the challenger', type: 'text', required: true },
                { name: 'predictionEnvironmentId', label: 'Environment', type: 'choice', options },
            ] },
        DEPLOYMENT_PAUSE: { label: 'Pause', needs: 'CAN_EDIT', after: 'stay', tone: 'secondary', ask: 'The deployment does not serve its champion until it is activated again.', done: 'is paused' },
        DEPLOYMENT_DELETE: { label: 'Delete', needs: 'CAN_EDIT', after: 'list', tone: 'danger', no: 'Keep it', done: 'was deleted',
            ask: 'This permanently deletes the deployment and its challengers. It cannot be restored.' },
    },
    audit: { 'deployment.model_replaced': 'Champion replaced', 'deployment.deactivated': 'Paused' },
};
const challengers = {
    ...list, word: 'challenger', path: 'challengers', one: 'challenger', many: 'challengers', title: 'Challengers', inner: 'deployments',
    id: c => c.id, name: c => c.name, status: () => 'active', rights: c => c.parent.permissions,
    api: offsets('', c => Object.assign(c, { of: { href: `#/packages/${c.modelPackage.id}`, text: c.modelPackage.name }, environment: c.predictionEnvironment?.name })),
    columns: [{ label: 'Name', field: 'name' }, { label: 'Version', field: 'of', kind: 'place' }, { label: 'Environment', field: 'environment', wide: true }],
    actions: {
        CHALLENGER_DELETE: { label: 'Remove', row: true, needs: 'CAN_EDIT', after: 'stay', tone: 'danger', done: 'was removed', ask: 'The challenger is no longer compared with the champion.',
            send: c => ({ path: `${deploymentUrl(c.parent.id)}/challengers/${encodeURIComponent(c.id)}` }) },
    },
};
// A version in a deployment: where it is or was champion or challenger. Its page is the deployment's.
const placements = {
    ...list, word: 'placement', path: 'deployments', one: 'deployment', many: 'deployments', title: 'Deployments', flat: false,
    id: d => d.id, key: d => `${d.id} ${d.registeredModelVersion}`, name: d => d.label, status: d => d.status,
    api: offsets('', d => Object.assign(d, { environment: d.predictionEnvironment?.name, by: person(d.firstDeployedBy),
        is: d.currentlyDeployed ? 'Champion' : d.isChallenger ? 'Challenger' : d.firstDeployedAt ? 'Earlier champion' : 'Earlier challenger' })),
    statuses: deployed,
    columns: [
        { label: 'Deployment', field: 'label' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Version', field: 'registeredModelVersion', wide: true },
        { label: 'Role', field: 'is' },
        { label: 'First deployed', field: 'firstDeployedAt', kind: 'time', wide: true },
        { label: 'By', field: 'by', wide: true },
        { label: 'Environment', field: 'environment', wide: true },
    ],
};
const platforms = { aws: 'Amazon Web Services', gcp: 'Google Cloud', azure: 'Microsoft Azure', onPremise: 'On premises', datarobot: 'DataRobot', datarobotServerless: 'DataRobot serverless',
    openShift: 'OpenShift', other: 'Other', snowflake: 'Snowflake', sapAiCore: 'SAP AI Core' };
const formats = { datarobot: 'DataRobot', datarobotScoringCode: 'Scoring code', customModel: 'Custom model', externalModel: 'External model' };
const environmentRows = {
    ...list, word: 'prediction_environment', inner: undefined,
    about: 'Prediction environments: where deployments run.', purpose: 'Environments are created through the API.', first: { href: 'docs', text: 'Documentation' },
    id: e => e.id, name: e => e.name,
    api: offsets(`${BASE}/predictionEnvironments`, e => Object.assign(e, { on: platforms[e.platform] ?? e.platform, takes: e.supportedModelFormats.map(f => formats[f] ?? f) })),
    sorts: [], filters: [],
    columns: [
        { label: 'Name', field: 'name' },
        { label: 'Platform', field: 'on', wide: true },
        { label: 'Model formats', field: 'takes', kind: 'words', wide: true },
        { label: 'Description', field: 'description', wide: true },
    ],
};

export const entries = () => [registered, packages, share, features, logs, deployments, challengers, placements, environmentRows];
