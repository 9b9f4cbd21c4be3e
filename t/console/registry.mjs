// registry.mjs: the registry at the console, in a real browser: registered models and their
// versions, deployments, access, and what can not be undone. Run by t/82-console-registry.t.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { accessible, api, bad, badge, column, complaints, confirm, dialog, end, fits, go, good, heading, model as dialectModel, press, setup, signedIn, test,
    train, writes } from './harness.mjs';

const B = '/api/v2';
let serial = 0;
const must = (r, status) => { assert.equal(r.status, status, JSON.stringify(r.body)); return r.body; };
const target = { name: 'churn', type: 'Binary', classNames: ['yes', 'no'] };
// A package of a model that runs elsewhere: the next version of a registered model, or a new one.
const external = async (name, more = {}) => must(await api('POST', `${B}/modelPackages/fromJSON`, { name: `${name} ${++serial}`, target, ...more }), 201);
const next = (p, more) => external('Next', { registeredModelId: p.registeredModelId, target: p.target, ...more });
const stage = async (p, to) => must(await api('PATCH', `${B}/registeredModels/${p.registeredModelId}/versions/${p.id}`, { stage: to }), 200);
const deploy = async (p, label, more = {}) => must(await api('POST', `${B}/deployments/fromModelPackage`, { modelPackageId: p.id, label: `${label} ${++serial}`, ...more }), 202).id;
const deployment = async id => (await api('GET', `${B}/deployments/${id}`)).body;
const registered = async id => (await api('GET', `${B}/registeredModels/${id}`)).body;
const packageOf = async id => (await api('GET', `${B}/modelPackages/${id}`)).body;
const access = async id => (await api('GET', `${B}/registeredModels/${id}/sharedRoles`)).body.data.map(s => `${s.name} ${s.role}`).sort();
// One of the leaderboard: with features and logs, and a file to be built.
const trained = async name => {
    const { modelId } = must(await api('POST', `${B}/projects/${'5'.repeat(24)}/models/import`, { modelType: 'Gradient Boosting', projectName: 'Churn project', target, modelKind: {},
        features: Array.from({ length: 12 }, (_, i) => ({ name: `feature ${String(i + 1).padStart(2, '0')}`, featureType: i % 2 ? 'Numeric' : 'Categorical', importance: i / 12, dateFormat: null, knownInAdvance: false })),
        logs: [{ level: 'INFO', message: 'Training began', time: 1600000000.5 }, { level: 'ERROR', message: 'A row was dropped', time: 1600000001 }], datasets: { datasetName: 'customers.csv' } }), 201);
    return must(await api('POST', `${B}/modelPackages/fromLeaderboard`, { modelId, name: `${name} ${++serial}`, description: 'Who will leave' }), 202);
};
const thaw = (...args) => execFileSync('env', [...setup.thaw, ...args]);
const at = p => `#/packages/${p.id}`, model = p => `#/registered-models/${p.registeredModelId}`;
const region = (page, name) => page.getByRole('region', { name, exact: true });
const part = (page, name) => region(page, name).locator('tbody tr');

