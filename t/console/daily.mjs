// daily.mjs: what one meets day after day: taking back, coming back, seeing what moves, being told where
// something is wrong. Run by t/91-console-daily.t.
import assert from 'node:assert/strict';
import { accessible, api, badge, column, confirm, dialog, end, fits, go, good, heading, model, press, project, setup, signedIn, test, train, writes } from './harness.mjs';

await test('archived from a list: one stays there, the row goes, and Undo brings it back', async () => {
    const m = await model('Taken back');
    const { page } = await signedIn();
    await go(page, `#/models?search=${encodeURIComponent('Taken back')}`);
    await page.getByRole('button', { name: `Archive model ${m.name}` }).click();
    await confirm(page, 'Archive model');
    await good(page).getByText('was archived').waitFor();
    await heading(page, 'Models');
    await page.getByText('No models match.').waitFor();
    assert.equal((await api('GET', `/api/v1/models/${m.id}`)).body.status, 'archived');
    await press(page, `Undo: Model \u201c${m.name}\u201d was archived`);
    await good(page).getByText('was restored').waitFor();
    await page.getByRole('link', { name: m.name }).waitFor();
    assert.equal((await api('GET', `/api/v1/models/${m.id}`)).body.status, 'draft');
    const { body } = await api('GET', `/api/v1/models/${m.id}/audit-logs`);
    assert.deepEqual(body.items.map(e => e.action), ['model.unarchived', 'model.archived', 'model.created']);
});

await test('by the keyboard one archives one after the other: the focus goes on at the next row', async () => {
    for (const n of [3, 2, 1]) await model(`Row${n}`);
    const { page } = await signedIn();
    await go(page, '#/models?search=Row&sort=name');
    const names = await page.locator('tbody th a').allInnerTexts(), at = () => page.evaluate(() => document.activeElement.textContent);
    assert.equal(names.length, 3);
    for (const [i, next] of [[1, names[2]], [1, names[0]], [0, 'Models']]) {
        await page.locator('tbody tr').nth(i).getByRole('button', { name: /^Archive/ }).focus();
        await page.keyboard.press('Enter');
        await dialog(page).waitFor();
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await good(page).getByText('was archived').waitFor();
        await page.waitForFunction(text => document.activeElement.textContent === text, next);
        assert.equal(await at(), next);
    }
});

await test('an Undo whose answer was lost is tried again under its key, and made once', async () => {
    const m = await model('Taken back twice');
    const { page } = await signedIn();
    await go(page, `#/models?search=${encodeURIComponent('Taken back twice')}`);
    await page.getByRole('button', { name: `Archive model ${m.name}` }).click();
    await confirm(page, 'Archive model');
    await good(page).getByText('was archived').waitFor();
    await page.route('**/unarchive', async route => { await route.fetch(); await route.abort(); }, { times: 1 });
    const sent = await writes(page, async () => {
        await press(page, /^Undo: Model/);
        await press(page, 'Try again: No connection');
        await good(page).getByText('was restored').waitFor();
    });
    assert.equal(sent.length, 2);
    assert.equal(new Set(sent.map(r => r.headers()['idempotency-key'])).size, 1);
    const { body } = await api('GET', `/api/v1/models/${m.id}/audit-logs`);
    assert.deepEqual(body.items.map(e => e.action), ['model.unarchived', 'model.archived', 'model.created']);
});

