// people.js: what the console knows of people and of what acts for them, as resources.js has it: users and
// their sessions, roles, API keys, and the applications that an administrator registers.
import { may, named, query, user } from './api.js';
import { permissions, scopes, time } from './dom.js';

// Pages that go on behind an id, or before one.
const places = base => ({
    base,
    list: v => ({ search: v.search, after: v.after, before: v.before, limit: v.limit ?? 20 }),
    page: r => ({ items: r.items, more: r.more }),
    one: r => r,
});
const userUrl = id => `/console/users/${encodeURIComponent(id)}`;
// Another API spells the id of a user in another way.
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const asHex = id => `usr-${[...id.slice(4)].reduce((n, c) => n * 62n + BigInt(digits.indexOf(c)), 0n).toString(16).padStart(24, '0')}`;
const words = map => Object.entries(map);
const made = [{ label: 'Created', field: 'created_at', kind: 'time' }, { label: 'Changed', field: 'updated_at', kind: 'time' }, { label: 'Id', field: 'id', kind: 'code' }];

// ---- Users ------------------------------------------------------------------------------

const linked = r => r.link && { text: r.link, title: 'The link to set a password', label: 'Link',
    about: ['Send this link to the user. It is shown only this once, works once, and is valid until ', time(r.link_expires_at), '.'] };
async function everyRole(get) {
    const all = [];
    for (let page = { more: true }; page.more;) {
        page = await get(query('/console/roles', { limit: 100, after: all.at(-1)?.id }));
        all.push(...page.items);
    }
    return all.map(r => [r.name, r.name]);
}
const users = {
    word: 'user',
    create: 'organization:admin',
    id: u => u.id, name: u => u.username, status: u => u.status,
    api: { ...places('/console/users'), secret: linked },
    listed: [],
    statuses: { active: { label: 'Active', tone: 'green' }, disabled: { label: 'Disabled', tone: 'slate' } },
    sorts: [], filters: [], searches: 'Search by name or e-mail address',
    columns: [
        { label: 'User name', field: 'username' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'E-mail address', field: 'email', wide: true },
        { label: 'Role', field: 'role', wide: true },
        { label: 'Last active', field: 'last_active', kind: 'time', wide: true },
    ],
    details: [
        { label: 'E-mail address', field: 'email' },
        { label: 'Role', field: 'role' },
        { label: 'Last active', field: 'last_active', kind: 'time' },
        ...made,
    ],
    parts: [{ word: 'session', title: 'Sessions', url: u => `${userUrl(u.id)}/sessions`, none: 'Not signed in anywhere.', does: ['USER_END_SESSIONS'] }],
    form: [
        { name: 'username', label: 'User name', type: 'text', required: true, taken: /user name/, help: 'Unique across all organizations' },
        { name: 'email', label: 'E-mail address', type: 'text', required: true, taken: /email address/, help: 'The user signs in with it' },
        { name: 'role', label: 'Role', type: 'choice', required: true, start: 'member', load: everyRole },
    ],
    edit: { method: 'PATCH', transitions: ['USER_ROLE'],
        send: (values, u) => ({ role: values.role, ...Object.fromEntries(Object.entries(values).filter(([k, v]) => v !== u[k])) }) },
    actions: {
        USER_LINK: { label: 'New password link', deed: 'Create a password link', bare: true, after: 'stay', tone: 'secondary',
            ask: 'Creates a link by which the user sets a new password, within an hour. An earlier link becomes invalid. Sessions end when the new password is set.', done: 'has a new password link' },
        USER_ENABLE: { label: 'Enable', after: 'stay', ask: 'The user can sign in again, and API keys of the user work again.', done: 'is enabled' },
        USER_DISABLE: { label: 'Disable', after: 'stay', tone: 'danger', ask: 'The user can no longer sign in. Sessions, tokens and API keys of the user are refused immediately.', done: 'is disabled' },
        USER_END_SESSIONS: { label: 'End all', deed: 'End all sessions', bare: true, after: 'stay', tone: 'danger', ask: 'The user is signed out everywhere, and applications lose their access. API keys keep working.', done: 'was signed out everywhere' },
    },
    audit: { 'user.password_changed': 'Password changed', 'user.email_changed': 'E-mail address changed', 'user.session_revoked': 'Session ended', 'user.sessions_revoked': 'All sessions ended',
        'user.other_sessions_revoked': 'All other sessions ended', 'user.password_link_created': 'Password link created' },
};

