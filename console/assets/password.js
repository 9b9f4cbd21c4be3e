// password.js: the page of a link by which a person sets a password, once.
import { h, uid } from './dom.js';
import { setPassword, advice } from './api.js';

export function passwordPage(search, done) {
    const link = search.get('link') ?? '', who = search.get('user') ?? '';
    const one = uid('password'), two = uid('again'), hint = uid('hint');
    const problem = h('div', { role: 'alert' });
    const input = id => h('input', { id, type: 'password', class: 'form-control', autocomplete: 'new-password', 'aria-required': 'true', 'aria-describedby': id === one ? hint : null });
    const first = input(one), again = input(two);
    const send = h('button', { type: 'submit', class: 'btn btn-primary' }, 'Set password');
    let working = false;
    const say = (text, field) => { problem.replaceChildren(h('div', { class: 'note note-bad inline' }, text)); field.focus(); };
    async function submit(e) {
        e.preventDefault();
        if (working) return;
        problem.replaceChildren();
        if ([...first.value].length < 8) return say('Use at least 8 characters.', first);
        if (first.value !== again.value) return say('The two passwords are not the same.', again);
        working = true;
        send.setAttribute('aria-disabled', 'true');
        try {
            await setPassword(link, first.value);
            done();
        } catch (failure) {
            say(failure.kind === 'gone' ? `${failure.message}.`
                : failure.fields?.password ? `The password ${failure.fields.password}.` : advice(failure).join('. '), first);
        } finally {
            working = false;
            send.removeAttribute('aria-disabled');
        }
    }
    return { title: 'Set your password', first, node: h('div', { class: 'signin' },
        h('h1', { tabindex: -1 }, 'Set your password'), who && h('p', { class: 'soft' }, `For ${who}. You sign in with it afterwards; other sessions end.`),
        h('form', { class: 'panel', novalidate: true, onsubmit: submit }, problem,
            h('input', { type: 'text', class: 'visually-hidden', autocomplete: 'username', value: who, readonly: true, tabindex: -1, 'aria-hidden': 'true' }),
            h('div', { class: 'mb-3' }, h('label', { for: one, class: 'form-label' }, 'New password'), first, h('div', { id: hint, class: 'soft' }, 'At least 8 characters')),
            h('div', { class: 'mb-3' }, h('label', { for: two, class: 'form-label' }, 'New password again'), again),
            h('div', { class: 'foot' }, send))) };
}
