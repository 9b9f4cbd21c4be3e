// ledger.mjs: what an administrator looks up, and the frame around every view: audit, usage, health, webhooks, the menu,
// live and test data, sorted columns, charts, and lists of which there is nothing yet. Run by t/93-console-ledger.t.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { accessible, api, column, complaints, end, entity, fits, focused, go, good, heading, model, person, press, project, setup, signIn, signedIn, sql, test, train, visit, workspace } from './harness.mjs';

const nav = page => page.getByRole('navigation', { name: 'Main' });
const settled = page => page.waitForFunction(() => !document.querySelector('main .busy, main [aria-busy=true]'));
const m = await model('Audited'), p = await project('Audited', 'publish');
await train(m);

await test('the audit: who did what to which object, with a way to it, filtered in the address', async () => {
    const { page } = await signedIn();
    await nav(page).getByRole('link', { name: 'Audit' }).click();
    await heading(page, 'Audit');
    await page.getByLabel('Kind of object').selectOption('model');
    await settled(page);
    assert.match(page.url(), /kind=model/);
    assert.match(await column(page, m.id).first().innerText(), /:\d\d:\d\d.*UTC|:\d\d:\d\d.*GMT/s);
    await column(page, m.id).getByText('Training succeeded').waitFor();
    await page.getByLabel('Object id').fill(m.id);
    await page.keyboard.press('Enter');
    await settled(page);
    await page.getByText('3 changes').waitFor();
    await page.reload();
    await settled(page);
    assert.equal(await page.getByLabel('Object id').inputValue(), m.id, 'the address has it');
    await page.getByText('3 changes').waitFor();
    await page.getByRole('link', { name: m.name, exact: true }).first().click();
    await heading(page, m.name);
    await page.goBack();
    await settled(page);
    await page.getByLabel('By', { exact: true }).fill('nobody');
    await page.keyboard.press('Tab');
    await page.locator('[name=actor][aria-invalid=true]').waitFor();
    await page.getByText('By is not the name of a user').waitFor();
    await accessible(page, 'a filter that is wrong');
    await page.getByLabel('By', { exact: true }).fill('admin');
    await page.getByLabel('Object id').fill('');
    await page.getByLabel('Kind of object').selectOption('project');
    await settled(page);
    await column(page, `project/${p.id}`).getByRole('link', { name: p.name, exact: true }).first().waitFor();
    await page.getByLabel('From').fill('2199-01-01');
    await page.keyboard.press('Tab');
    await page.getByText('No changes match.').waitFor();
    await page.getByRole('link', { name: 'Show all' }).click();
    await settled(page);
    assert.match(await page.locator('tbody').innerText(), /Created/);
});

await test('the audit, page by page, and as a file of what matches', async () => {
    for (let i = 0; i < 55; i++) await model('One of many');
    const { page } = await signedIn();
    await go(page, '#/audit?action=model.created');
    await page.getByText('50 changes on this page').waitFor();
    const ids = async () => page.locator('tbody a').allInnerTexts();
    const first = await ids();
    await page.getByRole('link', { name: 'Older', exact: true }).click();
    await settled(page);
    await page.getByRole('link', { name: 'Newest' }).waitFor();
    assert.equal((await ids()).filter(id => first.includes(id)).length, 0, 'none twice');
    for (const [name, end] of [['Export as CSV', 'csv'], ['Export as JSON lines', 'jsonl']]) {
        const [file] = await Promise.all([page.waitForEvent('download'), press(page, name)]);
        assert.match(file.suggestedFilename(), new RegExp(`^audit-.*\\.${end}$`));
        const text = fs.readFileSync(await file.path(), 'utf8');
        assert.ok(text.includes(m.id) && !text.includes('project/'), 'what the filters say, and not what the page has');
        await good(page).getByText('The file was saved').waitFor();
    }
    // where there is more than one file has
    let left = 2;
    await page.route('**/console/audit/export*', r => r.fulfill({ status: 200, contentType: 'text/csv', body: 'time\r\n', headers: left-- > 0 ? { Link: '</console/audit/export?format=csv&after=aud_x>; rel="next"' } : {} }));
    await press(page, 'Export as CSV');
    await page.getByText('The file has the newest 100,000 changes').waitFor();
    const older = page.getByRole('button', { name: 'Export older ones' });
    await older.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement.textContent === 'Export older ones' && !document.activeElement.getAttribute('aria-disabled'));
    await page.keyboard.press('Enter');
    await older.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Export as CSV');
});

