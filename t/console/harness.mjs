// harness.mjs: a browser, what to watch in each of its pages, and TAP.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export const setup = JSON.parse(process.env.CONSOLE_SETUP);
const require = createRequire(`${setup.modules}/`);
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const launch = (...args) => chromium.launch({ executablePath: setup.chromium, args: [...args, '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const browsers = [await launch()];

// The site of an application, where a person may be sent to.
export const elsewhere = 'https://app.example';

// Everything that no page may ever do, from every page of the run.
export const complaints = [];
let count = 0, failed = 0;
const file = path.basename(process.argv[1], '.mjs');

// A person's browser: contexts share nothing, pages of one context are windows of one person. text: how many pixels high
// this person has the usual text.
export async function person({ text, ...options } = {}) {
    if (text) browsers.push(await launch(`--blink-settings=defaultFontSize=${text}`));
    const context = await browsers.at(text ? -1 : 0).newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(30_000);
    await context.addInitScript(() => addEventListener('securitypolicyviolation',
        e => console.error(`CSP violation: ${e.violatedDirective} ${e.blockedURI}`)));
    context.on('weberror', e => complaints.push(`uncaught: ${e.error()}`));
    context.on('console', m => {
        // Chromium reports each answer of 400 and above as an error, also those that are meant.
        if (m.type() === 'error' && !/^Failed to load resource: (the server responded with a status of 4|net::ERR_(FAILED|INTERNET_DISCONNECTED))/.test(m.text()))
            complaints.push(`console: ${m.text()}`);
    });
    context.on('request', r => {
        const { origin } = new URL(r.url());
        if (origin !== new URL(setup.url).origin && !r.url().startsWith('data:') && !(origin === elsewhere && r.isNavigationRequest())) complaints.push(`foreign: ${r.url()}`);
    });
    return context;
}

export async function visit(context, hash = '') {
    const page = await context.newPage();
    await page.goto(`${setup.url}/${hash}`);
    await page.locator('h1').waitFor();
    return page;
}
export async function go(page, hash) {
    await page.evaluate(h => { location.hash = h; }, hash);
    await page.waitForFunction(h => document.getElementById('main').dataset.shown === h && !document.querySelector('main .busy, [aria-busy=true]'), hash);
}
export async function signIn(page, who = setup.admin) {
    await page.getByLabel('E-mail address').fill(who.email);
    await page.getByLabel('Password').fill(who.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
}
export async function signedIn(options, who) {
    const context = await person(options);
    const page = await visit(context);
    await signIn(page, who);
    return { context, page };
}

// What is on a page.
export const dialog = page => page.getByRole('dialog');
export const good = page => page.locator('#toasts .note-good');
export const bad = page => page.locator('#toasts .note-bad');
export const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
export const focused = page => page.evaluate(() => document.activeElement.textContent || document.activeElement.name || document.activeElement.value);
export const column = (page, text) => page.getByRole('row').filter({ hasText: text });
export const press = (page, name) => page.getByRole('button', { name }).click();
export const confirm = (page, name) => dialog(page).getByRole('button', { name, exact: true }).click();
// Opens what is folded on the page, and waits for what is in it.
export async function unfold(page, title) {
    const box = page.getByRole('region', { name: title, exact: true }).locator('details').first();
    if (!await box.evaluate(b => b.open)) await box.locator('summary').first().click();
    // It is open before it is told so, and begins to fill.
    await page.waitForFunction(b => b.open && b.lastElementChild.childElementCount && !b.querySelector('.busy'), await box.elementHandle());
}
export const badge = (page, text) => page.locator('.head > .badge', { hasText: text }).first().waitFor();

// The requests of a page that change something, while work runs.
export async function writes(page, work) {
    const seen = [];
    const note = r => { if (/\/(api|v1|console\/(authorize|applications))\b/.test(r.url()) && r.method() !== 'GET') seen.push(r); };
    page.on('request', note);
    await work();
    page.off('request', note);
    return seen;
}

// By the API itself, beside the page.
export async function api(method, path, body, token = setup.token) {
    const reply = await fetch(setup.url + path, { method, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: body && JSON.stringify(body) });
    const text = await reply.text();
    return { status: reply.status, body: text ? JSON.parse(text) : null };
}
let serial = 0;
export async function project(name, ...moves) {
    const made = await api('POST', '/api/v1/projects', { name: `${name} ${++serial}` });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, name: called } = made.body.data;
    for (const move of moves) assert.equal((await api('PUT', `/api/v1/projects/${id}/${move}`)).status, 200, move);
    return { id, name: called };
}
export async function workspace(name) {
    const made = await api('POST', '/v1/workspaces', { name: `${name} ${++serial}` });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body;
}
export async function entity(of, name, ...moves) {
    const made = await api('POST', '/v1/entities', { workspace_id: of.id, name: `${name} ${++serial}`, jurisdiction: 'US-DE', type: 'c_corp' });
    assert.equal(made.status, 202, JSON.stringify(made.body));
    for (const move of moves) assert.equal((await api('POST', `/v1/entities/${made.body.id}/${move}`)).status, 200, move);
    return made.body;
}
export async function model(name) {
    const made = await api('POST', '/api/v1/models', { name: `${name} ${++serial}`, model_type: 'custom', task_type: 'classification' });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body;
}
// A training run that succeeds: its version.
export async function train(of, result = {}) {
    const begun = await api('POST', `/api/v1/models/${of.id}/train`);
    assert.equal(begun.status, 202, JSON.stringify(begun.body));
    assert.equal((await api('POST', `/api/v1/models/${of.id}/train/${begun.body.job_id}/complete`, result)).status, 200);
    return (await versions(of))[0];
}
export const versions = async of => (await api('GET', `/api/v1/models/${of.id}/versions?page_size=100`)).body.items;
export const sql = statement => execFileSync(setup.database[0], setup.database.slice(1), { input: statement });
export const status = async id => (await api('GET', `/api/v1/projects/${id}`)).body.data?.status;

export async function accessible(page, what) {
    // What is still being fetched is dimmed, and fades in; what is found while something is fetched is looked for once more.
    let found = [];
    for (let i = 0; i < 2; i++) {
        await page.waitForFunction(() => !document.querySelector('[aria-busy=true]') && !document.getAnimations().some(a => a instanceof CSSTransition));
        if (process.env.VERBOSE) await page.screenshot({ path: `${setup.failures}/${what.replaceAll(/\W+/g, '-')}.png`, fullPage: true });
        await page.evaluate(axe);
        found = await page.evaluate(async () => (await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })).violations
            .map(v => `${v.id}: ${v.nodes.map(n => `${n.target} ${n.failureSummary.split('\n')[1] ?? ''}`).slice(0, 3).join('; ')}`));
        if (!found.length) break;
    }
    assert.deepEqual(found, [], what);
}
export async function fits(page, what) {
    const over = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth > clientWidth ? [`${scrollWidth - clientWidth} pixels`, ...[...document.querySelectorAll('body *')].filter(x => x.getBoundingClientRect().right > clientWidth && !x.closest('.scroll')).slice(0, 5)
            .map(x => `${x.tagName} ${x.className} ${x.textContent.slice(0, 40)}`)] : [];
    });
    assert.deepEqual(over, [], `${what} is too wide`);
}

export async function test(name, work) {
    count++;
    try {
        await work();
        console.log(`ok ${count} - ${name}`);
    } catch (e) {
        failed++;
        console.log(`not ok ${count} - ${name}`);
        for (const line of String(e.stack ?? e).split('\n')) console.log(`# ${line}`);
        let n = 0;
        for (const context of browsers.flatMap(b => b.contexts()))
            for (const page of context.pages())
                await page.screenshot({ path: `${setup.failures}/${file}-${count}-${++n}.png`, timeout: 5000 }).then(
                    () => console.log(`# seen: ${setup.failures}/${file}-${count}-${n}.png`), () => {});
    }
    for (const context of browsers.flatMap(b => b.contexts())) await context.close();
    for (const b of browsers.splice(1)) await b.close();
}
export const close = () => browsers[0].close();
export async function end() {
    await close();
    console.log(`1..${count}`);
    process.exit(failed ? 1 : 0);
}