await test('registered models: a list with search and filters, target, latest version, the one in Production', async () => {
    const a = await external('Churn of customers', { tags: [{ name: 'team', value: 'risk' }] }), b = await external('Prices', { target: { name: 'price', type: 'Regression' } });
    const a2 = await next(a), a3 = await next(a);
    await stage(a, 'Production');
    await stage(a2, 'Production');
    await stage(a3, 'Staging');
    const { page } = await signedIn();
    await page.getByRole('link', { name: 'Registry' }).click();
    await heading(page, 'Registered models');
    const row = column(page, a.name);
    await row.waitFor();
    assert.match(await row.innerText(), /churn\s+3\s+Version 2 and 1 more\s+admin/s);
    assert.match(await column(page, b.name).innerText(), /price\s+1\s/s);
    await accessible(page, 'registered models');
    await page.setViewportSize({ width: 360, height: 800 });
    await fits(page, 'registered models');
    await page.setViewportSize({ width: 1280, height: 900 });
    assert.equal(await page.getByRole('link', { name: /^New/ }).count(), 0, 'none is made here');

    const listed = async () => { await page.waitForFunction(() => !document.querySelector('.rows[aria-busy]')); return page.locator('.rows tbody th a').allInnerTexts(); };
    await page.getByLabel('Search by name').fill('churn of');
    await page.waitForFunction(() => document.querySelectorAll('.rows tbody tr').length === 1);
    await page.getByLabel('Search by name').fill('');
    await page.getByLabel('Stage').selectOption('Staging');
    assert.deepEqual(await listed(), [a.name]);
    await page.getByLabel('Stage').selectOption('');
    await page.getByLabel('Target type').selectOption('Regression');
    assert.deepEqual(await listed(), [b.name]);
    await page.getByLabel('Target type').selectOption('');
    await page.getByText('More filters').click();
    await listed();
    await accessible(page, 'all filters');
    await page.getByLabel('Tag name').fill('team');
    await page.getByLabel('Tag value').fill('risk');
    await page.keyboard.press('Enter');
    assert.deepEqual(await listed(), [a.name]);
    assert.match(page.url(), /tagKeys=team&tagValues=risk/);
    await page.reload();
    await column(page, a.name).waitFor();
    assert.deepEqual(await listed(), [a.name], 'the address has the filters');
    assert.ok(await page.getByLabel('Tag name').isVisible());
    await go(page, '#/registered-models?sort=name');
    assert.deepEqual(await listed(), [a.name, b.name]);
    await go(page, '#/registered-models?sort=-name');
    assert.deepEqual(await listed(), [b.name, a.name]);
    await go(page, '#/registered-models?createdBefore=2001-01-01');
    await page.getByText('No registered models match.').waitFor();
    for (const hash of ['#/registered-models/new', '#/packages', '#/features', '#/access/x']) { await go(page, hash); await heading(page, 'Not found'); }
});

await test('stages: a version moves to one, and what is there is archived', async () => {
    const first = await external('Staged'), second = await next(first);
    await stage(first, 'Production');
    const { page } = await signedIn();
    await go(page, model(first));
    await heading(page, first.name);
    await badge(page, 'Active');
    assert.deepEqual(await part(page, 'Versions').locator('th a').allInnerTexts(), [`${second.name}, version 2`, `${first.name}, version 1`], 'the latest first');
    await accessible(page, 'a registered model');
    await part(page, 'Versions').first().getByRole('button', { name: 'Move to stage' }).click();
    await accessible(page, 'moving to a stage');
    await dialog(page).getByLabel('Stage').selectOption('Archived');
    assert.ok(!await dialog(page).getByLabel('Archive existing versions').isVisible());
    await dialog(page).getByLabel('Stage').selectOption('Production');
    await dialog(page).getByLabel('Archive existing versions').check();
    const sent = await writes(page, async () => {
        await confirm(page, 'Move to stage');
        await good(page).getByText('was moved').waitFor();
    });
    assert.deepEqual(sent.map(r => [r.method(), r.postDataJSON()]), [['PATCH', { stage: 'Production', archiveExistingVersions: true }]]);
    await part(page, 'Versions').nth(0).locator('td').getByText('Production', { exact: true }).waitFor();
    assert.match(await part(page, 'Versions').nth(1).innerText(), /Archived/);
    assert.deepEqual([(await packageOf(first.id)).stage, (await packageOf(second.id)).stage], ['Archived', 'Production']);
    await page.locator('.timeline strong', { hasText: 'Version staged' }).first().waitFor();
});

