// dialog.js: what comes up over the page. <dialog> keeps the keyboard inside,
// takes Escape as cancel and gives the focus back; toasts say what happened.
import { h, uid } from './dom.js';
import { advice, passing } from './api.js';

// ---- Toasts -------------------------------------------------------------------------

// Two live regions that stand in the page from the start, or nothing is read out.
const polite = h('div', { role: 'status', 'aria-live': 'polite' });
const urgent = h('div', { role: 'alert', 'aria-live': 'assertive' });
document.getElementById('toasts').append(polite, urgent);

// No clock takes it away, since some read slowly: the next view does, or, when it is said
// on the way to a view (`travels`), the one after.
// undo: a function that takes back what it tells of.
// offer: [label, what its button does].
export function toast(tone, title, text, travels, offer) {
    const box = h('div', { class: `note note-${tone}`, 'data-turned': !travels },
        h('div', {}, h('strong', {}, title), text && h('div', {}, text),
            offer && h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary mt-2', 'aria-label': `${offer[0]}: ${title}`, onclick: () => { box.remove(); offer[1](); } }, offer[0])),
        h('button', { type: 'button', class: 'close', 'aria-label': `Close: ${title}`, onclick: () => box.remove() }, '\u00d7'));
    const where = tone === 'good' ? polite : urgent;
    while (where.children.length > 2) where.firstChild.remove();
    where.append(box);
}
export function turnToasts() {
    for (const box of document.querySelectorAll('#toasts .note')) if ('turned' in box.dataset) box.remove(); else box.dataset.turned = '';
}
// What is said now is said beside the next view too.
export function keepToasts() { for (const box of document.querySelectorAll('#toasts .note')) delete box.dataset.turned; }
// again(): the same request once more, under its key, where it may have been made or can be made later.
export function toastFailure(e, writing, again) {
    if (e.kind === 'ended') return;
    toast('bad', ...advice(e, writing), false, again && passing(e) && ['Try again', again]);
}
export function clearToasts() { polite.replaceChildren(); urgent.replaceChildren(); }

// ---- Dialogs ------------------------------------------------------------------------

// open({title, body, foot, first}) -> {box, close, closed}; closed resolves with what
// close() was given. `busy()` true: Escape does nothing, nor does Back.
const opened = new Set();
// One goes on to another view: what was asked of this one is not answered.
export function leaveDialogs() { for (const d of [...opened]) if (!d.busy()) d.close(); }
export function open({ title, body, foot, first, busy = () => false }) {
    const opener = document.activeElement;
    const id = uid('dialog');
    const box = h('dialog', { class: 'ask', 'aria-labelledby': id },
        h('h2', { id, class: 'h5' }, title), body, h('div', { class: 'foot' }, foot));
    box.addEventListener('cancel', e => { e.preventDefault(); if (!busy()) close(); });
    box.addEventListener('keydown', e => {
        if (e.key === 'Escape') { e.preventDefault(); if (!busy()) close(); }
        if (e.key !== 'Tab') return;
        const stops = [...box.querySelectorAll('button, input, select, textarea, a[href], summary, [tabindex="0"]')].filter(x => !x.disabled);
        const edge = e.shiftKey ? stops[0] : stops.at(-1);
        if (!stops.length || (document.activeElement !== edge && box.contains(document.activeElement))) return;
        e.preventDefault();
        (e.shiftKey ? stops.at(-1) : stops[0]).focus();
    });
    // The second half of a double click on the button that opened it is not meant for what it
    // now happens to be over.
    const shown = performance.now();
    for (const kind of ['mousedown', 'click']) {
        box.addEventListener(kind, e => { if (e.detail > 1 && e.timeStamp - shown < 500) { e.preventDefault(); e.stopPropagation(); } }, true);
    }
    let done;
    const closed = new Promise(resolve => { done = resolve; });
    function close(result) {
        opened.delete(me);
        if (!box.isConnected) return;
        box.close();
        box.remove();
        if (opener?.isConnected && opener !== document.body) opener.focus();
        else document.querySelector('main h1')?.focus();
        done(result);
    }
    const me = { busy, close };
    opened.add(me);
    document.body.append(box);
    box.showModal();
    (first ?? box.querySelector('input, button')).focus();
    return { box, close, closed };
}

// confirm({title, body, form, label, tone, no, run}) -> what run() gave, undefined when cancelled.
// Nothing is sent before the person confirms. When no answer came, or not now, the
// dialog stays and offers the same request again; so it does when something is wrong in
// the form (fields.js); any other failure is thrown. Without a label there is nothing to confirm.
export function confirm({ title, body, form, label, tone = 'primary', no: harmless = 'Cancel', run }) {
    let working = false, thrown = null;
    const problem = h('div', { role: 'alert' }), formId = form && uid('form');
    const yes = label && h('button', { type: form ? 'submit' : 'button', form: formId, class: `btn btn-${tone}`, onclick: form ? null : go }, label);
    const no = h('button', { type: 'button', class: 'btn btn-outline-secondary' }, harmless);
    const d = open({ title, body: [body, form && h('form', { id: formId, novalidate: true, onsubmit: e => { e.preventDefault(); go(); } }, form.node), problem],
        foot: [no, yes], first: form?.first ?? no, busy: () => working });
    no.addEventListener('click', () => { if (!working) d.close(); });
    async function go() {
        if (working) return;
        if (form && !form.check()) { problem.replaceChildren(); return; }
        working = true;
        yes.setAttribute('aria-disabled', 'true');
        no.setAttribute('aria-disabled', 'true');
        problem.replaceChildren();
        try {
            d.close({ result: await run() });
        } catch (e) {
            working = false;
            yes.removeAttribute('aria-disabled');
            no.removeAttribute('aria-disabled');
            if (['lost', 'away', 'slow'].includes(e.kind)) {
                problem.replaceChildren(notice(e, true));
                yes.textContent = 'Try again';
                return;
            }
            if (form && (e.kind === 'invalid' || form.takes(e))) {
                const { first, rest } = form.tell(e);
                if (!first || rest.length) problem.replaceChildren(notice(e, true), rest.length ? h('ul', {}, rest.map(r => h('li', {}, r))) : '');
                (first ?? yes).focus();
                return;
            }
            thrown = e;
            d.close();
        }
    }
    return d.closed.then(r => { if (thrown) throw thrown; return r?.result; });
}

// Copies a text. Over plain http to another host there is no clipboard, but a selection of
// what shows it can be copied. said: where it is told.
async function copy(text, shown, said, button) {
    let copied;
    try {
        await navigator.clipboard.writeText(text);
        copied = true;
    } catch {
        if (shown.select) shown.select(); else getSelection().selectAllChildren(shown);
        copied = document.execCommand('copy');
        button.focus();
    }
    said.textContent = copied ? 'Copied.' : 'Couldn\u2019t copy. Select the text and copy it yourself.';
}
export function copier(what, text, shown) {
    const said = h('span', { role: 'status', class: 'soft' });
    const button = h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: () => copy(text, shown, said, button) },
        'Copy', h('span', { class: 'visually-hidden' }, `: ${what}`));
    return h('span', { class: 'copier' }, said, button);
}

// A secret that is shown this once: Escape does not throw it away.
export async function secret(title, text, about = 'The secret is shown only this once. Store it where the receiver verifies signatures.', label = 'Secret') {
    const id = uid('secret');
    const said = h('span', { role: 'status', class: 'soft' });
    const field = h('textarea', { id, rows: 2, class: 'form-control secret', readonly: true, value: text, autocomplete: 'off', spellcheck: 'false' });
    const first = h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: () => copy(text, field, said, first) }, 'Copy');
    const close = h('button', { type: 'button', class: 'btn btn-primary', onclick: () => d.close() }, 'I have stored it');
    const d = open({ title, first, busy: () => true, foot: [first, close], body: [
        h('p', {}, about),
        h('label', { for: id, class: 'form-label' }, label), field, said] });
    await d.closed;
}

// The same words in place of a view, or above a form.
export function notice(e, writing, again) {
    const [title, text] = advice(e, writing);
    return h('div', { class: 'note note-bad inline' }, h('div', {}, h('strong', {}, title), h('div', {}, text),
        e.requestId && e.kind === 'away' && h('div', { class: 'soft' }, `Request ${e.requestId}`),
        again && h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary mt-2', onclick: again }, 'Try again')));
}
