// signin.js: the sign-in form, as a page and as a dialog over work in progress.
import { h, uid } from './dom.js';
import { signIn, signOut, Failure, advice } from './api.js';
import { open } from './dialog.js';

// `email`: signs in again as this person.
function fields(email, done) {
    const mail = uid('email'), pass = uid('password');
    const problem = h('div', { role: 'alert' });
    const emailInput = h('input', { id: mail, name: 'email', type: 'email', class: 'form-control', autocomplete: 'username', 'aria-required': 'true', value: email ?? '', readonly: !!email });
    const passInput = h('input', { id: pass, name: 'password', type: 'password', class: 'form-control', autocomplete: 'current-password', 'aria-required': 'true' });
    const send = h('button', { type: 'submit', class: 'btn btn-primary' }, 'Sign in');
    let working = false;
    async function submit(e) {
        e.preventDefault();
        if (working) return;
        problem.replaceChildren();
        working = true;
        send.setAttribute('aria-disabled', 'true');
        try {
            await signIn(emailInput.value.trim(), passInput.value);
            done();
        } catch (failure) {
            const text = failure.kind === 'signin' ? 'The e-mail address or the password is wrong.'
                : failure.kind === 'invalid' ? 'Enter your e-mail address and your password.' : advice(failure).join('. ');
            problem.replaceChildren(h('div', { class: 'note note-bad inline' }, text));
            (failure.kind === 'invalid' && !emailInput.value ? emailInput : passInput).focus();
        } finally {
            working = false;
            send.removeAttribute('aria-disabled');
        }
    }
    return { submit, first: email ? passInput : emailInput, send, node: [problem,
        h('div', { class: 'mb-3' }, h('label', { for: mail, class: 'form-label' }, 'E-mail address'), emailInput),
        h('div', { class: 'mb-3' }, h('label', { for: pass, class: 'form-label' }, 'Password'), passInput)] };
}

export function signInPage(done, note) {
    const f = fields(null, done);
    return { title: 'Sign in', first: f.first, node: h('div', { class: 'signin' },
        h('h1', { tabindex: -1 }, 'Sign in to Thaw'), note && h('p', { class: 'soft' }, note),
        h('form', { class: 'panel', novalidate: true, onsubmit: f.submit }, f.node, h('div', { class: 'foot' }, f.send))) };
}

// The session is over while one works: what is on the page stays under the dialog.
export async function signInAgain(user, ended) {
    let d;
    const f = fields(user.email, () => d.close(true));
    const out = h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: () => d.close() }, 'Sign out');
    const form = h('form', { novalidate: true, onsubmit: f.submit }, h('p', {}, 'Your session has expired. Sign in again to continue; your changes are kept.'),
        f.node, h('div', { class: 'foot' }, out, f.send));
    d = open({ title: 'Sign in again', body: form, foot: [], first: f.first, busy: () => true });
    if (await d.closed) return;
    await signOut().catch(() => {});
    ended();
    throw new Failure('ended', 'Signed out.');
}