await test('a version: its target, features page by page, logs, capabilities and why not, build and file', async () => {
    const p = await trained('Churn');
    const { page } = await signedIn();
    await go(page, at(p));
    await heading(page, `${p.name}, version 1`);
    const details = region(page, 'Details');
    assert.match(await details.innerText(), /Who will leave.*Gradient Boosting.*churn.*Binary.*yes.*no.*0\.5.*Building.*Churn project.*customers\.csv/s);
    assert.equal(await page.getByRole('button', { name: /^(Download|Build file)/ }).count(), 0, 'while it is being built');
    assert.equal(await part(page, 'Features').count(), 10);
    await page.getByRole('button', { name: 'Show more features' }).click();
    await part(page, 'Features').nth(11).waitFor();
    assert.match(await part(page, 'Features').nth(11).innerText(), /feature 12\s+Numeric\s+0\.9167/s);
    assert.match((await part(page, 'Logs').allInnerTexts()).join('\n'), /Training began\s+INFO.*A row was dropped\s+ERROR/s);
    assert.match((await region(page, 'Capabilities').locator('tbody tr').allInnerTexts()).join('\n'), /Challenger models\s+Yes.*Scoring code download\s+No\s+\w+/s);
    // What is built shows without a reload.
    thaw('build', '--once');
    await details.getByText('Built', { exact: true }).waitFor();
    await accessible(page, 'a version');
    await page.setViewportSize({ width: 360, height: 800 });
    await fits(page, 'a version');
    await page.setViewportSize({ width: 1280, height: 900 });
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, /^Download the .mlpkg file/)]);
    assert.match(download.suggestedFilename(), /^Churn-\d+-1\.mlpkg$/);
    assert.equal(fs.readFileSync(await download.path()).subarray(0, 2).toString(), 'PK', 'a zip');
    // An external one has no file until one is built.
    const e = await external('Elsewhere');
    await go(page, at(e));
    assert.equal(await page.getByRole('button', { name: /^Download/ }).count(), 0);
    await press(page, /^Build file/);
    await confirm(page, 'Build file');
    await good(page).getByText('is being built').waitFor();
    await details.getByText('Building', { exact: true }).waitFor();
    thaw('build', '--once');
    await page.getByRole('button', { name: /^Download the .mlpkg file/ }).waitFor();
});

await test('a version is edited; what the server says is at its field', async () => {
    const p = await external('Edited', { tags: [{ name: 'team', value: 'risk' }] });
    const { page } = await signedIn();
    await go(page, at(p));
    await page.getByRole('link', { name: 'Edit version' }).click();
    await page.getByLabel('Threshold').fill('2');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/^Threshold must/).waitFor();
    assert.equal(await page.locator('[aria-invalid=true]').getAttribute('name'), 'predictionThreshold');
    await page.getByLabel('Threshold').fill('0.7');
    await page.getByLabel('Value 1').fill('sales');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await good(page).getByText('was saved').waitFor();
    const now = await packageOf(p.id);
    assert.deepEqual([now.target.predictionThreshold, now.tags.map(t => [t.name, t.value])], [0.7, [['team', 'sales']]]);
    await go(page, `${model(p)}/edit`);
    await page.getByLabel('Description').fill('What it is for');
    await page.getByLabel('Everyone in the organization').check();
    const sent = await writes(page, async () => {
        await page.getByRole('button', { name: 'Save', exact: true }).click();
        await good(page).getByText(/^Registered model .* was saved/).waitFor();
    });
    assert.deepEqual(sent[0].postDataJSON(), { description: 'What it is for', isGlobal: true });
    const other = await external('Has the name');
    await go(page, `${model(p)}/edit`);
    await page.getByLabel('Name').fill(other.name);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('.wrong', { hasText: /^Another model in the organization already has this name$/ }).waitFor();
    assert.ok(await page.getByLabel('Name').inputValue() === other.name, 'what was typed stays');
});

