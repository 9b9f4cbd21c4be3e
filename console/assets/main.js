// main.js: starts the console, and shows the view that the address names.
//
//   #/                      overview
//   #/projects?status=LIVE  a list          #/projects/archived   its archive
//   #/projects/new          a form          #/projects/12         an object
//   #/models/mdl-1/compare?versions=1,2  its versions side by side
//   #/projects/12/edit      its form        #/authorize?client_id=...  what an application asks for
import { h } from './dom.js';
import { resume, user, may, signOut, onSignIn, onSignOut, forget } from './api.js';
import { clearToasts, notice, toastFailure, turnToasts } from './dialog.js';
import { signInPage, signInAgain } from './signin.js';
import { resources, byPath } from './resources.js';
import { start } from './start.js';
import { list } from './list.js';
import { detail } from './detail.js';
import { form } from './form.js';
import { compare } from './compare.js';
import { passwordPage } from './password.js';
import { authorize } from './authorize.js';
import { searchButton } from './search.js';

const main = document.getElementById('main');
const shell = document.getElementById('shell');
let turn = 0, current = null, shown = '';

// ---- Where the address leads -----------------------------------------------------------

function route() {
    const [path, ...rest] = location.hash.replace(/^#\/?/, '').split('?'), search = rest.join('?');
    let parts;
    try { parts = path.split('/').filter(Boolean).map(decodeURIComponent); } catch { parts = ['?']; }
    const [word, id, verb] = parts;
    const resource = byPath(word);
    if (!word) return start();
    if (word === 'authorize' && !id) return authorize(new URLSearchParams(search), leave);
    if (!resource || parts.includes('.') || parts.includes('..') || parts.length > 3 || (verb && verb !== 'edit' && !(verb === 'compare' && resource.compares))) return nowhere();
    if (!may(resource.read)) return barred(`see ${resource.many}`, resource.read);
    if (resource.view) return resource.view(id, verb) ?? nowhere();
    if (id ? resource.flat : resource.inner) return nowhere();
    if (!id || (id === 'archived' && resource.archived && !verb)) return list(resource, id === 'archived', new URLSearchParams(search));
    if (id === 'new' && !verb && resource.form && !resource.madeElsewhere) return may(resource.create) ? form(resource, undefined, new URLSearchParams(search)) : barred(`create ${resource.many}`, resource.create);
    if (verb === 'compare') return compare(id, new URLSearchParams(search));
    if (verb && !resource.form) return nowhere();
    return verb ? form(resource, id) : detail(resource, id);
}
const plain = (title, ...text) => ({ title, node: h('div', {}, h('h1', { tabindex: -1 }, title), h('p', {}, text), h('a', { href: '#/' }, 'Overview')) });
const nowhere = () => plain('Not found', 'This page doesn\u2019t exist.');
const barred = (what, permission) => plain('Not allowed', `Your role (${user().role}) doesn\u2019t allow you to ${what}. An administrator of your organization can give you the permission `, h('code', {}, permission), '.');

async function show() {
    const mine = ++turn;
    if (byLink()) return put(passwordPage(new URLSearchParams(location.hash.split('?')[1]), passwordSet));
    if (!user()) return;
    main.setAttribute('aria-busy', 'true');
    let view;
    try {
        view = await route();
    } catch (e) {
        if (e.kind === 'ended') return;
        view = { title: 'Problem', node: h('div', {}, h('h1', { tabindex: -1 }, 'Something went wrong'), h('div', { role: 'alert' }, notice(e, false, show))) };
        if (!e.kind) console.error(e);
    }
    if (mine === turn) put(view);
}
function put(view) {
    current = view;
    turnToasts();
    shown = location.hash;
    document.title = view.title === 'Thaw' ? 'Thaw' : `${view.title} \u2013 Thaw`;
    main.replaceChildren(view.node);
    main.dataset.shown = shown;
    main.removeAttribute('aria-busy');
    frame();
    (view.first ?? main.querySelector('h1')).focus({ preventScroll: true });
    // Back and forward lead to where one was, once there is as much to see again.
    const y = history.state?.y ?? 0;
    scrollTo(0, 0);
    if (y) view.ready?.then(() => { if (current === view) scrollTo(0, y); });
}
history.scrollRestoration = 'manual';
let scrolled;
addEventListener('scroll', () => {
    clearTimeout(scrolled);
    scrolled = setTimeout(() => { if (location.hash === shown) history.replaceState({ y: scrollY }, ''); }, 100);
});

addEventListener('hashchange', () => {
    clearTimeout(scrolled);
    if (current?.dirty?.() && !leaving()) { history.replaceState(null, '', shown); return; }
    show();
});
const leaving = () => globalThis.confirm('Leave this page? Your changes are not saved.');
addEventListener('beforeunload', e => { if (current?.dirty?.()) e.preventDefault(); });
document.getElementById('skip').addEventListener('click', e => { e.preventDefault(); main.focus(); });

// ---- The frame around every view ---------------------------------------------------------

function frame() {
    const who = user();
    const here = location.hash.replace(/^#\/?/, '').split(/[/?]/)[0];
    const link = (to, text, on) => h('li', {}, h('a', { href: to, 'aria-current': on ? 'page' : null }, text));
    shell.replaceChildren(h('header', { class: 'bar' }, h('div', { class: 'container-xxl' },
        h('a', { class: 'brand', href: '#/' }, h('img', { src: 'assets/icon.svg', alt: '', width: 28, height: 28 }), 'Thaw'),
        who && h('nav', { 'aria-label': 'Main' }, h('ul', {}, link('#/', 'Overview', here === ''),
            resources.filter(r => !r.inner && may(r.read)).map(r => link(`#/${r.path}`, r.menu ?? r.title, here === r.path || byPath(here)?.inner === r.path)))),
        h('div', { class: 'who' }, who && searchButton(), h('a', { href: 'docs' }, 'Documentation'),
            who && h('span', { class: 'soft' }, h('span', { class: 'visually-hidden' }, 'Signed in as '), who.username, ` (${who.role})`),
            who && h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: leave }, 'Sign out')))));
}

async function leave() {
    if (current?.dirty?.() && !leaving()) return;
    try { await signOut(); } catch (e) { toastFailure(e); return; }
    ended();
}
// A link to set a password is for whoever opens it, signed in or not.
const byLink = () => location.hash.startsWith('#/password?');
function passwordSet() {
    history.replaceState(null, '', '#/');
    ended('Your password is set. Sign in with it.');
}
const asked = () => location.hash.startsWith('#/authorize?') ? 'An application wants to act on your behalf. Sign in first, then decide.' : null;
function ended(note = asked()) {
    turn++;
    forget();
    document.querySelectorAll('dialog').forEach(d => d.remove());
    clearToasts();
    put(signInPage(begin, note));
}
function begin() {
    forget();
    clearToasts();
    show();
}

onSignIn(who => signInAgain(who, () => ended()));
onSignOut(() => ended('You signed out in another window.'));
frame();
if (byLink()) {
    show();
} else {
    try {
        await resume();
        begin();
    } catch (e) {
        ended();
        if (e.kind !== 'signin') toastFailure(e);
    }
}
