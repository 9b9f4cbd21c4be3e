// mlflow.js: what MLflow's API tells of models and versions beyond the others, and what it
// does with them, for every page that shows one: aliases, stages, tags, where files are from.
// A model goes by its name there, and a version by its number.
import { later, query } from './api.js';
import { sentence, time } from './dom.js';

const BASE = '/api/2.0/mlflow';
const modelPath = name => query(`${BASE}/registered-models/get`, { name }), aliasPath = `${BASE}/registered-models/alias`;
const versionPath = (name, number) => query(`${BASE}/model-versions/get`, { name, version: number });
// The dialect that tells who held what has ids of its own spelling.
const spelled = id => id.startsWith('mdl-') ? id : `mdl-${id}`, modelUrl = id => `/api/v1/models/${encodeURIComponent(spelled(id))}`;
const quoted = text => `'${text.replaceAll('\'', '\'\'')}'`;
const labelled = tags => Object.fromEntries((tags ?? []).map(t => [t.key, t.value]));

// How it is loaded from elsewhere, which is told on one object's page.
export const [use, useApi] = ['use', 'useApi'].map(what => later('use', what));

const stages = {
    None: { label: 'None', tone: 'grey' },
    Development: { label: 'Development', tone: 'violet' },
    Staging: { label: 'Staging', tone: 'amber' },
    Production: { label: 'Production', tone: 'green' },
    Archived: { label: 'Archived', tone: 'slate' },
};
const versionPlace = (model, number) => ({ href: `#/versions/${model}.ver-${String(number).padStart(3, '0')}`, text: `Version ${number}` });

// ---- What is told ---------------------------------------------------------------------

// Versions of one model with what is known of them; nothing of those that are not in use.
export async function tell(items, get, name, number) {
    if (!items.length) return;
    const numbers = items.map(number);
    let found;
    try {
        found = (await get(query(`${BASE}/model-versions/search`, { max_results: 1000,
            filter: `name = ${quoted(name)} AND version_number >= ${Math.min(...numbers)} AND version_number <= ${Math.max(...numbers)}` }))).model_versions ?? [];
    } catch (e) {
        if (e.kind === 'ended') throw e;
        return;
    }
    const by = new Map(found.map(v => [Number(v.version), v]));
    for (const item of items) {
        const v = by.get(number(item));
        if (v) Object.assign(item, { aliases: v.aliases ?? [], at: v.current_stage, told: v.description || null, source_uri: v.source || null, run: v.run_id || null,
            run_link: v.run_link || null, logged_model: v.model_id ?? null, labelled: labelled(v.tags) });
    }
}
// The stage and the aliases, to be seen at a glance.
export const marks = v => [...v.at && v.at !== 'None' ? [{ text: v.at, tone: stages[v.at].tone }] : [], ...(v.aliases ?? []).map(alias)];
const alias = name => ({ text: `@${name}`, tone: 'blue' });

export const details = [
    { label: 'Registered from', field: 'source_uri', kind: 'link', optional: true },
    { label: 'Run', field: 'run', kind: 'code', optional: true },
    { label: 'Run page', field: 'run_link', kind: 'link', optional: true },
    { label: 'Logged model', field: 'logged_model', kind: 'code', optional: true },
];

// ---- What is done ---------------------------------------------------------------------

// The version of each alias.
const held = async (get, name) => new Map(((await get(modelPath(name))).registered_model.aliases ?? []).map(a => [a.alias, Number(a.version)]));
const versionsOf = async (get, name) => ((await get(query(`${BASE}/model-versions/search`, { filter: `name = ${quoted(name)}`, order_by: 'version_number DESC', max_results: 100 }))).model_versions ?? [])
    .map(v => [v.version, `Version ${v.version}${v.description ? `: ${v.description.slice(0, 60)}` : ''}`]);
// An alias that another version has is taken from it only where that was confirmed.
const moving = (has, to) => ({ name: 'move', label: 'Move it', type: 'check', must: 'Confirm the move',
    when: v => has.has(v.alias) && has.get(v.alias) !== to(v), says: v => `Version ${has.get(v.alias)} has this alias. It will move to version ${to(v)}.` });
const aliasField = { name: 'alias', label: 'Alias', type: 'text', required: true, help: 'Letters, digits, - and _. Example: champion' };
const keyField = { name: 'key', label: 'Key', type: 'text', required: true }, valueField = { name: 'value', label: 'Value', type: 'area' };
const setTag = (list, of) => ({ label: 'Set tag', bare: true, after: 'stay', tone: 'secondary', done: 'tag set', ask: 'Set a key and its value. If the key already exists, its value is replaced.',
    fields: () => [keyField, valueField], send: (o, { key, value }) => ({ path: `${BASE}/${list}/set-tag`, body: { ...of(o), key, value: value ?? '' } }) });

