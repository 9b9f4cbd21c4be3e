// main.js: starts the console, and shows the view that the address names.
//
//   #/                      overview
//   #/projects?status=LIVE  a list          #/projects/archived   its archive
//   #/projects/new          a form          #/projects/12         an object
//   #/models/mdl-1/compare?versions=1,2  its versions side by side
//   #/projects/12/edit      its form        #/authorize?client_id=...  what an application asks for
//   #/audit                 a page of no resource
import { h } from './dom.js';
import { resume, user, organization, may, later, mode, setMode, signOut, onSignIn, onSignOut, onOtherRole, forget } from './api.js';
import { clearToasts, leaveDialogs, notice, toast, toastFailure, turnToasts } from './dialog.js';
import { signInPage, signInAgain } from './signin.js';
import { resources, pages, byPath, whole } from './resources.js';
import { searchButton } from './keys.js';

const [start, list, detail, form, compare, account, authorize] = ['start', 'list', 'detail', 'form', 'compare', 'account', 'authorize'].map(name => later(name, name));
const passwordPage = later('password', 'passwordPage');

const main = document.getElementById('main');
const shell = document.getElementById('shell');
let turn = 0, current = null, shown = '';

// Each page is the one function of a file of its name. The groups of the navigation, in order.
const pageViews = Object.fromEntries(pages.map(p => [p.path, later(p.path, p.path)]));
const groups = ['Models', 'Work', 'Integration', 'Administration'];

// ---- Where the address leads -----------------------------------------------------------