await test('access: a user, a group, the organization; another role; taken away; faults at their field', async () => {
    const p = await external('Shared');
    const { page } = await signedIn();
    await go(page, model(p));
    const give = async (kind, role, fill) => {
        await press(page, /^Give access/);
        await dialog(page).getByLabel('Give access to').selectOption(kind);
        await fill?.();
        await dialog(page).getByLabel('Role').selectOption(role);
        await confirm(page, 'Give access');
    };
    const given = async who => { await good(page).getByText('was shared').waitFor(); await region(page, 'Who has access').getByRole('rowheader', { name: who }).waitFor(); };
    await give('user', 'USER', () => dialog(page).getByLabel('User name').fill('nobody'));
    await dialog(page).getByText(/^User name is /).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.name), 'username', 'the focus is at what is wrong');
    await accessible(page, 'giving access');
    await dialog(page).getByLabel('User name').fill('member');
    await confirm(page, 'Give access');
    await given('member');
    await give('group', 'OBSERVER', () => dialog(page).getByLabel('Group id').fill(setup.group));
    await given('Risk team');
    await give('organization', 'OBSERVER');
    await given('Main');
    assert.deepEqual(await access(p.registeredModelId), ['Main CONSUMER', 'Risk team CONSUMER', 'admin OWNER', 'member USER']);
    const row = name => part(page, 'Who has access').filter({ hasText: name });
    assert.match(await row('Risk team').innerText(), /Observer\s+Group/s);
    await row('member').getByRole('button', { name: 'Change role' }).click();
    await dialog(page).getByLabel('New role').selectOption('OWNER');
    await confirm(page, 'Change role');
    await good(page).getByText('was changed').waitFor();
    await row('Risk team').getByRole('button', { name: 'Remove' }).click();
    await confirm(page, 'Remove access');
    await good(page).getByText('was removed').waitFor();
    assert.deepEqual(await access(p.registeredModelId), ['Main CONSUMER', 'admin OWNER', 'member OWNER']);
    // The last owner stays.
    for (const name of ['member', 'admin']) {
        await row(name).getByRole('button', { name: 'Remove' }).click();
        await confirm(page, 'Remove access');
        await (name === 'member' ? good(page).getByText('was removed') : bad(page).getByText('make another user an owner first')).waitFor();
    }
    assert.deepEqual(await access(p.registeredModelId), ['Main CONSUMER', 'admin OWNER']);
});

await test('what one may not do is not offered: an observer, a user, a reader', async () => {
    const p = await external('For others'), id = await deploy(p, 'Running');
    const share = async (role, username = 'member') => must(await api('PATCH', `${B}/registeredModels/${p.registeredModelId}/sharedRoles`, { operation: 'updateRoles', roles: [{ role, username, shareRecipientType: 'user' }] }), 204);
    await share('OBSERVER');
    const { page } = await signedIn({}, setup.member);
    const offered = async () => (await page.locator('main button[data-transition], main .next a').allInnerTexts()).map(t => t.split('\n')[0].replace(/ (For|Running|member|admin).*$/s, '')).sort();
    for (const hash of [model(p), at(p), `#/deployments/${id}`]) {
        await go(page, hash);
        await page.getByText('You have read-only access to this').waitFor();
        assert.deepEqual(await offered(), [], hash);
    }
    await go(page, `${model(p)}/edit`);
    await page.getByText('You don\u2019t have permission to edit this registered model').waitFor();
    assert.equal(await page.getByLabel('Name').count(), 0);
    await share('USER');
    await go(page, model(p));
    assert.deepEqual(await offered(), ['Change role', 'Edit registered model', 'Give access', 'Move to stage', 'Remove access', 'Set alias', 'Set alias']);
    await press(page, /^Give access/);
    await dialog(page).waitFor();
    assert.deepEqual(await dialog(page).getByLabel('Role').locator('option').allInnerTexts(), ['Observer', 'User'], 'no more than one has');
    await page.keyboard.press('Escape');
    await go(page, `${model(p)}/edit`);
    await page.getByLabel('Name').waitFor();
    assert.equal(await page.getByLabel('Everyone in the organization').count(), 0);
    await go(page, at(p));
    assert.equal(await page.getByRole('button', { name: /^Archive/ }).count(), 0);
    const { page: reader } = await signedIn({}, setup.reader);
    await go(reader, model(p));
    await heading(reader, 'Not found');
    must(await api('PATCH', `${B}/registeredModels/${p.registeredModelId}`, { isGlobal: true }), 200);
    await go(reader, '#/registered-models');
    await column(reader, p.name).waitFor();
    for (const hash of [model(p), at(p), `#/deployments/${id}`]) {
        await go(reader, hash);
        await reader.getByText('You have read-only access (role: reader)').waitFor();
        assert.equal(await reader.locator('main button[data-transition]').count(), 0);
    }
});

