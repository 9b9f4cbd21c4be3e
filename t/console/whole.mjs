// whole.mjs: from an organization with nothing in it to its audit in a file, in the browser alone: what an
// administrator, and the user whom she makes, do in their first hour. Run by t/96-console-whole.t.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { api, column, confirm, dialog, end, go, good, heading, person, press, setup, signedIn, signIn, test, visit } from './harness.mjs';

const part = (page, name) => page.getByRole('region', { name, exact: true });
const nav = (page, name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
const save = page => page.locator('form.panel button[type=submit]').click();
async function newModel(page, name) {
    await page.getByLabel('Name').fill(name);
    await save(page);
    await heading(page, name);
}
async function upload(page, name, metrics) {
    await part(page, 'Versions').getByRole('link', { name: 'New version' }).click();
    await heading(page, 'New version');
    await page.getByLabel('File').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(name) });
    for (const [i, [key, value]] of Object.entries(metrics).entries()) {
        await page.getByRole('group', { name: 'Metrics' }).getByRole('button', { name: 'Add field' }).click();
        await page.getByLabel(`Key ${i + 1}`).fill(key);
        await page.getByLabel(`Value ${i + 1}`).fill(String(value));
    }
    await press(page, 'Upload version');
    await good(page).getByText(/^Version \d of/).waitFor();
}
// Tab until the focus is there, as a person without a mouse gets there.
async function tabTo(page, name) {
    for (let i = 0; i < 80; i++) {
        await page.keyboard.press('Tab');
        if (name.test(await page.evaluate(() => document.activeElement.textContent.replace(/\s+/g, ' ').trim()))) return;
    }
    assert.fail(`no ${name} within 80 steps of the Tab key`);
}

await test('a first hour: a user with a role, a model, two versions, one promoted; ten archived, and back; who did it', async () => {
    assert.equal((await api('GET', '/api/v1/models')).body.total, 0, 'nothing is there');

    // The administrator makes a user with a role.
    const { page: admin } = await signedIn();
    await nav(admin, 'Users');
    await admin.getByRole('link', { name: 'New user' }).click();
    await admin.getByLabel('User name').fill('dana');
    await admin.getByLabel('E-mail address').fill('dana@main.example');
    await admin.getByLabel('Role').selectOption('member');
    await save(admin);
    const link = await dialog(admin).getByLabel('Link', { exact: true }).inputValue();
    await confirm(admin, 'I have stored it');
    await heading(admin, 'dana');

    // She sets a password by the link, and signs in.
    const page = await visit(await person({ acceptDownloads: true }), link.replace(/^[^#]*/, ''));
    await page.getByLabel('New password', { exact: true }).fill('what dana chose');
    await page.getByLabel('New password again').fill('what dana chose');
    await press(page, 'Set password');
    await page.getByText('Your password is set. Sign in with it.').waitFor();
    await signIn(page, { email: 'dana@main.example', password: 'what dana chose' });

    // A model, and one to promote to; two versions with metrics, side by side.
    await nav(page, 'Models');
    await page.getByRole('link', { name: 'Create the first model' }).click();
    await newModel(page, 'Churn in production');
    await nav(page, 'Models');
    await page.getByRole('link', { name: 'New model' }).click();
    await newModel(page, 'Churn');
    await upload(page, 'first.pkl', { auc: 0.81, loss: 0.4 });
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Churn' }).click();
    await upload(page, 'second.pkl', { auc: 0.86, loss: 0.4 });
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Churn' }).click();
    await part(page, 'Versions').getByRole('link', { name: 'Compare versions' }).click();
    await heading(page, 'Compare versions');
    const differences = (await page.getByRole('region', { name: 'Differences' }).locator('tbody tr').allInnerTexts()).map(t => t.replace(/\s+/g, ' ').trim());
    assert.ok(differences.includes('auc \u2260 (differs) 0.81 0.86') && differences.includes('loss 0.4 0.4'), differences.join('; '));
    await page.getByRole('link', { name: 'Version 2', exact: true }).click();
    await heading(page, 'Churn, version 2');
    await press(page, /^Promote to another model/);
    await dialog(page).getByLabel('Search by name').fill('in production');
    await dialog(page).getByText('1 model', { exact: true }).waitFor();
    await dialog(page).getByRole('radio').check();
    await confirm(page, 'Continue');
    await confirm(page, 'Promote');
    await heading(page, 'Churn in production, version 1');

    // Ten models, archived at once, and that undone.
    for (let i = 1; i <= 10; i++) {
        await go(page, '#/models/new');
        await newModel(page, `Trial ${i}`);
    }
    await nav(page, 'Models');
    await page.getByLabel('Search by name').fill('Trial');
    await page.getByText('10 models', { exact: true }).waitFor();
    await page.getByLabel('Select all on this page').check();
    await press(page, 'Archive 10 models');
    await dialog(page).getByRole('button', { name: 'Archive 10 models' }).click();
    await good(page).getByText('10 models were archived').waitFor();
    await page.getByText('No models match.').waitFor();
    await press(page, 'Undo: 10 models were archived');
    await good(page).getByText('10 models were restored').waitFor();
    await page.getByText('10 models', { exact: true }).waitFor();

    // One of the archived, brought back by the keyboard alone.
    await page.getByRole('button', { name: 'Archive model Trial 7' }).click();
    await confirm(page, 'Archive model');
    await good(page).getByText('was archived').waitFor();
    await page.locator('h1').focus();
    await tabTo(page, /^Archived$/);
    await page.keyboard.press('Enter');
    await column(page, 'Trial 7').waitFor();
    await page.waitForFunction(() => location.hash.startsWith('#/models/archived') && !document.querySelector('main .busy, [aria-busy=true]'));
    await tabTo(page, /^Restore.*Trial 7$/);
    await page.keyboard.press('Enter');
    await dialog(page).getByText('will be Draft').waitFor();
    await page.waitForFunction(() => document.querySelector('dialog').contains(document.activeElement));
    await tabTo(page, /^Restore model$/);
    await page.keyboard.press('Enter');
    await good(page).getByText('\u201cTrial 7\u201d was restored').waitFor();

    // Who did it, and that in a file.
    const id = (await api('GET', '/api/v1/models?search=Trial%207')).body.items[0].id;
    await nav(admin, 'Audit');
    await admin.getByLabel('Object id').fill(id);
    await admin.keyboard.press('Enter');
    await admin.getByText('5 changes', { exact: true }).waitFor();
    const rows = (await admin.locator('tbody tr').allInnerTexts()).map(t => t.replace(/\s+/g, ' '));
    assert.ok(rows.every(r => r.includes('dana')), rows.join('\n'));
    assert.deepEqual(rows.map(r => /Created|Archived|Restored/.exec(r)[0]), ['Restored', 'Archived', 'Restored', 'Archived', 'Created']);
    const [file] = await Promise.all([admin.waitForEvent('download'), press(admin, 'Export as CSV')]);
    const lines = fs.readFileSync(await file.path(), 'utf8').trim().split('\r\n');
    assert.equal(lines.length, 6, 'a heading and five changes');
    assert.ok(lines.slice(1).every(l => l.includes(id) && l.includes('dana')), lines.join('\n'));
});
await end();
