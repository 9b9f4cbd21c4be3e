// api.js: the session and every request. The access token lives in this module's
// memory and nowhere else; the refresh token is a cookie that no script can read.
//
//   request(method, path, {body, key, match, bytes, mode}) -> {status, data, etag, next}, or throws a
//   Failure; bytes: the answer is no JSON, and data a Blob; mode: of the data, 'live' or 'test'; next: where
//   what is left can be had
//   Failure.kind says what a view does about it:
//     invalid (400, 422: fields)  denied (403)  gone (404)  conflict (409)  stale (412)
//     slow (429: wait)  away (5xx)  lost (no answer)  ended (the person signed out)
//     sealed (409: it was done before, and the secret in its answer is not told twice)

const SESSION = '/console/session';
const EARLY = 30_000;           // a token is renewed this long before its end,
const AGAIN = 1000;             // and where something was refused, when it is older than this

let session = null;             // {token, until, user, organization}
let renewing = null;
let askAgain = null;            // shows the dialog that signs in again
let otherRole = () => {};       // shows what another role allows
const bus = 'BroadcastChannel' in globalThis ? new BroadcastChannel('thaw-session') : null;

export class Failure extends Error {
    constructor(kind, text, more = {}) {
        super(text);
        Object.assign(this, { kind, status: 0, code: '', fields: {}, wait: 0, requestId: '' }, more);
    }
}

export const user = () => session?.user ?? null;
export const organization = () => session?.organization ?? null;
export const may = permission => !!session && (permission === 'member' ||
    session.user.permissions.includes('organization:admin') || session.user.permissions.includes(permission));
export function onSignIn(dialog) { askAgain = dialog; }
export function onOtherRole(tell) { otherRole = tell; }
export function onSignOut(tell) { if (bus) bus.onmessage = () => { session = null; tell(); }; }

// ---- One exchange ---------------------------------------------------------------

const kindOf = status => ({ 400: 'invalid', 401: 'signin', 403: 'denied', 404: 'gone', 409: 'conflict', 412: 'stale', 413: 'invalid',
    415: 'invalid', 422: 'invalid', 428: 'stale', 429: 'slow' })[status] ?? (status >= 500 ? 'away' : 'invalid');

// Each dialect has its own error body: problem+json, {error: {...}}, or flat, with short names or long;
// the fields as a list, or by their names.
export function failure(status, headers, body) {
    const e = body?.error ?? body ?? {};
    const list = e.errors ?? e.details?.errors ?? body?.errors ?? (e.details ? [e.details].flat() : []);
    const fields = Array.isArray(list) ? {} : { ...list };
    for (const f of Array.isArray(list) ? list : []) if (f?.field) fields[f.field] ??= f.detail ?? f.message ?? f.reason ?? 'is not valid';
    return new Failure(e.code === 'idempotency_key_sealed' ? 'sealed' : kindOf(status), e.detail ?? e.message ?? e.errorDescription ?? e.title ?? `The server answered ${status}.`, {
        status, fields, code: e.code ?? e.errorName ?? '', requestId: headers.get('X-Request-Id') ?? e.request_id ?? '',
        wait: status === 429 || status === 503 ? Math.max(1, Number.parseInt(headers.get('Retry-After') ?? '5', 10) || 5) : 0,
    });
}

// via: what carries the request instead of this (upload.js): the same arguments, answer and failures.
// The cookie is for the session's own address alone; without credentials no answer makes the browser ask for a password.
async function exchange(method, path, { body, key, match, token, bytes, mode } = {}) {
    const headers = { Accept: bytes ? '*/*' : 'application/json' };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (key) headers['Idempotency-Key'] = key;
    if (match) headers['If-Match'] = match;
    if (mode) headers['Thaw-Mode'] = mode;
    let reply, data = null, text = '';
    try {
        reply = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body),
            credentials: path.startsWith(SESSION) ? 'same-origin' : 'omit', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout?.(bytes ? 600_000 : 30_000) });
        if (bytes && reply.ok) data = await reply.blob(); else text = await reply.text();
    } catch {
        throw new Failure('lost', 'The server did not answer.');
    }
    try { data ??= text ? JSON.parse(text) : null; } catch { /* the status says enough */ }
    if (!reply.ok) throw failure(reply.status, reply.headers, data);
    return { status: reply.status, data, etag: reply.headers.get('ETag'), next: reply.headers.get('Link')?.match(/<([^>]*)>; rel="next"/)?.[1] ?? null };
}

// ---- The session -----------------------------------------------------------------

function keep({ data }) {
    session = { token: data.access_token, since: Date.now(), until: Date.now() + data.expires_in * 1000, user: data.user, organization: data.organization };
    return session.user;
}

// Two windows that spend one cookie at the same moment look like a thief: one after the other.
const alone = work => navigator.locks ? navigator.locks.request('thaw-session', work) : work();

export const signIn = (email, password) => alone(async () => keep(await exchange('POST', SESSION, { body: { email, password } })));
export const changePassword = (current, password) => alone(async () => keep(await exchange('POST', `${SESSION}/password`, { body: { current_password: current, password } })));
export const setPassword = (link, password) => exchange('POST', '/console/password', { body: { link, password } });
export const resume = () => alone(async () => keep(await exchange('POST', `${SESSION}/refresh`)));