await test('ten at once: each its own request with its own key, what failed and why, and Undo', async () => {
    const all = [];
    for (let i = 0; i < 10; i++) all.push(await model('Together'));
    const busy = await model('Together');
    assert.equal((await api('POST', `/api/v1/models/${busy.id}/train`)).status, 202);
    const { page } = await signedIn();
    await go(page, '#/models?search=Together');
    await page.getByLabel('Select all on this page').check();
    await page.getByText('11 selected').waitFor();
    const sent = await writes(page, async () => {
        await press(page, 'Archive 11 models');
        await dialog(page).getByText('One that cannot be is left as it is').waitFor();
        await accessible(page, 'the question');
        await dialog(page).getByRole('button', { name: 'Archive 11 models' }).dblclick();
        await dialog(page).getByText('10 of 11 models were archived; 1 could not be').waitFor();
    });
    assert.equal(sent.length, 10, 'what cannot be archived is not asked for');
    assert.equal(new Set(sent.map(r => r.headers()['idempotency-key'])).size, 10);
    await dialog(page).getByRole('listitem').filter({ hasText: busy.name }).getByText('Not possible while the status is Training').waitFor();
    await confirm(page, 'Close');
    await good(page).getByText('10 models were archived').waitFor();
    for (const m of all) assert.equal((await api('GET', `/api/v1/models/${m.id}`)).body.status, 'archived');
    await press(page, 'Undo: 10 models were archived');
    await good(page).getByText('10 models were restored').waitFor();
    for (const m of all) assert.equal((await api('GET', `/api/v1/models/${m.id}`)).body.status, 'draft');
    await page.getByText('11 models').first().waitFor();
});

await test('restoring says what a model or a project becomes before one confirms', async () => {
    const draft = await model('Comes back'), ready = await model('Comes back'), live = await project('Comes back', 'publish', 'archive');
    await train(ready);
    for (const m of [draft, ready]) assert.equal((await api('POST', `/api/v1/models/${m.id}/archive`)).status, 200);
    const { page } = await signedIn();
    for (const [hash, status] of [[`#/models/${draft.id}`, 'Draft'], [`#/models/${ready.id}`, 'Ready'], [`#/projects/${live.id}`, 'Live']]) {
        await go(page, hash);
        await press(page, /^Restore/);
        await dialog(page).getByText(`will be ${status}.`).waitFor();
        await confirm(page, 'Cancel');
    }
});

await test('a draft has no version; a model shows which one is active, and its configuration', async () => {
    const m = await model('Which one');
    const { page } = await signedIn();
    const fields = () => page.getByRole('region', { name: 'Details' }).innerText();
    await go(page, `#/models/${m.id}`);
    assert.doesNotMatch(await fields(), /Version/i);
    await train(m, { algorithm: 'old', hyperparameters: { depth: 1 } });
    await train(m, { algorithm: 'new', hyperparameters: { depth: 2 } });
    await go(page, '#/models');
    await go(page, `#/models/${m.id}`);
    assert.match(await fields(), /Active version\s+Version 2[^]*"new"/);
    await go(page, `#/versions/${m.id}.ver-001`);
    await press(page, /^Restore configuration/);
    await confirm(page, 'Restore configuration');
    await good(page).getByText('is now active').waitFor();
    await go(page, `#/models/${m.id}`);
    assert.match(await fields(), /Active version\s+Version 1[^]*"old"[^]*"depth": 1/);
});

await test('a run whose trainer is gone is ended by a person, with the reason', async () => {
    const m = await model('Abandoned');
    assert.equal((await api('POST', `/api/v1/models/${m.id}/train`, { algorithm: 'xgboost' })).status, 202);
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    await badge(page, 'Training');
    await press(page, 'Mark as failed xgboost');
    await confirm(page, 'Mark as failed');
    await dialog(page).locator('[name=reason][aria-invalid=true]').waitFor();
    await dialog(page).getByLabel('Reason').fill('the trainer was shut down');
    await confirm(page, 'Mark as failed');
    await good(page).getByText('was ended').waitFor();
    await badge(page, 'Draft');
    await column(page, 'the trainer was shut down').locator('td .badge', { hasText: 'Failed' }).waitFor();
});

await test('the history tells by which key, and of which agent, something was done', async () => {
    const w = await api('POST', '/v1/workspaces', { name: 'By an agent' }, setup.agent);
    assert.equal(w.status, 201, JSON.stringify(w.body));
    const { page } = await signedIn();
    await go(page, `#/workspaces/${w.body.id}`);
    assert.match(await page.locator('.timeline li').first().innerText(), /:\d\d (?:AM |PM )?(?:UTC|GMT).*agent agt_console.*key \u201can agent\u201d/s);
});