await test('usage: what is nearly full is marked', async () => {
    const { page } = await signedIn();
    await page.route('**/console/usage', async r => { const reply = await r.fetch(), body = await reply.json(); body.items[3].limit = 10; body.items[3].used = 9; body.items[4].limit = body.items[4].used = 5; body.items[5].limit = null; r.fulfill({ response: reply, json: body }); });
    await nav(page).getByRole('link', { name: 'Usage' }).click();
    await heading(page, 'Usage');
    await settled(page);
    const items = page.locator('.quotas > li');
    assert.match(await items.nth(0).innerText(), /Full\s+5 of 5/);
    assert.match(await items.nth(1).innerText(), /Nearly full\s+9 of 10/);
    assert.match(await page.locator('.quotas').innerText(), /no limit/);
    assert.ok(await page.getByRole('progressbar', { name: 'Models', exact: true }).count(), 'each with its name');
    await accessible(page, 'usage');
});

await test('health: what runs, what waits, and whom to tell', async () => {
    const { page } = await signedIn();
    await page.route('**/console/health', async r => { const reply = await r.fetch(), body = await reply.json();
        Object.assign(body, { oldest_event_seconds: 900, events_unnumbered: 10_000, endpoints_failing: 2, deliveries_waiting: 3 }); body.services[0] = { name: 'deliver', status: 'stopped', last_seen: '2026-01-01T00:00:00Z' }; r.fulfill({ response: reply, json: body }); }, { times: 1 });
    await go(page, '#/health');
    const text = async () => (await page.locator('main').innerText()).replace(/\s+/g, ' ');
    assert.match(await text(), /Events and webhooks Stopped Last seen .* Tell the operator.*Late 10,000 events are or more waiting|Late 10,000 events/);
    assert.match(await text(), /Failing The last delivery failed at 2 endpoints/);
    await press(page, 'Check again');
    await page.getByText('No endpoint is failing.').waitFor();
});

await test('a reader is told that these are for administrators', async () => {
    const { page } = await signedIn({}, setup.reader);
    assert.equal(await nav(page).getByRole('link', { name: 'Audit' }).count(), 0);
    for (const hash of ['#/audit', '#/usage', '#/health']) {
        await go(page, hash);
        await heading(page, 'Not allowed');
        await page.getByText('organization:admin').waitFor();
    }
});

await test('the menu on a narrow screen: by keyboard, Escape, and the organization\u2019s name', async () => {
    const { page } = await signedIn({ viewport: { width: 390, height: 800 } });
    await page.locator('.organization', { hasText: 'Main' }).waitFor();
    const menu = page.getByRole('button', { name: 'Menu' });
    assert.equal(await menu.getAttribute('aria-expanded'), 'false');
    assert.ok(!await nav(page).isVisible());
    await menu.focus();
    await page.keyboard.press('Enter');
    assert.equal(await menu.getAttribute('aria-expanded'), 'true');
    await nav(page).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Overview', 'what comes next is in it');
    await page.keyboard.press('Escape');
    assert.ok(!await nav(page).isVisible());
    assert.equal(await focused(page), 'Menu', 'the focus is back');
    await page.keyboard.press('Enter');
    await nav(page).getByRole('link', { name: 'Audit' }).click();
    await heading(page, 'Audit');
    assert.ok(!await nav(page).isVisible(), 'it closes when one goes on');
});