export async function signOut() {
    const token = session?.token;
    try {
        await alone(() => exchange('DELETE', SESSION, { token }));
    } catch (e) {
        if (e.kind !== 'signin') throw e;          // over already: as good as signed out
    }
    session = null;
    bus?.postMessage('out');
}

// A new access token, from the cookie or, when the session is over, from the person.
function renew() {
    renewing ??= (async () => {
        const before = session?.user;
        try {
            await resume();
        } catch (e) {
            if (e.kind !== 'signin') throw e;
            await askAgain(before);
        }
        // Another window may have signed in as someone else: what is shown is not theirs.
        if (before && session && session.user.id !== before.id) {
            location.reload();
            await new Promise(() => {});
        }
        if (before && session && [before, session.user].map(u => `${u.role} ${u.permissions}`).reduce((a, b) => a !== b)) otherRole();
    })().finally(() => { renewing = null; });
    return renewing;
}

export async function request(method, path, options = {}) {
    if (!session) throw new Failure('ended', 'Signed out.');
    // An id of dots would lead to another address, however it is encoded (URL standard).
    if (path.split('?')[0].split('/').some(s => s === '.' || s === '..')) throw new Failure('gone', 'No object has this id.');
    if (renewing || Date.now() > session.until - EARLY) await renew();
    const before = session, exchanged = options.via ?? exchange;
    try {
        return await exchanged(method, path, { ...options, token: session.token });
    } catch (e) {
        // The role may be another by now: what one may is asked anew, with the next request.
        if (e.kind === 'denied' && session === before && Date.now() - session.since > AGAIN) session.until = 0;
        if (e.kind !== 'signin') throw e;
    }
    // Refused: nothing was done, so the same request may go again, once.
    if (session === before) await renew();
    if (!session) throw new Failure('ended', 'Signed out.');
    return exchanged(method, path, { ...options, token: session.token });
}

export const get = async (path, options) => (await request('GET', path, options)).data;
export const query = (path, values) => {
    const set = Object.entries(values).filter(([, v]) => v !== '' && v !== null && v !== undefined);
    return set.length ? `${path}?${new URLSearchParams(set)}` : path;
};

// Which data the lists show, and what is made belongs to, where a resource has two sets (`modes`): this browser remembers it.
const KEPT = 'thaw-mode';
let shown = 'live';
try { if (localStorage.getItem(KEPT) === 'test') shown = 'test'; } catch { /* then each page begins with live data */ }
export const mode = () => shown;
export function setMode(to) {
    shown = to;
    try { localStorage.setItem(KEPT, to); } catch { /* for this page then */ }
}
export const modeOf = resource => resource.modes ? { mode: shown } : {};

// A part of the console that is fetched when it is first needed: what(...) of name.js.
export const later = (name, what) => async (...given) => {
    const part = await import(`./${name}.js`).catch(() => { throw new Failure('lost', 'The server did not answer.'); });
    return part[what](...given);
};

// The objects that others name by their id, each asked for once; one that cannot be had keeps its id.
export async function named(get, urls) {
    const found = new Map();
    await Promise.all([...new Set(urls)].map(async url => { try { found.set(url, await get(url)); } catch (e) { if (e.kind === 'ended') throw e; } }));
    return found;
}

// What one may do: the server's own table of state changes, and what the resource adds.
let table = null;
export function forget() { table = null; }
export async function offers(resource, status) {
    table ??= (await get('/console/actions')).items;
    return [...table.filter(a => a.resource === resource.word), ...resource.own ?? []].filter(a => may(a.permission) && a.from.includes(status));
}

// Of which nothing is known, or not now: the same request may go again.
export const passing = e => ['lost', 'away', 'slow'].includes(e.kind);

// What to do about a failure, for people. `writing`: the request would have changed something;
// where that is a text, it says what.
const again = 'The change may have been made; it is safe to try again, the change will not be made twice.';
export function advice(e, writing = false) {
    const not = typeof writing === 'string' ? `Couldn\u2019t ${writing}` : writing ? 'The change was not made' : 'The request was refused';
    const text = e.message.replace(/\.$/, '');
    switch (e.kind) {
    case 'conflict': return [not, `${text}. Someone may have changed it first. This page now shows the current state.`];
    case 'sealed': return ['The change was made', 'The secret in the answer can no longer be shown. Rotate the secret to get a new one, or create another.'];
    case 'stale': return ['This was changed while you were editing', 'Someone else saved a change after you opened this page. Check the current state, then decide.'];
    case 'gone': return ['Not found', `${text === 'Not found' ? '' : `${text}. `}The object may have been deleted. Choose another one from the list.`];
    case 'denied': return ['Not allowed', `${text}. An administrator of your organization can give you the permission.`];
    case 'slow': return ['Too many requests', `Wait ${e.wait} seconds, then try again.`];
    case 'away': return ['The service is unavailable', `${writing ? again : 'Nothing was changed.'} Wait ${e.wait || 'a few'} seconds, then try again.`];
    case 'lost': return ['No connection', `The server did not answer. ${writing ? `${again} ` : ''}Check the connection, then try again.`];
    case 'signin': return ['Signed out', 'Your session has expired. Sign in again.'];
    default: return [not, e.message];
    }
}