const offer = (transition, from, method = 'POST') => ({ transition, from, to: 'same', method, permission: 'model:write' });

// Of a model.
export const modelOffers = from => [offer('ALIAS_SET', from), offer('TAG_SET', from)];
export const modelActions = {
    ALIAS_SET: { label: 'Set alias', bare: true, after: 'stay', tone: 'secondary', done: 'alias set', ask: 'Give a version an alias that clients can load it by.',
        load: async (get, m) => ({ has: await held(get, m.name), options: await versionsOf(get, m.name) }),
        fields: (m, { has, options }) => [aliasField, { name: 'version', label: 'Version', type: 'choice', options }, moving(has, v => Number(v.version))],
        send: (m, v) => ({ path: aliasPath, body: { name: m.name, alias: v.alias, version: v.version } }) },
    TAG_SET: setTag('registered-models', m => ({ name: m.name })),
};

// Of a version; of(v): {name, number} as MLflow has them, needs: as in resources.js.
export const versionOffers = (word, from, ...deeds) => deeds.map(deed => offer(`${word}_${deed}`, from, deed === 'UNALIAS' ? 'DELETE' : 'POST'));
export function versionActions(word, of, needs) {
    const here = v => ({ name: of(v).name, version: String(of(v).number) });
    return {
        [`${word}_ALIAS`]: { label: 'Set alias', bare: true, row: true, after: 'stay', tone: 'secondary', needs, of: v => !!v.aliases, done: 'alias set',
            ask: 'Give this version an alias that clients can load it by. Only one version of a model can have a given alias.',
            load: (get, v) => held(get, of(v).name),
            fields: (v, has) => [aliasField, moving(has, () => of(v).number)],
            send: (v, { alias: name }) => ({ path: aliasPath, body: { ...here(v), alias: name } }) },
        [`${word}_UNALIAS`]: { label: 'Remove alias', bare: true, after: 'stay', tone: 'secondary', needs, of: v => v.aliases?.length > 0, done: 'alias removed',
            ask: 'Clients that load the model by this alias will no longer find a version.',
            fields: v => [{ name: 'alias', label: 'Alias', type: 'choice', options: v.aliases.map(a => [a, a]) }],
            send: (v, values) => ({ path: aliasPath, body: { name: of(v).name, ...values } }) },
        [`${word}_LABEL`]: { ...setTag('model-versions', here), needs, of: v => !!v.labelled },
    };
}
// Who is in the stages that others can be made to leave.
export const occupied = async (get, id) => Object.fromEntries(await Promise.all(['Development', 'Staging', 'Production'].map(async stage => [stage, await get(`${modelUrl(id)}/holders?stage=${stage}`)])));
export const stageFields = (there, all, is, number) => {
    const others = stage => there[stage]?.items.map(o => o.version_number).filter(n => n !== number) ?? [];
    const more = stage => there[stage]?.has_next;
    const those = stage => `${others(stage).length > 1 ? 'Versions' : 'Version'} ${others(stage).join(', ')}${more(stage) ? ' and more' : ''}`;
    return archive => [
        { name: 'stage', label: 'Stage', type: 'choice', options: all.filter(s => s !== is).map(s => [s, s]),
            says: v => !others(v.stage).length ? '' : `${those(v.stage)} ${others(v.stage).length > 1 ? 'are' : 'is'} in this stage now${v[archive] ? ' and will be moved to Archived' : ''}.` },
        { name: archive, label: 'Archive existing versions', type: 'check', help: 'Moves the other versions in this stage to Archived.', when: v => others(v.stage).length > 0 },
    ];
};
export const stageAction = (word, of) => ({ [`${word}_STAGE`]: { label: 'Move to stage', bare: true, row: true, after: 'stay', tone: 'secondary', of: v => !!v.at, done: 'was moved',
    ask: 'Move this version to another stage.',
    load: (get, v) => occupied(get, v.model_id),
    fields: (v, there) => stageFields(there, ['None', 'Staging', 'Production', 'Archived'], v.at, of(v).number)('archive_existing_versions'),
    send: (v, values) => ({ path: `${BASE}/model-versions/transition-stage`, body: { name: of(v).name, version: String(of(v).number), ...values } }) } });