async function route() {
    const [path, ...rest] = location.hash.replace(/^#\/?/, '').split('?'), search = rest.join('?');
    let parts;
    try { parts = path.split('/').filter(Boolean).map(decodeURIComponent); } catch { parts = ['?']; }
    const [word, id, verb] = parts;
    const resource = byPath(word), page = !id && pages.find(p => p.path === word);
    if (!word) return start();
    if (word === 'account' && !id) return account();
    if (page) return may(page.read) ? pageViews[page.path](new URLSearchParams(search)) : barred(page.what, page.read);
    if (word === 'authorize' && !id) return authorize(new URLSearchParams(search), leave);
    if (!resource || parts.includes('.') || parts.includes('..') || parts.length > 3 || (verb && verb !== 'edit' && !(verb === 'compare' && resource.compares))) return nowhere();
    if (!may(resource.read)) return barred(`see ${resource.many}`, resource.read);
    await whole(resource);
    if (resource.view) return resource.view(id, verb) ?? nowhere();
    if (id ? resource.flat : resource.inner) return nowhere();
    if (!id || (id === 'archived' && resource.archived && !verb)) return list(resource, id === 'archived', new URLSearchParams(search));
    if (id === 'new' && !verb && resource.form && !resource.madeElsewhere) return may(resource.create) ? form(resource, undefined, new URLSearchParams(search)) : barred(`create ${resource.many}`, resource.create);
    if (verb === 'compare') return compare(id, new URLSearchParams(search));
    if (verb && !resource.edit) return nowhere();
    if (verb && !may(resource.create)) return barred(`edit ${resource.many}`, resource.create);
    return verb ? form(resource, id) : detail(resource, id);
}
const plain = (title, ...text) => ({ title, node: h('div', {}, h('h1', { tabindex: -1 }, title), h('p', {}, text), h('a', { href: '#/' }, 'Overview')) });
const nowhere = () => plain('Not found', 'This page doesn\u2019t exist.');
const barred = (what, permission) => plain('Not allowed', `Your role (${user().role}) doesn\u2019t allow you to ${what}. An administrator of your organization can give you the permission `, h('code', {}, permission), '.');

async function show() {
    const mine = ++turn;
    if (byLink()) return put(await passwordPage(new URLSearchParams(location.hash.split('?')[1]), passwordSet));
    if (!user()) return;
    main.setAttribute('aria-busy', 'true');
    let view;
    try {
        view = await route();
    } catch (e) {
        if (e.kind === 'ended') return;
        const gone = e.kind === 'gone', title = gone ? 'Not found' : 'Something went wrong';
        view = { title, node: h('div', {}, h('h1', { tabindex: -1 }, title), h('div', { role: 'alert' }, notice(e, false, gone ? null : show)), gone && h('a', { href: '#/' }, 'Overview')) };
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
    leaveDialogs();
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
    const shownBy = [...resources.filter(r => !r.inner), ...pages].filter(p => who && may(p.read));
    const group = name => {
        const own = shownBy.filter(p => (p.group ?? 'Work') === name), id = `group-${name.toLowerCase()}`;
        return own.length > 0 && h('li', {}, h('span', { id, class: 'group' }, name), h('ul', { 'aria-labelledby': id },
            own.map(p => link(`#/${p.path}`, p.menu ?? p.title, here === p.path || byPath(here)?.inner === p.path))));
    };
    const brand = h('a', { class: 'brand', href: '#/' }, h('img', { src: 'assets/icon.svg', alt: '', width: 28, height: 28 }), 'Thaw');
    const documents = h('a', { href: 'docs' }, 'Documentation');
    document.body.classList.toggle('framed', !!who);
    if (!who) { shell.replaceChildren(h('header', { class: 'bar' }, h('div', { class: 'container-xxl' }, brand, h('div', { class: 'who' }, documents)))); return; }
    const menu = h('div', { id: 'menu' },
        h('nav', { 'aria-label': 'Main' }, h('ul', {}, link('#/', 'Overview', here === ''), groups.map(group))),
        h('div', { class: 'foot' }, shownBy.some(r => r.modes) && modeSwitch(), documents,
            h('a', { href: '#/account', 'aria-current': here === 'account' ? 'page' : null }, h('span', { class: 'visually-hidden' }, 'My account, signed in as '), who.username, ` (${who.role})`)));
    const open = h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary opens', 'aria-expanded': 'false', 'aria-controls': 'menu', onclick: () => unfold(open.getAttribute('aria-expanded') !== 'true') }, 'Menu');
    const unfold = to => { open.setAttribute('aria-expanded', String(to)); menu.classList.toggle('open', to); };
    const bar = h('header', { class: 'bar' }, h('div', { class: 'top' }, h('div', { class: 'name' }, brand, h('span', { class: 'organization' }, h('span', { class: 'visually-hidden' }, 'Organization: '), organization()?.name)), searchButton(), open,
        menu, h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary leave', onclick: leave }, 'Sign out')));
    // A menu that is open closes with Escape, and gives the focus back; so it does when one goes on.
    bar.addEventListener('keydown', e => { if (e.key === 'Escape' && menu.classList.contains('open')) { unfold(false); open.focus(); } });
    shell.replaceChildren(bar, mode() === 'test' && shownBy.some(r => r.modes) ? h('div', { class: 'testing', role: 'status' }, h('strong', {}, 'Test data'),
        ' Lists of workspaces, entities, authorizations and webhooks show test data, and what you create there is test data. ',
        h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: () => switchTo('live') }, 'Show live data')) : '');
}
function modeSwitch() {
    const box = h('input', { id: 'mode', type: 'checkbox', role: 'switch', class: 'form-check-input', checked: mode() === 'test', onchange: () => switchTo(box.checked ? 'test' : 'live') });
    return h('div', { class: 'form-check form-switch' }, box, h('label', { for: 'mode', class: 'form-check-label' }, 'Test data'));
}
// The place in a list is one of the other data.
async function switchTo(to) {
    if (current?.dirty?.() && !leaving()) { document.getElementById('mode').checked = mode() === 'test'; return; }
    setMode(to);
    const [path, search] = location.hash.split('?'), kept = new URLSearchParams(search);
    for (const name of ['page', 'after', 'before']) kept.delete(name);
    if (search) history.replaceState(null, '', kept.size ? `${path}?${kept}` : path);
    const unfolded = document.querySelector('#menu.open');
    await show();
    if (unfolded) document.querySelector('.opens').click();
    document.getElementById('mode')?.focus();
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
    if (user()) {
        toast('good', 'The password is set', `You are still signed in as ${user().username}.`, true);
        show();
        return;
    }
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
onOtherRole(() => { if (current?.dirty?.()) frame(); else show(); });
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