await test('versions: metrics as columns that one chooses, and two to five side by side with what differs', async () => {
    const m = await model('Compared');
    for (let i = 1; i <= 6; i++) await train(m, { algorithm: 'forest', hyperparameters: { depth: i, eta: 0.1 }, metrics: { a: i / 10, b: 2, c: 3, d: i } });
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    const part = page.getByRole('region', { name: 'Versions' }), heads = async () => (await part.locator('thead th').allInnerTexts()).map(t => t.trim());
    assert.deepEqual((await heads()).slice(-4, -1), ['a', 'b', 'c']);
    await part.getByText('Columns').click();
    await part.getByLabel('b', { exact: true }).uncheck();
    await part.getByLabel('d', { exact: true }).check();
    assert.deepEqual((await heads()).slice(-4, -1), ['a', 'c', 'd']);
    await page.reload();
    await part.locator('thead').waitFor();
    assert.deepEqual((await heads()).slice(-4, -1), ['a', 'c', 'd'], 'this browser remembers');
    for (const width of [1024, 1280, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        assert.deepEqual(await part.locator('table').evaluate(t => [t.scrollWidth <= t.parentElement.clientWidth, t.querySelector('tbody tr').clientHeight < 100]), [true, true], `it fits at ${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await part.getByRole('link', { name: 'Compare versions' }).click();
    await heading(page, 'Compare versions');
    const table = page.getByRole('region', { name: 'Differences' }), rows = async () => (await table.locator('tbody tr').allInnerTexts()).map(t => t.replace(/\s+/g, ' ').trim());
    assert.deepEqual(await table.locator('thead a').allInnerTexts(), ['Version 5', 'Version 6']);
    assert.ok((await rows()).includes('depth ≠ (differs) 5 6') && (await rows()).includes('eta 0.1 0.1'));
    for (const n of [1, 2, 3]) await page.getByLabel(`Version ${n}`).check();
    assert.ok(await page.getByLabel('Version 4').isDisabled(), 'five at most');
    await page.getByLabel('Only what differs').check();
    assert.deepEqual(await rows(), ['Version', 'Status ≠ (differs) Ready Ready Ready Ready Active', 'Hyperparameters', 'depth ≠ (differs) 1 2 3 5 6', 'Metrics', 'a ≠ (differs) 0.1 0.2 0.3 0.5 0.6', 'd ≠ (differs) 1 2 3 5 6']);
    assert.match(page.url(), /versions=1%2C2%2C3%2C5%2C6$/);
    await page.getByLabel('Metric', { exact: true }).selectOption('d');
    await page.getByText('Show as table').click();
    assert.match(await page.getByRole('table', { name: 'd of each version' }).innerText(), /Version 1\s+1\s+Version 2\s+2/);
    await page.getByRole('img', { name: 'Line chart: d of 6 versions' }).waitFor();
});

await test('a metric has any name, and a table with three of them fits its panel', async () => {
    const m = await model('Named');
    for (const metrics of ['{"constructor":1,"__proto__":2,"validation/loss":0.125}', '{"auc":0.5}']) {
        const made = await fetch(`${setup.url}/api/v1/models/${m.id}/versions`, { method: 'POST', headers: { Authorization: `Bearer ${setup.token}`, 'Content-Type': 'application/json' },
            body: `{"file":"eA==","algorithm":"random_forest_of_many_trees","metrics":${metrics},"hyperparameters":${metrics}}` });
        assert.equal(made.status, 201, await made.text());
    }
    for (const width of [1024, 1280, 1440]) {
        const { context, page } = await signedIn({ viewport: { width, height: 900 } });
        await go(page, `#/models/${m.id}`);
        const part = page.getByRole('region', { name: 'Versions' });
        assert.deepEqual((await part.locator('tbody tr').first().locator('td.number').allInnerTexts()).map(t => t.replace(/\s+/g, ' ')), ['– none', '0.5', '– none'], 'nothing that every object has');
        assert.ok(await part.locator('.wide').evaluate(w => w.scrollWidth <= w.clientWidth), `at ${width}`);
        await context.close();
    }
    const { page } = await signedIn({ viewport: { width: 390, height: 900 } });
    await go(page, `#/models/${m.id}`);
    await page.getByRole('region', { name: 'Versions' }).getByText('auc: 0.5').waitFor();
    await go(page, `#/models/${m.id}/compare`);
    const rows = (await page.getByRole('region', { name: 'Differences' }).locator('tbody tr').allInnerTexts()).map(t => t.replace(/\s+/g, ' ').trim());
    for (const row of ['constructor ≠ (differs) 1 –', '__proto__ ≠ (differs) 2 –']) assert.equal(rows.filter(r => r === row).length, 2, rows.join('; '));
});

await test('text twice as large has the layout of a screen half as wide', async () => {
    const m = await model('Enlarged');
    await train(m, { algorithm: 'forest', hyperparameters: { depth: 6 }, metrics: { accuracy: 0.9, auc: 0.8, f1: 0.7 } });
    const { page } = await signedIn({ text: 32 });
    for (const hash of ['#/', '#/models', `#/models/${m.id}`, `#/versions/${m.id}.ver-001`, `#/models/${m.id}/edit`, '#/projects', '#/folders', '#/users', '#/roles', '#/keys/new', '#/audit', '#/usage', '#/health', '#/account']) {
        await go(page, hash);
        await fits(page, hash);
    }
    await accessible(page, 'large text');
});

await test('Back takes away what was asked of the view before; a secret stays', async () => {
    const m = await model('Asked');
    const { page } = await signedIn();
    await go(page, '#/projects');
    await go(page, `#/models/${m.id}`);
    await press(page, /^Archive model/);
    await dialog(page).waitFor();
    await page.goBack();
    await heading(page, 'Projects');
    assert.equal(await dialog(page).count(), 0);
    await go(page, '#/keys/new');
    await press(page, 'Create API key');
    await dialog(page).getByText('shown only this once').waitFor();
    await page.goBack();
    await heading(page, 'Projects');
    await dialog(page).getByRole('button', { name: 'I have stored it' }).click();
});

await test('an address that asks for what there cannot be leads to all there is', async () => {
    const { page } = await signedIn();
    await page.goto(`${setup.url}/#/models?status=lost&page=99999999999999999999`);
    await page.getByRole('link', { name: 'Show all' }).click();
    await page.locator('tbody tr').first().waitFor();
    assert.match(page.url(), /#\/models$/);
    await go(page, '#/versions/new');
    await page.getByText('The address is without the id of a model').waitFor();
});

await test('what moves by itself is seen to move, in a list and on a page', async () => {
    const listed = await model('Moves'), shown = await model('Moves too');
    const jobs = await Promise.all([listed, shown].map(async m => (await api('POST', `/api/v1/models/${m.id}/train`)).body.job_id));
    const { context, page } = await signedIn();
    await go(page, '#/models?search=Moves');
    await column(page, listed.name).locator('td .badge', { hasText: 'Training' }).waitFor();
    const other = await context.newPage();
    await other.goto(`${setup.url}/#/models/${shown.id}`);
    await badge(other, 'Training');
    await Promise.all([listed, shown].map((m, i) => api('POST', `/api/v1/models/${m.id}/train/${jobs[i]}/complete`, {})));
    await Promise.all([column(page, listed.name).locator('td .badge', { hasText: 'Ready' }).waitFor(), badge(other, 'Ready')]);
});

await test('of two answers the one that was asked for last is shown, whichever comes last', async () => {
    const hook = (await api('POST', '/v1/webhook_endpoints', { url: 'https://hooks.example.org/late', enabled_events: ['project.*'], description: 'First' })).body;
    const { page } = await signedIn();
    await go(page, `#/webhooks/${hook.id}`);
    const details = page.getByRole('region', { name: 'Details' }), held = [];
    await details.getByText('First').waitFor();
    let asked = 0, answered = 0;
    await page.route(`**/v1/webhook_endpoints/${hook.id}`, async r => {
        const n = ++asked, reply = await r.fetch(), body = { ...await reply.json(), description: n === 1 ? 'Older' : 'Newer' };
        if (n === 1) await new Promise(on => { held.push(on); });
        await r.fulfill({ response: reply, json: body });
        answered++;
    });
    for (const n of [1, 2]) {
        await press(page, /^Test/);
        await dialog(page).getByRole('button', { name: /^Test/ }).click();
        await page.waitForFunction(() => !document.querySelector('dialog[open]'));
        while (asked < n) await page.waitForTimeout(50);
    }
    await details.getByText('Newer').waitFor();
    held[0]();
    while (answered < 2) await page.waitForTimeout(50);
    await page.waitForTimeout(1000);
    await details.getByText('Newer').waitFor();
    await api('DELETE', `/v1/webhook_endpoints/${hook.id}`);
});

await test('what was typed last in a list that one has left changes no address', async () => {
    const { page } = await signedIn();
    await go(page, '#/models');
    await page.getByLabel('Search by name').fill('left behind');
    await go(page, '#/projects');
    await page.waitForTimeout(600);
    assert.equal(await page.evaluate(() => location.hash), '#/projects');
});

await test('Back leads to where one was in the list', async () => {
    for (let i = 0; i < 20; i++) await model('Long list');
    const { page } = await signedIn({ viewport: { width: 1280, height: 500 } });
    await go(page, '#/models?search=Long+list');
    await page.evaluate(() => scrollTo(0, 600));
    await page.waitForFunction(() => history.state?.y > 500);
    await page.locator('tbody th a').nth(15).click();
    await page.getByRole('region', { name: 'Details' }).waitFor();
    assert.equal(await page.evaluate(() => scrollY), 0);
    await page.goBack();
    await page.waitForFunction(() => scrollY > 500);
});

await test('a name that is taken, and three wrong fields at once, are told at their fields', async () => {
    const m = await model('Taken'), p = await api('POST', '/api/v1/projects', { name: 'Taken', url: 'taken-already.talkide.app' });
    assert.equal(p.status, 201);
    const { page } = await signedIn();
    await go(page, '#/models/new');
    await page.getByLabel('Name').fill(m.name);
    await press(page, 'Create model');
    await page.locator('input[name=name][aria-invalid=true]').waitFor();
    await page.getByText('already has this name').waitFor();
    await page.getByLabel('Name').fill('');
    await page.getByLabel('Description').fill('x'.repeat(70_000));
    await page.getByLabel('Tags').fill(Array.from({ length: 101 }, (_, i) => `t${i}`).join(','));
    await press(page, 'Create model');
    await page.locator('[name=tags][aria-invalid=true]').waitFor();
    assert.equal(await page.locator('form [aria-invalid=true]').count(), 3);
    page.on('dialog', d => d.accept());             // what was typed is left behind
    await go(page, '#/projects/new');
    await page.getByLabel('Name').fill('Another');
    await page.getByLabel('URL').fill('taken-already.talkide.app');
    await press(page, 'Create project');
    await page.locator('input[name=url][aria-invalid=true]').waitFor();
});

await test('a reader is told that it is not allowed, by which permission, and whom to ask', async () => {
    const { page } = await signedIn({}, setup.reader);
    await go(page, '#/models/new');
    await heading(page, 'Not allowed');
    await page.getByText('An administrator of your organization can give you the permission model:write.').waitFor();
    const m = await model('Only read');
    await go(page, `#/models/${m.id}/edit`);
    await heading(page, 'Not allowed');
});

await test('an address is a link while the project is live, and words are whole', async () => {
    const draft = await api('POST', '/api/v1/projects', { name: 'Address 1', url: 'address-one.talkide.app' });
    const { page } = await signedIn();
    await go(page, `#/projects/${draft.body.data.id}`);
    await page.getByText('URL (not live)').waitFor();
    assert.equal(await page.getByRole('link', { name: 'address-one' }).count(), 0);
    assert.equal((await api('PUT', `/api/v1/projects/${draft.body.data.id}/publish`)).status, 200);
    await go(page, '#/projects');
    await go(page, `#/projects/${draft.body.data.id}`);
    await page.getByRole('link', { name: 'address-one' }).waitFor();
    assert.match(await page.getByRole('button', { name: /^Pause/ }).getAttribute('class'), /outline-secondary/);
    await model('Whole words');
    await go(page, '#/models?search=Whole+words');
    for (const cell of await page.locator('tbody td:nth-child(3)').all()) assert.ok((await cell.boundingBox()).height < 60, 'one line');
});

await end();
