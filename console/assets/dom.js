// dom.js: elements from words, and how values read. Text always goes in as text,
// never as markup: nothing that a person typed can become an element.

// h('p', {class: 'soft', onclick: f}, 'text', node, [more]): null and false are left out.
export function h(tag, props, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(props ?? {})) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
        else if (name === 'value') element.value = value;
        else element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false));
    return element;
}

let last = 0;
export const uid = stem => `${stem}-${++last}`;

// A member by a name that somebody chose: `constructor` is one only where it was given.
export const own = (object, name) => object && Object.hasOwn(object, name) ? object[name] : undefined;

// An unforeseeable word, also where crypto.randomUUID is missing (plain http, another host).
export const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('');

const whole = new Intl.NumberFormat(), short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
export const count = n => whole.format(n);
export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;
export const sentence = s => s.charAt(0).toUpperCase() + s.slice(1);
// Within a sentence; an abbreviation stays.
export const inside = s => /^\p{Lu}{2}/u.test(s) ? s : s.charAt(0).toLowerCase() + s.slice(1);
const conjunction = new Intl.ListFormat('en-GB');
export const listed = words => conjunction.format(words);

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const exact = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', second: '2-digit', timeZoneName: 'short' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
// Of ISO 8601, or of seconds since 1970; to the second and with its zone where one asks who was first.
export function time(given, format = moment) {
    const at = new Date(typeof given === 'number' ? given * 1000 : given);
    if (isNaN(at)) return String(given);
    const iso = typeof given === 'number' ? at.toISOString() : given;
    return h('time', { datetime: iso, title: iso }, format.format(at));
}
export const second = given => time(given, exact);
export const dayName = date => day.format(new Date(`${date}T00:00:00Z`));

export const spinner = what => h('p', { class: 'busy', role: 'status' },
    h('span', { class: 'spinner-border spinner-border-sm', 'aria-hidden': 'true' }), ` ${what}`);

export const badge = (resource, status) => {
    const known = resource?.statuses[status];
    return h('span', { class: `badge tone-${known?.tone ?? 'grey'}` }, known?.label ?? sentence(String(status).toLowerCase()));
};

// Beside the name of what is no real data.
export const test = object => object.livemode === false && h('span', { class: 'badge tone-amber test' }, 'test');

// What each scope of an application allows, in words; and each permission.
export const scopes = {
    'api:models-read': 'See models and their versions',
    'api:models-write': 'Create models, add versions to them and promote versions',
    'api:models-promote': 'Change which version has a protected alias or stage',
    'api:filesystem-read': 'See folders and their contents',
    'api:filesystem-write': 'Create folders, and delete and restore their contents',
    'api:admin-read': 'See your user name and e-mail address',
};
export const permissions = {
    'model:read': 'See models, their versions and deployments, and folders',
    'model:write': 'Create and change models, their versions and deployments, and folders',
    'model:promote': 'Change which version has a protected alias or stage',
    'project:read': 'See projects',
    'project:write': 'Create and change projects',
    'workspace:read': 'See workspaces, entities and what agents ask for',
    'workspace:write': 'Create and change workspaces and entities, and answer agents',
    'webhook:read': 'See events, webhook endpoints and deliveries',
    'webhook:write': 'Create and change webhook endpoints',
    'token:read': 'See one\u2019s own API keys',
    'token:write': 'Create and revoke one\u2019s own API keys',
    'organization:admin': 'Administer the organization: do everything, and manage users, roles, keys and applications',
};
export const allowed = words => words.map(s => h('li', {}, scopes[s] ?? permissions[s] ?? h('code', {}, s)));

// A long word of several parts is broken between them, where it has to be.
export const parted = text => text.length > 8 && /\p{L}{2}/u.test(text) ? text.split(/(?<=[_/]|\p{L}[.:@-])(?=[\p{L}\p{N}])/u).flatMap((part, i) => i ? [h('wbr'), part] : part) : text;

// One value as its kind reads; '-' where there is none.
const nothing = () => h('span', { class: 'soft' }, h('span', { 'aria-hidden': 'true' }, '\u2013'), h('span', { class: 'visually-hidden' }, 'none'));
const kinds = {
    text: v => parted(String(v)),
    time: v => time(v),
    words: v => v.length ? h('ul', { class: 'tags' }, v.map(w => h('li', { class: 'badge tone-grey' }, parted(w)))) : nothing(),
    scopes: v => v.length ? h('ul', { class: 'mb-0 ps-3' }, allowed(v)) : nothing(),
    json: v => Object.keys(v).length ? h('pre', { tabindex: '0' }, JSON.stringify(v, null, 2)) : nothing(),
    pairs: v => Object.keys(v).length ? h('table', { class: 'table table-sm mb-0' }, h('tbody', {}, Object.entries(v).map(([key, x]) => h('tr', {},
        h('th', { scope: 'row' }, parted(key)), h('td', { class: typeof x === 'number' ? 'number' : null }, parted(typeof x === 'object' ? JSON.stringify(x) : String(x))))))) : nothing(),
    labels: v => Object.keys(v).length ? h('dl', { class: 'labels' }, Object.entries(v).map(([key, text]) => h('div', {}, h('dt', {}, key), h('dd', {}, text)))) : nothing(),
    flag: v => v ? 'Yes' : 'No',
    number: v => count(Array.isArray(v) ? v.length : v),
    decimal: v => short.format(v),
    bytes: v => plural(v, 'byte', 'bytes'),
    seconds: v => plural(v, 'second', 'seconds'),
    milliseconds: v => `${count(v)} ms`,
    place: v => h('a', { href: v.href }, v.text),
    percent: v => h('span', {}, h('progress', { max: 100, value: v, 'aria-label': 'Progress' }), ` ${v} %`),
    colour: v => h('span', { class: 'colour' }, swatch(v), h('code', {}, v)),
    code: v => h('code', {}, v),
    badges: v => v.length ? h('ul', { class: 'tags' }, v.map(b => h('li', { class: `badge tone-${b.tone}` }, b.text))) : nothing(),
    long: v => v.length > 300 ? h('details', {}, h('summary', {}, `${v.slice(0, 100)}\u2026`), h('pre', {}, v)) : v,
    // Another site: told nothing of this one, and only ever over http.
    link: v => /^https?:/.test(v) ? h('a', { href: v, rel: 'noopener noreferrer external', target: '_blank' }, v,
        h('span', { class: 'visually-hidden' }, ' (opens in a new window)')) : String(v),
};
export function swatch(colour) {
    const spot = h('span', { class: 'swatch', 'aria-hidden': 'true' });
    spot.style.background = CSS.supports('color', colour) ? colour : 'none';
    return spot;
}
export function value(resource, { field, kind = 'text' }, object) {
    const v = object[field];
    if (kind === 'status' && v) return badge(resource, resource.seen?.(object) ?? v);
    return v === null || v === undefined || v === '' ? nothing() : (kinds[kind] ?? kinds.text)(v);
}