// ---- Lists in a model's or a version's page -------------------------------------------------

// Where the page knows rights, its object has them; a model is `name` in every dialect.
const state = o => ['archived', 'retired'].includes(o.parent.status) || o.parent.isArchived || o.until ? 'over' : 'there';
const list = { read: 'model:read', create: 'model:write', noHistory: true, inner: 'models', flat: true, listed: [], statuses: {}, status: state, audit: {},
    rights: o => o.parent.permissions ?? [] };
const needs = o => o.parent.permissions && 'CAN_EDIT', there = ['there'];
const whole = rows => ({ list: () => ({}), page: r => ({ items: rows(r), more: false }) });

const numbered = { list: v => ({ page: v.page, page_size: v.limit }), page: r => ({ items: r.items, total: r.total, size: r.page_size }) };
const place = items => {
    for (const o of items) Object.assign(o, { of: versionPlace(spelled(o.parent.id), o.version_number), by: o.set_by?.name, ends: o.until ?? 'now',
        mark: [o.alias ? alias(o.alias) : { text: o.stage, tone: stages[o.stage].tone }] });
};
const what = o => o.alias ? { alias: o.alias } : { stage: o.stage };
// The server says who would get it back; who has it now is asked for beside.
const foretold = async (get, o) => {
    let r;
    try { r = await get(query(`${modelUrl(o.parent.id)}/rollback`, what(o))); } catch (e) {
        if (e.kind !== 'conflict') throw e;
        return { refused: true, text: 'No earlier version to roll back to.' };
    }
    const { items, has_next: more } = await get(query(`${modelUrl(o.parent.id)}/holders`, what(o)));
    const others = `${items.length > 1 ? 'Versions' : 'Version'} ${items.map(i => i.version_number).join(', ')}${more ? ' and more' : ''}`;
    return { text: [`Version ${r.version_number} ${o.alias ? 'had this alias' : `was in ${o.stage}`} until `, time(r.until), ` and will ${o.alias ? 'get it back' : 'move back to it'}. `,
        items.length > 0 && `${others} will ${o.alias ? 'lose it' : 'be moved to Archived'}.`] };
};
const back = { label: 'Roll back', bare: true, row: true, after: 'stay', tone: 'secondary', needs, done: 'was rolled back', foresee: foretold,
    did: r => r.alias ? `Version ${r.version_number} has the alias now.` : `Version ${r.version_number} is in ${r.stage} now.`,
    send: o => ({ path: `${modelUrl(o.parent.id)}/rollback`, body: what(o) }) };

const aliases = {
    ...list, word: 'alias', path: 'aliases', one: 'alias', many: 'aliases', title: 'Aliases',
    id: a => a.alias, name: a => a.alias,
    api: { ...numbered, complete: place },
    columns: [{ label: 'Alias', field: 'mark', kind: 'badges' }, { label: 'Version', field: 'of', kind: 'place', wide: true }, { label: 'Since', field: 'since', kind: 'time', wide: true },
        { label: 'Set by', field: 'by', wide: true }],
    own: [offer('ALIAS_MOVE', there), offer('ALIAS_BACK', there), offer('ALIAS_REMOVE', there, 'DELETE')],
    actions: {
        ALIAS_MOVE: { label: 'Move', row: true, after: 'stay', tone: 'secondary', needs, done: 'was moved',
            ask: a => `Version ${a.version_number} has this alias now. Choose the version that it moves to.`,
            load: (get, a) => versionsOf(get, a.parent.name),
            fields: (a, options) => [{ name: 'version', label: 'Move to', type: 'choice', options: options.filter(([v]) => v !== String(a.version_number)) }],
            send: (a, values) => ({ path: aliasPath, body: { name: a.parent.name, alias: a.alias, ...values } }) },
        ALIAS_BACK: back,
        ALIAS_REMOVE: { label: 'Remove', row: true, after: 'stay', tone: 'danger', needs, no: 'Keep it', done: 'was removed',
            ask: a => `Version ${a.version_number} will lose this alias. Clients that load the model by it will no longer find a version.`,
            send: a => ({ path: aliasPath, body: { name: a.parent.name, alias: a.alias } }) },
    },
};
export const aliasPart = { word: 'alias', title: 'Aliases', url: m => `${modelUrl(m.id)}/aliases`, does: ['ALIAS_SET'], none: 'No version has an alias.' };