await test('live and test data: what lists show and what is made, remembered and said', async () => {
    const live = await workspace('For real');
    const { context, page } = await signedIn();
    await go(page, '#/workspaces');
    await page.getByRole('link', { name: live.name }).waitFor();
    await page.getByRole('switch', { name: 'Test data' }).check();
    await page.getByRole('status').filter({ hasText: 'Lists of workspaces' }).waitFor();
    await page.getByText('No test workspaces yet.').waitFor();
    await page.getByText('A workspace holds the entities').waitFor();
    await accessible(page, 'test data');
    await page.locator('.empty').getByRole('link', { name: 'Create the first workspace' }).click();
    await page.getByLabel('Name').fill('A trial run');
    await press(page, 'Create workspace');
    await heading(page, 'A trial run');
    await page.locator('.head .test').waitFor();
    const trial = (await api('GET', '/v1/workspaces?limit=100')).body.data.find(w => w.name === 'A trial run');
    assert.equal(trial.livemode, false);
    const other = await context.newPage();
    await other.goto(`${setup.url}/#/workspaces`);
    await other.getByRole('link', { name: 'A trial run' }).waitFor();
    assert.equal(await other.getByRole('link', { name: live.name }).count(), 0, 'another window has the same');
    // an entity goes where its workspace is, whatever is shown
    await go(page, `#/entities/new?workspace_id=${live.id}`);
    await page.getByLabel('Name').fill('Of the real one');
    await page.getByLabel('Jurisdiction').fill('US-DE');
    await page.getByLabel('Type').fill('llc');
    await press(page, 'Create entity');
    await heading(page, 'Of the real one');
    await press(page, 'Show live data');
    await page.locator('.testing').waitFor({ state: 'detached' });
    await go(page, '#/workspaces');
    await page.getByRole('link', { name: live.name }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'A trial run' }).count(), 0);
    await go(page, `#/workspaces/${trial.id}`);
    await heading(page, 'A trial run');
});

await test('columns that the API sorts by: up, down, in the address, by keyboard', async () => {
    const two = [await workspace('Alpha'), await workspace('Zulu')];
    await entity(two[0], 'One');
    const { page } = await signedIn();
    await go(page, '#/workspaces');
    const name = page.getByRole('columnheader', { name: 'Name' });
    assert.equal(await name.getAttribute('aria-sort'), null);
    assert.equal(await page.getByRole('columnheader', { name: 'Created' }).getAttribute('aria-sort'), 'descending');
    await name.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await settled(page);
    assert.equal(await name.getAttribute('aria-sort'), 'ascending');
    assert.match(page.url(), /sort=name/);
    const names = async () => (await page.locator('tbody th a').allInnerTexts());
    assert.deepEqual(await names(), [...await names()].sort());
    assert.match(await focused(page), /^Name/, 'the focus stays');
    await page.keyboard.press('Enter');
    await settled(page);
    assert.equal(await name.getAttribute('aria-sort'), 'descending');
    assert.deepEqual(await names(), [...await names()].sort().reverse());
    assert.equal(await page.getByLabel('Order').inputValue(), '-name');
    assert.equal(await page.getByRole('columnheader', { name: 'Status' }).getByRole('button').count(), 0, 'what has no order has no button');
    await go(page, '#/models');
    assert.equal(await page.locator('thead button').count(), 0, 'nor has a list without orders');
    await go(page, '#/projects');
    await page.getByRole('columnheader', { name: 'Status' }).getByRole('button').click();
    await settled(page);
    assert.match(page.url(), /sort=status/);
    await accessible(page, 'a sorted list');
});