await test('deployments: made, listed, paused, activated, edited, deleted', async () => {
    const p = await external('Deployed');
    must(await api('POST', `${B}/predictionEnvironments`, { name: 'Edge', platform: 'aws', description: 'Far away' }), 201);
    const { page } = await signedIn();
    await go(page, '#/environments');
    assert.match(await column(page, 'Edge').innerText(), /Amazon Web Services.*Custom model.*Far away/s);
    await accessible(page, 'environments');
    await go(page, at(p));
    await press(page, /^Deploy/);
    await confirm(page, 'Deploy version');
    await dialog(page).locator('.wrong', { hasText: 'Name of the deployment' }).waitFor();
    await dialog(page).getByLabel('Name of the deployment').fill('Churn in the shop');
    await dialog(page).getByLabel('Importance').selectOption('HIGH');
    await dialog(page).getByLabel('Environment').selectOption('Edge');
    await confirm(page, 'Deploy version');
    await heading(page, 'Churn in the shop');
    await badge(page, 'Active');
    const id = new URL(page.url()).hash.split('/').at(-1);
    assert.match(await region(page, 'Details').innerText(), new RegExp(`${p.name}, version 1.*${p.name}.*churn.*Edge.*High`, 's'));
    await accessible(page, 'a deployment');
    for (const [name, status, label] of [['Pause', 'inactive', 'Paused'], ['Activate', 'active', 'Active']]) {
        await page.getByRole('button', { name: `${name} deployment` }).click();
        await confirm(page, `${name} deployment`);
        await badge(page, label);
        assert.equal((await deployment(id)).status, status);
    }
    await page.locator('.timeline strong', { hasText: 'Paused' }).waitFor();
    await page.getByRole('link', { name: 'Edit deployment' }).click();
    await page.getByLabel('Name').fill('Churn in the web shop');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await good(page).getByText('was saved').waitFor();
    await heading(page, 'Churn in the web shop');
    await go(page, '#/deployments?status=active');
    assert.match(await column(page, 'web shop').innerText(), new RegExp(`Active.*${p.name}.*Edge.*High`, 's'));
    await accessible(page, 'deployments');
    await go(page, '#/deployments?search=no+such');
    await page.getByText('No deployments match.').waitFor();
    await go(page, model(p));
    assert.match(await part(page, 'Deployments').innerText(), /web shop.*Active.*1\s+Champion/s);
    await part(page, 'Deployments').getByRole('link').click();
    await heading(page, 'Churn in the web shop');
    await page.getByRole('button', { name: 'Delete deployment' }).click();
    await confirm(page, 'Delete deployment');
    await heading(page, 'Deployments');
    assert.equal((await api('GET', `${B}/deployments/${id}`)).status, 404);
});

await test('deployments: the champion is replaced by what fits, which is shown first; challengers', async () => {
    const p = await external('Champion'), p2 = await next(p, { name: 'Successor' }), alien = await external('Other target', { target: { name: 'price', type: 'Regression' } });
    const id = await deploy(p, 'To be replaced');
    const { page } = await signedIn();
    await go(page, `#/deployments/${id}`);
    await page.getByText('The champion was never replaced.').waitFor();
    const choose = async (button, name) => {
        await press(page, button);
        await dialog(page).getByLabel('Search by name').fill(name);
        await dialog(page).getByRole('status').getByText('1 version', { exact: true }).waitFor();
        await dialog(page).getByRole('radio').check();
        await confirm(page, 'Continue');
    };
    const sent = await writes(page, async () => {
        await choose(/^Replace champion/, alien.name);
        await dialog(page).getByText('Failed: The model package has a different target than the champion').waitFor();
        assert.equal(await dialog(page).getByRole('button', { name: 'Replace champion' }).count(), 0, 'what does not fit is not offered');
        await accessible(page, 'a replacement that does not fit');
        await confirm(page, 'Close');
    });
    assert.deepEqual(sent.map(r => new URL(r.url()).pathname), [`${B}/deployments/${id}/model/validation`], 'only asked');
    await choose(/^Replace champion/, 'Successor');
    await dialog(page).getByText('Passed: The model package has the same target type as the champion').waitFor();
    await accessible(page, 'a replacement that fits');
    await dialog(page).getByLabel('Reason').selectOption('DATA_DRIFT');
    await confirm(page, 'Replace champion');
    await good(page).getByText('has another champion').waitFor();
    assert.equal((await deployment(id)).modelPackage.id, p2.id);
    assert.match(await region(page, 'Replacements').locator('tbody tr').innerText(), new RegExp(`${p.name}, version 1\\s+${p2.name}, version 2\\s+Data drift\\s+admin`, 's'));
    await page.locator('.timeline strong', { hasText: 'Champion replaced' }).waitFor();
    await choose(/^Add challenger/, alien.name);
    await dialog(page).getByLabel('Name of the challenger').fill('No match');
    await confirm(page, 'Add challenger');
    await dialog(page).getByRole('alert').getByText('cannot replace the champion').waitFor();
    await page.keyboard.press('Escape');
    await choose(/^Add challenger/, p.name);
    await dialog(page).getByLabel('Name of the challenger').fill('The old one');
    await confirm(page, 'Add challenger');
    await good(page).getByText('has another challenger').waitFor();
    assert.match(await part(page, 'Challengers').innerText(), /The old one/);
    await accessible(page, 'a deployment with a challenger');
    await page.setViewportSize({ width: 360, height: 800 });
    await fits(page, 'a deployment');
    await page.setViewportSize({ width: 1280, height: 900 });
    await part(page, 'Challengers').getByRole('button', { name: 'Remove' }).click();
    await confirm(page, 'Remove challenger');
    await page.getByText('No challengers.').waitFor();
});

