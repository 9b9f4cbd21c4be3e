// console.mjs: each list, one object and the overview, again and again; run by console.pl.
import { api, close, person, setup, signIn, visit } from '../t/console/harness.mjs';

const context = await person();
const page = await visit(context);

// What the first view takes over the network, as it is compressed, with nothing in the cache.
const fresh = await person();
const first = await fresh.newPage();
const wire = await fresh.newCDPSession(first);
const sent = new Map(), bytes = new Map();
await wire.send('Network.enable');
wire.on('Network.requestWillBeSent', e => sent.set(e.requestId, new URL(e.request.url).pathname));
wire.on('Network.loadingFinished', e => bytes.set(e.requestId, e.encodedDataLength));
await first.goto(setup.url);
await signIn(first);
await first.waitForFunction(() => !document.querySelector('main .busy, [aria-busy=true]'));
await first.waitForTimeout(1000);
const all = [...bytes].map(([id, n]) => [n, sent.get(id)]).sort((a, b) => b[0] - a[0]);
const total = all.reduce((sum, [n]) => sum + n, 0);
console.log(`first view: ${(total / 1000).toFixed(1)} kB in ${all.length} requests, the largest: ${all.slice(0, 5).map(([n, path]) => `${path} ${(n / 1000).toFixed(1)}`).join(', ')}`);

// From the address to the view with nothing left to come, in the page's own clock.
await signIn(page);
const model = (await api('GET', '/api/v1/models?status=ready&page_size=1')).body.items[0];
const views = ['#/', ...await page.evaluate(() => [...document.querySelectorAll('nav a[href^="#/"]')].map(a => a.getAttribute('href')).filter(h => h !== '#/')),
    '#/models?page=250', '#/models?search=quetzal', '#/models/archived', '#/projects?sort=name', `#/models/${model.id}`, `#/models/${model.id}/edit`];
const settle = hash => page.evaluate(async to => {
    const main = document.getElementById('main'), began = performance.now();
    location.hash = to;
    while (main.dataset.shown !== to || main.querySelector('.busy, [aria-busy=true]') || main.getAttribute('aria-busy') === 'true') await new Promise(on => { requestAnimationFrame(on); });
    return performance.now() - began;
}, hash);
const at = (part, v) => [...v].sort((a, b) => a - b)[Math.floor((v.length - 1) * part)];
let slow = 0;
console.log(`\n${'view'.padEnd(44)}${'p50 ms'.padStart(8)}${'p90 ms'.padStart(8)}`);
for (const view of views) {
    const took = [];
    for (let i = 0; i <= setup.times; i++) {
        await settle(view === '#/models' ? '#/projects' : '#/models');
        took.push(await settle(view));
    }
    took.shift();
    if (at(0.5, took) > 100) slow++;
    console.log(`${view.padEnd(44)}${at(0.5, took).toFixed(0).padStart(8)}${at(0.9, took).toFixed(0).padStart(8)}`);
}
await close();
process.exit(total > 100_000 || slow ? 1 : 0);