await test('webhooks: what was sent, how it is signed, and why it failed', async () => {
    const hook = (await api('POST', '/v1/webhook_endpoints', { url: 'https://hooks.example.org/failing', enabled_events: ['project.*'] })).body;
    await project('Told');
    await api('GET', '/v1/events?limit=1');
    const sent = (await api('GET', `/v1/webhook_endpoints/${hook.id}/deliveries`)).body.data[0];
    assert.ok(sent, 'a delivery');
    sql(`UPDATE webhook_endpoints SET failing_since = NOW(6), failed_at = NOW(6) WHERE url = 'https://hooks.example.org/failing';
        INSERT INTO delivery_attempts (organization_id, delivery_id, number, at, milliseconds, response_status, error) SELECT d.organization_id, d.id, 1, NOW(6), 12, NULL, 'The connection was refused' FROM deliveries d JOIN webhook_endpoints w ON w.organization_id = d.organization_id AND w.id = d.endpoint_id WHERE w.url = 'https://hooks.example.org/failing'`);
    const { page } = await signedIn();
    await go(page, `#/webhooks/${hook.id}`);
    await page.locator('.head > .badge', { hasText: 'Failing' }).waitFor();
    const details = page.getByRole('region', { name: 'Details' });
    assert.match(await details.innerText(), /Last error\s+the request failed/);
    await details.getByRole('link', { name: /\d\d:\d\d/ }).click();
    const payload = page.getByRole('region', { name: 'Payload' }).first();
    assert.match(await payload.locator('pre').innerText(), /"type": "project\.created"[^]*"object": \{/);
    assert.match(await payload.innerText(), /Matter-Signature\s+t=TIME,v1=HEX[^]*webhook-signature/);
    await payload.getByRole('button', { name: 'Copy' }).click();
    await payload.getByText(/Copied\.|Couldn/).waitFor();
    await fits(page, 'a delivery');
    await accessible(page, 'a delivery');
    await api('DELETE', `/v1/webhook_endpoints/${hook.id}`);
});

await test('the overview answers three questions, each with its numbers', async () => {
    const { page } = await signedIn();
    await page.locator('.bars').last().waitFor();
    const trainings = page.getByRole('region', { name: 'Training runs per day', exact: true });
    await trainings.getByText('Show as table').click();
    assert.match(await trainings.locator('table').innerText(), /Succeeded\s+Failed/);
    assert.match(await trainings.getByRole('img').getAttribute('aria-label'), /\d succeeded and 0 failed/);
    await page.getByRole('region', { name: 'Webhook deliveries per day', exact: true }).getByText('Show as table').click();
    const changes = page.getByRole('region', { name: 'Changes per day', exact: true });
    assert.equal(await changes.locator('details thead th').count(), 2, 'one series');
});

await test('lists of which there is nothing say what it would be, and how it begins', async () => {
    const { page } = await signedIn();
    for (const [hash, text, link] of [['#/environments', 'Environments are created through the API.', 'Documentation'], ['#/deployments', 'which version of a model answers', 'Choose a registered model'], ['#/authorizations', 'its request waits here', null]]) {
        await go(page, hash);
        await page.locator('.empty').getByText(text).waitFor();
        if (link) await page.locator('.empty').getByRole('link', { name: link }).waitFor();
        await accessible(page, `${hash}, empty`);
    }
});

for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1024, 1440]) {
        await test(`administration in ${colorScheme} at ${width} pixels: accessible, and no wider than the screen`, async () => {
            const page = await visit(await person({ colorScheme, viewport: { width, height: 800 } }));
            await signIn(page);
            for (const hash of ['#/', '#/audit', '#/audit?kind=workspace', '#/audit?actor=none+such', '#/usage', '#/health', '#/workspaces?sort=name']) {
                await go(page, hash);
                await fits(page, hash);
                await accessible(page, `${hash} ${width} ${colorScheme}`);
            }
            if (width < 992) await press(page, 'Menu');
            await page.getByRole('switch', { name: 'Test data' }).check();
            await settled(page);
            if (width < 992) await press(page, 'Menu');
            await fits(page, 'the menu');
            await accessible(page, `the menu ${width} ${colorScheme}`);
        });
    }
}

await test('no console error, no violation of the Content-Security-Policy, no foreign request in all of this', () => assert.deepEqual(complaints, []));
await end();