// Of the user whose page lists it, or one's own.
const sessions = {
    word: 'session',
    create: 'member', noHistory: true,
    id: s => `${s.parent?.id ?? 'account'}.${s.id}`, name: s => s.application ?? 'Browser', status: () => 'active',
    api: {
        base: '/console/account/sessions', list: () => ({}), page: r => ({ items: r.items, more: false }),
        url: id => { const [of, session] = id.split('.'); return `${of === 'account' ? '/console/account' : userUrl(of)}/sessions/${encodeURIComponent(session)}`; },
        complete(items) { for (const s of items) s.what = s.application ?? (s.current ? 'Browser (this session)' : 'Browser'); },
    },
    listed: [], statuses: { active: { label: 'Active', tone: 'green' } }, noSearch: true, sorts: [], filters: [],
    columns: [
        { label: 'Where', field: 'what' },
        { label: 'Signed in', field: 'since', kind: 'time', wide: true },
        { label: 'Last used', field: 'last_used', kind: 'time', wide: true },
        { label: 'Expires', field: 'expires_at', kind: 'time', wide: true },
    ],
    own: [{ transition: 'SESSION_END', from: ['active'], to: 'ended', method: 'DELETE', path: '{url}', permission: 'member' }],
    actions: {
        SESSION_END: { label: 'End', deed: 'End session', bare: true, row: true, after: 'stay', tone: 'danger', of: s => !s.current,
            ask: 'The session ends immediately. Unsaved changes there are lost.', done: 'was ended' },
    },
    audit: {},
};

// ---- Roles ------------------------------------------------------------------------------

const roles = {
    word: 'role',
    about: 'Each user has one role, which says what the user can do.',
    create: 'organization:admin',
    id: r => r.id, name: r => r.name, status: () => 'active',
    api: places('/console/roles'),
    listed: [], statuses: { active: { label: 'Active', tone: 'green' } }, noSearch: true, sorts: [], filters: [],
    columns: [
        { label: 'Name', field: 'name' },
        { label: 'Permissions', field: 'permissions', kind: 'scopes', wide: true },
        { label: 'Requests a minute', field: 'rate', kind: 'number', wide: true },
    ],
    details: [
        { label: 'Permissions', field: 'permissions', kind: 'scopes' },
        { label: 'Requests a minute', field: 'rate', kind: 'number' },
        ...made,
    ],
    form: [
        { name: 'name', label: 'Name', type: 'text', required: true, only: 'create', taken: /name/, help: 'Letters, digits, dots, hyphens and underscores' },
        { name: 'permissions', label: 'Permissions', type: 'checks', required: true, options: words(permissions) },
        { name: 'rate', label: 'Requests a minute', type: 'number', required: true, start: 100, help: 'How many requests each user can send in a minute, from 1 to 1000000' },
    ],
    edit: { method: 'PATCH', transitions: ['ROLE_SET'] },
    actions: {},
    audit: { 'role.updated': 'Edited' },
};

// ---- API keys ---------------------------------------------------------------------------

