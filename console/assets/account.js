// account.js: what everybody has of their own: who one is here, the password, and where one is signed in.
import { h, value } from './dom.js';
import { changePassword, Failure, get, may, request, user } from './api.js';
import { confirm, notice, toast, toastFailure } from './dialog.js';
import { fieldset } from './fields.js';
import { settle } from './act.js';
import { part } from './list.js';

const mine = '/console/account';
const passwords = [
    { name: 'current_password', label: 'Current password', type: 'password', required: true, autocomplete: 'current-password' },
    { name: 'password', label: 'New password', type: 'password', required: true, autocomplete: 'new-password', help: 'At least 8 characters' },
    { name: 'again', label: 'New password again', type: 'password', required: true, autocomplete: 'new-password' },
];

export async function account() {
    const title = 'My account', holder = h('div', {});
    let shown = 0;

    async function change() {
        const form = fieldset(passwords);
        try {
            const done = await confirm({
                title: 'Change your password', form, label: 'Change password',
                body: h('p', {}, 'All your other sessions end, and applications lose their access. API keys keep working.'),
                run: async () => {
                    const { current_password: current, password, again } = form.values();
                    if (password !== again) throw new Failure('invalid', '', { fields: { again: 'is not the same as the new password' } });
                    await changePassword(current, password);
                    return true;
                },
            });
            if (!done) return;
            toast('good', 'Your password was changed', 'All your other sessions have ended.');
        } catch (e) {
            toastFailure(e, 'change the password');
            if (e.kind === 'ended') return;
        }
        await refresh();
    }
    async function endOthers() {
        try {
            const done = await confirm({ title: 'End all other sessions?', label: 'End all others', tone: 'danger',
                body: h('p', {}, 'You are signed out everywhere else, and applications lose their access. You stay signed in here.'),
                run: () => request('DELETE', `${mine}/sessions`) });
            if (!done) return;
            toast('good', 'All your other sessions have ended');
        } catch (e) {
            toastFailure(e, 'end the sessions');
            if (e.kind === 'ended') return;
        }
        await refresh();
    }
    const row = (label, what) => [h('dt', {}, label), h('dd', {}, what)];
    async function refresh() {
        let me, sessions;
        try {
            me = await get(mine);
            sessions = await part({ word: 'session', title: 'Where you are signed in', url: () => `${mine}/sessions`, none: 'Nowhere else.' }, {}, n => { if (n) shown = n; return shown; }, refresh,
                h('button', { type: 'button', class: 'btn btn-sm btn-outline-danger', onclick: endOthers }, 'End all others'));
        } catch (e) {
            if (e.kind === 'ended') throw e;
            holder.replaceChildren(h('h1', { tabindex: -1 }, title), h('div', { role: 'alert' }, notice(e, false, refresh)));
            return;
        }
        holder.replaceChildren(h('div', { class: 'head' }, h('h1', { tabindex: -1 }, title)),
            h('section', { class: 'panel', 'aria-labelledby': 'me' }, h('h2', { id: 'me', class: 'h5' }, 'Details'),
                h('dl', { class: 'fields' }, row('User name', me.username), row('E-mail address', me.email), row('Role', me.role),
                    row('Permissions', value(null, { field: 'permissions', kind: 'scopes' }, user()))),
                h('p', { class: 'soft mt-2' }, 'An administrator of your organization can change these.'),
                h('div', { class: 'foot' }, may('token:read') && h('a', { class: 'btn btn-outline-secondary', href: '#/keys' }, 'API keys'),
                    h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: change }, 'Change password'))),
            sessions);
        settle();
    }
    await refresh();
    return { title, node: holder, refresh };
}