await test('for good: archiving a version and retiring a model ask for the name, and say that it is permanent', async () => {
    const p = await external('For good'), p2 = await next(p);
    const { page } = await signedIn();
    await go(page, at(p));
    const permanent = async (name, button, wrong, right) => {
        const sent = await writes(page, async () => {
            await page.getByRole('button', { name: button }).click();
            await dialog(page).getByText('This permanently archives').waitFor();
            assert.equal(await page.evaluate(() => document.activeElement.name), 'typed');
            await accessible(page, name);
            await page.keyboard.type(wrong);
            await page.keyboard.press('Enter');
            await dialog(page).getByText(`must be ${right}`).waitFor();
        });
        assert.equal(sent.length, 0, 'nothing is sent before the name is right');
        await dialog(page).getByRole('textbox').fill(right);
        await page.keyboard.press('Enter');
        await good(page).waitFor();
    };
    await permanent('archiving a version', /^Archive version/, 'yes', p.name);
    await badge(page, 'Permanently archived');
    await page.getByText('Nothing can be done while the version is permanently archived.').waitFor();
    assert.equal((await packageOf(p.id)).isArchived, true);
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link').click();
    await heading(page, p.name);
    assert.equal(await part(page, 'Versions').filter({ hasText: 'version 1' }).getByRole('button').count(), 0);
    await permanent('retiring a model', /^Retire registered model/, p.name.toUpperCase(), p.name);
    await heading(page, 'Registered models');
    assert.equal((await registered(p.registeredModelId)).isArchived, true);
    assert.equal((await packageOf(p2.id)).isArchived, true);
    await go(page, model(p));
    await badge(page, 'Archived');
    assert.equal(await page.locator('main button[data-transition]').count(), 0);
});

await test('with the keyboard alone: a version to a stage', async () => {
    const p = await external('By keys');
    const { page } = await signedIn();
    await go(page, at(p));
    const reach = async until => {
        for (let i = 0; i < 60; i++) { if (await page.evaluate(until)) return; await page.keyboard.press('Tab'); }
        assert.fail(`not reached: ${until}`);
    };
    await reach('document.activeElement.textContent.startsWith("Move to stage")');
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.name), 'stage');
    await page.keyboard.type('Sta');
    await reach('document.activeElement.textContent === "Move to stage"');
    await page.keyboard.press('Enter');
    await badge(page, 'Staging');
    assert.equal((await packageOf(p.id)).stage, 'Staging');
});