const kinds = [['secret', 'Secret key (sk_): for your programs'], ['publishable', 'Publishable key (pk_): only reads, and can be published'], ['token', 'Token (tok_): limited by a tier, and can be given to an agent']];
const tiers = [['1', 'Observe: only read'], ['2', 'Prepare'], ['3', 'Execute: read and change'], ['4', 'Autonomous']];
const lasting = [['', 'Until it is revoked'], ['86400', 'One day'], ['604800', 'One week'], ['2592000', '30 days'], ['7776000', '90 days'], ['31536000', 'One year']];
const isToken = v => v.kind === 'token';
const keys = {
    word: 'token',
    about: 'A key acts with its user\u2019s permissions and can be restricted further. Administrators see all keys of the organization, everybody else their own.',
    create: 'token:write',
    id: k => k.id, name: k => k.name ?? k.hint, status: k => k.status,
    seen: k => k.status === 'active' && k.expires_at && new Date(k.expires_at * 1000 || k.expires_at) < new Date() ? 'expired' : k.status,
    api: {
        base: '/v1/tokens',
        list: v => ({ starting_after: v.after, ending_before: v.before, limit: v.limit ?? 20 }),
        page: r => ({ items: r.data, more: r.has_more }),
        one: r => r,
        secret: r => r.secret && { text: r.secret, title: 'Your new API key', about: 'The key is shown only this once. Store it where your program reads it, and nowhere else.', label: 'API key' },
        async complete(items, get) {
            const own = k => k.principal.human_id === user().principal_id, id = k => asHex(k.principal.human_id), of = k => k.principal && !own(k) ? userUrl(id(k)) : null;
            const found = await named(get, items.map(of).filter(Boolean));
            for (const k of items) {
                k.whose = k.principal && (own(k) ? { href: '#/account', text: `${user().username} (you)` } : { href: `#/users/${id(k)}`, text: found.get(of(k))?.username ?? id(k) });
                k.agent = k.principal?.agent_id;
                k.what = kinds.find(([kind]) => kind === k.kind)?.[1].split(':')[0];
                k.step = k.tier && tiers[k.tier - 1][1].split(':')[0];
                k.mode = k.livemode ? 'Live data' : 'Test data';
                k.narrowed = k.scopes ?? ['everything'];
            }
        },
    },
    make: { url: '/console/keys', send: v => ({ kind: v.kind, name: v.name, livemode: v.mode === 'live', ...(v.narrow && { scopes: v.scopes }), ...(v.lasts && { expires_in: Number(v.lasts) }),
        ...(isToken(v) && { tier: Number(v.tier), agent_id: v.agent_id, human_grant: v.human_grant }) }) },
    listed: [],
    statuses: { active: { label: 'Active', tone: 'green' }, expired: { label: 'Expired', tone: 'amber' }, revoked: { label: 'Revoked', tone: 'slate' } },
    noSearch: true, sorts: [], filters: [],
    columns: [
        { label: 'Name', field: 'name' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Kind', field: 'what', wide: true },
        { label: 'User', field: 'whose', kind: 'place', wide: true },
        { label: 'Agent', field: 'agent', wide: true },
        { label: 'Expires', field: 'expires_at', kind: 'time', wide: true },
    ],
    details: [
        { label: 'Key', field: 'hint', kind: 'code' },
        { label: 'Kind', field: 'what' },
        { label: 'Data', field: 'mode' },
        { label: 'User', field: 'whose', kind: 'place' },
        { label: 'Agent', field: 'agent', optional: true },
        { label: 'Tier', field: 'step', optional: true },
        { label: 'Permissions', field: 'narrowed', kind: 'scopes' },
        { label: 'Expires', field: 'expires_at', kind: 'time' },
        { label: 'Created', field: 'created', kind: 'time' },
        { label: 'Id', field: 'id', kind: 'code' },
    ],
    form: [
        { name: 'kind', label: 'Kind', type: 'choice', options: kinds, start: 'secret' },
        { name: 'name', label: 'Name', type: 'text', help: 'What you recognize the key by, such as nightly job' },
        { name: 'mode', label: 'Data', type: 'choice', options: [['live', 'Live data'], ['test', 'Test data of workspaces']], start: 'live' },
        { name: 'tier', label: 'Tier', type: 'choice', options: tiers, start: '3', when: isToken },
        { name: 'agent_id', label: 'Agent', type: 'text', when: isToken, help: 'Who holds the token for you: agt_ followed by letters and digits. Leave it empty if you use it yourself.' },
        { name: 'human_grant', label: 'The agent can do what is otherwise reserved for people', type: 'check', when: v => isToken(v) && v.agent_id },
        { name: 'narrow', label: 'Restrict the key to some of your permissions', type: 'check' },
        { name: 'scopes', label: 'Permissions', type: 'checks', required: true, none: 'must include at least one, or the key can do nothing', when: v => v.narrow, load: () => words(permissions).filter(([p]) => may(p)) },
        { name: 'lasts', label: 'Valid', type: 'choice', options: lasting, start: '', at: ['expires_in'] },
    ],
    actions: {
        TOKEN_REVOKE: { label: 'Revoke', row: true, after: 'stay', tone: 'danger', ask: 'Programs that use the key are refused with their next request. A revoked key cannot be restored.', done: 'was revoked' },
    },
    audit: {},
};

// ---- OAuth applications -----------------------------------------------------------------

const clients = {
    word: 'client',
    about: 'Applications that can ask your users for access, and act for those who allow it. None can do more than its user.',
    create: 'organization:admin',
    id: c => c.id, name: c => c.name, status: c => c.status,
    api: { ...places('/console/clients'),
        secret: r => r.secret && { text: r.secret, title: 'The secret of this application', about: 'The secret is shown only this once. Store it where the application reads it.', label: 'Secret' },
        complete(items) { for (const c of items) { c.type = c.public ? 'Public, without a secret' : 'Confidential, with a secret'; c.itself = c.user_id && { href: `#/users/${c.user_id}`, text: 'With the permissions of this user' }; } } },
    listed: [],
    statuses: { active: { label: 'Active', tone: 'green' }, revoked: { label: 'Revoked', tone: 'slate' } },
    noSearch: true, sorts: [], filters: [],
    columns: [
        { label: 'Name', field: 'name' },
        { label: 'Status', field: 'status', kind: 'status' },
        { label: 'Type', field: 'type', wide: true },
        { label: 'Client ID', field: 'id', kind: 'code', wide: true },
        { label: 'Created', field: 'created_at', kind: 'time', wide: true },
    ],
    details: [
        { label: 'Client ID', field: 'id', kind: 'code' },
        { label: 'Type', field: 'type' },
        { label: 'Redirect addresses', field: 'redirect_uris', kind: 'words' },
        { label: 'Can ask for', field: 'scopes', kind: 'scopes' },
        { label: 'Acts for itself', field: 'itself', kind: 'place', optional: true },
        ...made.slice(0, 2),
    ],
    form: [
        { name: 'name', label: 'Name', type: 'text', required: true, help: 'What users see when the application asks for access' },
        { name: 'public', label: 'Public: cannot keep a secret, such as a page in a browser or an installed program', type: 'check' },
        { name: 'itself', label: 'The application can also act for itself, with your permissions', type: 'check', when: v => !v.public },
        { name: 'redirect_uris', label: 'Redirect addresses', type: 'lines', help: 'One on each line: where users return to, such as https://app.example.org/callback' },
        { name: 'scopes', label: 'Can ask for', type: 'checks', required: true, options: words(scopes), start: Object.keys(scopes) },
    ],
    actions: {
        CLIENT_ROTATE: { label: 'Replace secret', bare: true, after: 'stay', tone: 'secondary', of: c => !c.public, ask: c => `Creates a new secret, which is shown only once. The old secret stops working immediately.${c.user_id ? ' Afterwards, when the application acts for itself, it has your permissions.' : ''}`, done: 'has a new secret' },
        CLIENT_REVOKE: { label: 'Revoke', after: 'stay', tone: 'danger', ask: 'The application loses access for all users immediately. A revoked application cannot be restored.', done: 'was revoked' },
    },
    audit: { 'client.authorized': 'Allowed by a user', 'client.withdrawn': 'Access withdrawn by a user' },
};

export const entries = () => [users, sessions, roles, keys, clients];