const holds = {
    ...list, word: 'hold', path: 'holders', one: 'alias or stage', many: 'aliases and stages', title: 'Alias and stage history',
    id: o => `${o.alias ? '@' : ''}${o.alias ?? o.stage} ${o.version_number} ${o.since} ${o.until}`, name: o => o.alias ?? o.stage,
    api: { ...numbered, complete: place },
    columns: [{ label: 'Alias or stage', field: 'mark', kind: 'badges' }, { label: 'Version', field: 'of', kind: 'place', wide: true }, { label: 'From', field: 'since', kind: 'time', wide: true },
        { label: 'Until', field: 'ends', kind: 'time', wide: true }, { label: 'Set by', field: 'by', wide: true }],
    own: [offer('HOLD_BACK', there)],
    actions: { HOLD_BACK: { ...back, of: o => o.stage !== 'Archived' } },
};
export const holdPart = { word: 'hold', title: holds.title, url: m => `${modelUrl(m.id)}/holders/history`, none: 'No version has had an alias or been in a stage yet.' };

const tagged = t => t.parent.version_number === undefined ? ['registered-models', { name: t.parent.name }] : ['model-versions', { name: t.parent.model.text, version: String(t.parent.version_number) }];
const tags = {
    ...list, word: 'tag', path: 'tags', one: 'tag', many: 'tags', title: 'Tags',
    id: t => t.key, name: t => t.key,
    api: whole(r => (r.registered_model ?? r.model_version).tags ?? []),
    columns: [{ label: 'Key', field: 'key' }, { label: 'Value', field: 'value', kind: 'long' }],
    own: [offer('TAG_CHANGE', there), offer('TAG_REMOVE', there, 'DELETE')],
    actions: {
        TAG_CHANGE: { label: 'Change', row: true, after: 'stay', tone: 'secondary', needs, done: 'was changed', ask: 'Change the value of this tag.',
            fields: t => [{ ...valueField, start: t.value }],
            send: (t, { value }) => ({ path: `${BASE}/${tagged(t)[0]}/set-tag`, body: { ...tagged(t)[1], key: t.key, value: value ?? '' } }) },
        TAG_REMOVE: { label: 'Remove', row: true, after: 'stay', tone: 'danger', needs, no: 'Keep it', done: 'was removed', ask: 'Removes the key and its value.',
            send: t => ({ path: `${BASE}/${tagged(t)[0]}/delete-tag`, body: { ...tagged(t)[1], key: t.key } }) },
    },
};
const tagPart = { word: 'tag', title: 'Key-value tags', none: 'No key-value tags.' };
export const modelTags = of => ({ ...tagPart, of, url: m => modelPath(m.name), does: ['TAG_SET'] });
export const versionTags = { ...tagPart, of: v => !!v.labelled, url: v => versionPath(v.model.text, v.version_number), does: ['VERSION_LABEL'] };

export const named = [aliases, holds, tags];

// What an audit action told beside its name, of an alias, a stage, a tag or a version; nothing of others.
export function story({ details: d }) {
    if (!d) return null;
    const version = d.version_number && `version ${d.version_number}`, before = d.previous && (typeof d.previous === 'number' ? `version ${d.previous}` : d.previous);
    if (d.alias) return `@${d.alias}: ${version ? `${version}${before ? ` (previously ${before})` : ''}` : `removed from ${before}`}`;
    if (d.stage && version) return `${sentence(version)}: ${d.stage} (previously ${before})${d.archived_versions ? `; archived: version ${d.archived_versions.join(', ')}` : ''}`;
    if (d.key) return `${version ? `${sentence(version)}: ` : ''}${d.key}${d.value ? ` = ${d.value.slice(0, 200)}` : ''}`;
    return version ? sentence(version) : null;
}

// ---- How it is loaded --------------------------------------------------------------------

// Is it known where MLflow's clients find the files of a version? Not of one whose file is kept here.
export const located = async (get, name, version) => !!(await get(versionPath(name, version))).model_version.source;
// What a model is loaded by: {text, alias, version}; of a version what is its own.
export async function ways(get, name, number) {
    const m = (await get(modelPath(name))).registered_model;
    const mine = n => number === undefined || Number(n) === number;
    const versions = new Set([...number === undefined ? [...(m.aliases ?? []).map(a => a.version), ...(m.latest_versions ?? []).map(v => v.version)] : [String(number)]]);
    return [...(m.aliases ?? []).filter(a => mine(a.version)).map(a => ({ text: `@${a.alias} (currently version ${a.version})`, alias: a.alias, version: a.version })),
        ...[...versions].sort((a, b) => b - a).map(v => ({ text: `Version ${v}`, version: v }))];
}