await test('a model that was archived in another dialect can be looked at, and nothing more', async () => {
    const p = await external('Shelved');
    must(await api('POST', `/api/v1/models/mdl-${p.registeredModelId}/archive`), 200);
    const { page } = await signedIn();
    for (const [hash, one, state] of [[model(p), 'registered model', 'Archived'], [at(p), 'version', 'Archived with its model']]) {
        await go(page, hash);
        await badge(page, state);
        await page.getByText(`Nothing can be done while the ${one} is ${state.toLowerCase()}.`).waitFor();
        assert.equal(await page.locator('main button[data-transition]').count(), 0);
    }
});

await test('a model of another dialect: without a version, and with one that was trained', async () => {
    const m = await dialectModel('From models'), hash = `#/registered-models/${m.id.replace('mdl-', '')}`;
    const { page } = await signedIn();
    await go(page, hash);
    await page.getByText('This model has no versions.').waitFor();
    assert.equal(await page.getByRole('button', { name: /^Retire/ }).count(), 1, 'its administrator may');
    const { page: member } = await signedIn({}, setup.member);
    await go(member, hash);
    await member.getByRole('link', { name: 'Edit registered model' }).waitFor();
    assert.equal(await member.getByRole('button', { name: /^(Retire|Give access)/ }).count(), 0, 'who may only change it may not');
    await train(m, { algorithm: 'forest' });
    await go(page, '#/registered-models');
    await go(page, hash);
    await part(page, 'Versions').getByRole('link').click();
    await page.getByRole('button', { name: /^Build file/ }).waitFor();
    await page.getByText('No features are known.').waitFor();
});

await test('an edit that came too late is told what there is now', async () => {
    const p = await external('Raced');
    const { page } = await signedIn();
    await go(page, `${model(p)}/edit`);
    await page.getByLabel('Description').fill('Mine');
    must(await api('PATCH', `${B}/registeredModels/${p.registeredModelId}`, { description: 'Theirs' }), 200);
    const save = () => page.getByRole('button', { name: 'Save', exact: true }).click();
    await save();
    await page.getByText('Description is now').waitFor();
    await page.getByText('Theirs').waitFor();
    await save();
    await good(page).getByText('was saved').waitFor();
    assert.equal((await registered(p.registeredModelId)).description, 'Mine');
});

await test('pages: a list of more than one', async () => {
    while ((await api('GET', `${B}/registeredModels?limit=1`)).body.totalCount < 22) await external('Many');
    const { page } = await signedIn();
    await go(page, '#/registered-models');
    assert.equal(await page.locator('.rows tbody tr').count(), 20);
    await page.getByRole('link', { name: 'Next' }).click();
    await page.getByText('Page 2 of 2').waitFor();
    await page.waitForFunction(() => !document.querySelector('[aria-busy]'));
    assert.equal(await page.locator('.rows tbody tr').count(), (await api('GET', `${B}/registeredModels?limit=1`)).body.totalCount - 20);
});

await test('a lost answer: the same request again, done once', async () => {
    const p = await external('Lost');
    const { page } = await signedIn();
    await go(page, at(p));
    await press(page, /^Deploy/);
    await dialog(page).getByLabel('Name of the deployment').fill('Made once');
    await page.route('**/fromModelPackage', async r => { await r.fetch(); await r.abort(); }, { times: 1 });
    const sent = await writes(page, async () => {
        await confirm(page, 'Deploy version');
        await dialog(page).getByText('The change may have been made').waitFor();
        await confirm(page, 'Try again');
        await heading(page, 'Made once');
    });
    assert.equal(sent[0].headers()['idempotency-key'], sent[1].headers()['idempotency-key']);
    assert.equal((await api('GET', `${B}/deployments?search=Made+once`)).body.totalCount, 1);
});

await test('dark, and at 200 % and 320 pixels', async () => {
    const p = await external('Narrow'), id = await deploy(p, 'Narrow too');
    const { page } = await signedIn({ colorScheme: 'dark', viewport: { width: 320, height: 700 } });
    for (const hash of ['#/registered-models', model(p), at(p), `#/deployments/${id}`, '#/deployments', '#/environments']) {
        await go(page, hash);
        await fits(page, hash);
        await accessible(page, `dark ${hash.split('/')[1]} ${hash.split('/').length}`);
    }
});

await test('no page complained', async () => {
    assert.deepEqual(complaints, []);
});
await end();
