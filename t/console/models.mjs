// models.mjs: models and their versions at the console, in a real browser: lists, promotion,
// lineage, files; and what an application is allowed. Run by t/81-console-models.t.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { accessible, api, bad, badge, column, complaints, confirm, dialog, elsewhere, end, fits, focused, go, good, heading, model, person, press, setup, signIn,
    signedIn, test, train, versions, visit, writes } from './harness.mjs';

const at = v => `#/versions/${v.model_id}.${v.version_id}`;
const choice = (page, name) => dialog(page).getByRole('radio', { name });
const found = (page, text) => dialog(page).getByRole('status').getByText(text, { exact: true }).waitFor();
// The person is at the question whether to promote `v` to `to`.
async function ask(page, v, to) {
    await go(page, at(v));
    await press(page, /^Promote to another model/);
    await dialog(page).getByLabel('Search by name').fill(to.name);
    await found(page, '1 model');
    await choice(page, to.name).check();
    await confirm(page, 'Continue');
    await dialog(page).getByText('is copied').waitFor();
}
const promote = async (v, to) => {
    const made = await api('POST', `/api/v2/models/${to.rid}/promoteVersion?preview=true`, { sourceModelVersionRid: v.rid });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    return (await versions(to)).find(x => x.rid === made.body.rid);
};
const upload = async (to, file) => {
    const made = await api('POST', `/api/v2/models/${to.rid}/versions?preview=true`, { modelFiles: { type: 'dill', serializedModelFunction: file.toString('base64') },
        backingRepositories: [], condaRequirements: ['numpy==1.24.0'], modelApi: { inputs: [], outputs: [] } });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    return (await versions(to)).find(x => x.rid === made.body.rid);
};
// A page in the words of the dialect that promotes.
const refused = (status, errorName, errorDescription) => r => r.fulfill({ status, contentType: 'application/json',
    body: JSON.stringify({ errorCode: 'INVALID_ARGUMENT', errorName, errorDescription, errorInstanceId: '00000000-0000-0000-0000-000000000000', parameters: {} }) });

await test('models: the same list, archive, restore, history and forms', async () => {
    const { page } = await signedIn();
    await go(page, '#/models/new');
    await page.getByRole('button', { name: 'Create model' }).click();
    await page.locator('input[name=name][aria-invalid=true]').waitFor();
    await page.getByLabel('Name').fill('Customer Churn Predictor');
    await page.getByLabel('Task').selectOption('regression');
    await page.getByLabel('Tags').fill('churn, q4 ,');
    await page.getByRole('button', { name: 'Create model' }).click();
    await good(page).getByText('was created').waitFor();
    await go(page, '#/models?task_type=clustering');
    await page.getByText('No models match.').waitFor();
    await go(page, '#/models?task_type=regression');
    await page.getByRole('button', { name: 'Archive model Customer Churn Predictor' }).click();
    await dialog(page).getByRole('button', { name: 'Archive model' }).click();
    await good(page).getByText('was archived').waitFor();
    await go(page, '#/models/archived');
    await page.getByRole('button', { name: 'Restore model Customer Churn Predictor' }).click();
    await dialog(page).getByRole('button', { name: 'Restore model' }).click();
    await good(page).getByText('was restored').waitFor();
    await heading(page, 'Customer Churn Predictor');
    await page.locator('.timeline li').nth(2).waitFor();
    assert.match((await page.locator('.timeline li').allInnerTexts()).join('\n'), /Restored by admin.*Archived by admin.*Created by admin/s);
    await page.getByRole('link', { name: 'Edit model' }).click();
    assert.equal(await page.getByRole('textbox', { name: 'Tags' }).inputValue(), 'churn, q4');
    await page.getByLabel('Tags').fill('one');
    await page.getByRole('button', { name: 'Save' }).click();
    await good(page).getByText('was saved').waitFor();
    await page.locator('.tags', { hasText: 'one' }).waitFor();
});

await test('versions: those of a model, newest first, and more of them; one makes its configuration the active one', async () => {
    const m = await model('Versioned');
    for (let i = 1; i <= 12; i++) await train(m, { algorithm: `algorithm-${i}`, hyperparameters: { depth: i }, metrics: { auc: 0.5 + i / 100 } });
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    const part = page.getByRole('region', { name: 'Versions' });
    const names = () => part.locator('tbody th a').allInnerTexts();
    assert.deepEqual(await names(), [12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map(n => `Version ${n}`));
    assert.match(await column(page, 'Version 12').innerText(), /Active.*Trained.*algorithm-12/s);
    assert.match(await column(page, 'Version 11').innerText(), /Ready.*algorithm-11/s);
    await page.getByText(m.rid, { exact: true }).waitFor();
    // One is made meanwhile: the next page begins with one that is there already.
    await train(m, { algorithm: 'algorithm-13' });
    await part.getByRole('button', { name: 'Show more versions' }).click();
    await part.locator('tbody tr').nth(11).waitFor();
    assert.deepEqual((await names()).slice(9), ['Version 3', 'Version 2', 'Version 1']);
    assert.ok(await page.evaluate(() => document.activeElement === document.querySelectorAll('tbody th a')[10]), 'the focus is on the first of the new rows');
    assert.equal(await part.getByRole('button', { name: 'Show more versions' }).count(), 0);

    await part.getByRole('link', { name: 'Version 2', exact: true }).click();
    await heading(page, `${m.name}, version 2`);
    await badge(page, 'Ready');
    const v = (await versions(m)).find(x => x.version_number === 2);
    assert.equal(new URL(page.url()).hash, at(v));
    await page.getByText(v.rid, { exact: true }).waitFor();
    assert.match(await page.getByRole('region', { name: 'Details' }).innerText(), /master.*Trained.*algorithm-2.*depth\s+2.*auc\s+0\.52.*ver-002/s);
    assert.equal(await page.getByRole('button', { name: /^Download/ }).count(), 0, 'nothing was uploaded');
    await press(page, /^Restore configuration/);
    assert.equal(await focused(page), 'Cancel');
    const sent = await writes(page, async () => {
        await dialog(page).getByRole('button', { name: 'Restore configuration' }).dblclick();
        await good(page).getByText(`Version 2\u2019s configuration is now active`).waitFor();
    });
    assert.deepEqual(sent.map(r => new URL(r.url()).pathname), [`/api/v1/models/${m.id}/versions/ver-002/restore`], 'once');
    await badge(page, 'Active');
    assert.equal(await page.getByRole('button', { name: /^Restore configuration/ }).count(), 0, 'it is the active one');
    assert.deepEqual((await versions(m)).filter(x => x.is_promoted).map(x => x.version_number), [2]);
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: m.name }).click();
    await heading(page, m.name);
    await page.locator('.timeline strong', { hasText: 'Version restored' }).waitFor();

    assert.equal((await api('POST', `/api/v1/models/${m.id}/archive`)).status, 200);
    await go(page, at({ ...v, version_id: 'ver-001' }));
    await page.getByText('Nothing can be done while the version is archived.').waitFor();
    for (const hash of [at({ ...v, version_id: 'ver-099' }), `#/versions/${m.id}`, '#/versions', `${at(v)}/edit`]) {
        await go(page, hash);
        await heading(page, 'Not found');
    }
    await go(page, `#/models/${(await model('Without versions')).id}`);
    await page.getByText('No versions yet.').waitFor();

    const { page: reader } = await signedIn({}, setup.reader);
    await go(reader, at(v));
    await reader.getByText('You have read-only access (role: reader)').waitFor();
    assert.equal(await reader.getByRole('button', { name: /Promote|Restore/ }).count(), 0);
});

await test('promote: finds the target by its name, says what will happen, does it once, and goes to the copy', async () => {
    const a = await model('Source of all'), b = await model('Target of all');
    const v = await train(a, { algorithm: 'forest' });
    await train(b);
    const { page } = await signedIn();
    await go(page, at(v));
    await press(page, /^Promote to another model/);
    await dialog(page).getByText('Promote version 1 to which model?').waitFor();
    assert.ok(await dialog(page).getByLabel('Search by name').evaluate(x => x === document.activeElement), 'one can type at once');
    await page.keyboard.type('of all');
    await found(page, '2 models');
    assert.equal(await dialog(page).getByText(`${a.name} (this model)`).count(), 1);
    assert.equal(await dialog(page).getByText('(this model)').count(), 1);
    await choice(page, b.name).check();
    await confirm(page, 'Continue');
    await dialog(page).getByText(`Version 1 of ${a.name} is copied to ${b.name} as its newest version on master; ${a.name} is not changed.`).waitFor();
    assert.equal(await focused(page), 'Cancel', 'the harmless button has the focus');
    const sent = await writes(page, async () => {
        await dialog(page).getByRole('button', { name: 'Promote' }).dblclick();
        await good(page).getByText(`The copy is the newest version of ${b.name}.`).waitFor();
    });
    assert.deepEqual(sent.map(r => [r.method(), decodeURIComponent(r.url().slice(setup.url.length))]), [['POST', `/api/v2/models/${b.rid}/promoteVersion?preview=true`]], 'one request');
    assert.deepEqual(sent[0].postDataJSON(), { sourceModelVersionRid: v.rid });
    assert.ok(sent[0].headers()['idempotency-key']);
    await heading(page, `${b.name}, version 2`);
    assert.match(await page.getByRole('region', { name: 'Details' }).innerText(), /Promoted.*forest/s);
    assert.deepEqual((await versions(b)).map(x => x.source), ['promoted', null]);
    assert.equal((await versions(a)).length, 1, 'the source is as it was');

    // To the model that it is of.
    await ask(page, v, a);
    await dialog(page).getByText(`Version 1 of ${a.name} is copied as the newest version of ${a.name} itself, on master.`).waitFor();
    await confirm(page, 'Promote');
    await heading(page, `${a.name}, version 2`);
});

await test('promote: searches as one types, offers nothing archived; cancel and Escape send nothing', async () => {
    const a = await model('Kept to itself'), kept = await model('Findable'), gone = await model('Findable');
    const v = await train(a);
    assert.equal((await api('POST', `/api/v1/models/${gone.id}/archive`)).status, 200);
    const { page } = await signedIn();
    await go(page, at(v));
    const open = () => press(page, /^Promote to another model/);
    const closed = async () => {
        await dialog(page).waitFor({ state: 'detached' });
        assert.match(await focused(page), /^Promote to another model/, 'the focus is back where it was');
    };
    const sent = await writes(page, async () => {
        await open();
        await found(page, /^(The first|\d+ models$)/);
        let searches = 0;
        page.on('request', r => { if (r.url().includes('search=')) searches++; });
        const search = dialog(page).getByLabel('Search by name');
        await search.pressSequentially('findable');
        await found(page, '1 model');
        assert.equal(searches, 1, 'not with each key');
        assert.equal(await choice(page, kept.name).count(), 1);
        assert.equal(await choice(page, gone.name).count(), 0, 'not what is archived');
        await confirm(page, 'Continue');
        await dialog(page).getByRole('alert').getByText('Choose one of the models first.').waitFor();
        assert.ok(await choice(page, kept.name).evaluate(x => x === document.activeElement));
        await search.fill('no such name');
        await found(page, 'No models match \u201cno such name\u201d.');
        assert.equal(await dialog(page).getByRole('radio').count(), 0);
        await accessible(page, 'nothing found');
        // No connection, and back.
        await page.route('**/api/v1/models?**', r => r.abort(), { times: 1 });
        await search.fill('find');
        await dialog(page).getByText('Check the connection, then try again').waitFor();
        await dialog(page).getByRole('button', { name: 'Try again' }).click();
        await choice(page, kept.name).check();
        // Another search that still finds it does not forget it.
        await search.fill('findable');
        await page.waitForFunction(() => !document.querySelector('dialog [aria-busy]'));
        assert.ok(await choice(page, kept.name).isChecked());
        await press(page, 'Cancel');
        await closed();
        // Continue before the list has come counts once it has.
        await page.route('**/api/v1/models?**', async r => { await new Promise(on => { setTimeout(on, 700); }); await r.continue(); }, { times: 1 });
        await open();
        await confirm(page, 'Continue');
        await dialog(page).getByRole('alert').getByText('Choose one of the models first.').waitFor();
        await page.keyboard.press('Escape');
        await closed();
        for (const leave of [() => press(page, 'Cancel'), () => page.keyboard.press('Escape')]) {
            await ask(page, v, kept);
            await leave();
            await closed();
        }
    });
    assert.equal(sent.length, 0, 'nothing was sent');
    assert.deepEqual(await versions(kept), []);
});

await test('promote with the keyboard alone', async () => {
    const a = await model('By keys'), b = await model('To keys');
    const v = await train(a);
    const { page } = await signedIn();
    await go(page, at(v));
    const reach = async until => {
        for (let i = 0; i < 40; i++) { if (await page.evaluate(until)) return; await page.keyboard.press('Tab'); }
        assert.fail(`not reached: ${until}`);
    };
    await reach('document.activeElement.textContent.startsWith("Promote to another model")');
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await page.keyboard.type('keys');
    await page.keyboard.press('Enter');             // searches at once, and chooses nothing
    await found(page, '2 models');
    await reach('document.activeElement.type === "radio"');
    await page.keyboard.press('Space');
    if (!await choice(page, b.name).isChecked()) await page.keyboard.press('ArrowDown');
    assert.ok(await choice(page, b.name).isChecked());
    for (const key of ['Tab', 'Tab', 'Tab', 'Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab']) {
        await page.keyboard.press(key);
        assert.ok(await page.evaluate(() => !!document.activeElement.closest('dialog')), 'the focus stays in the dialog');
    }
    await reach('document.activeElement.type === "radio"');
    await page.keyboard.press('Enter');
    await dialog(page).getByText('is copied').waitFor();
    await reach('document.activeElement.textContent === "Promote"');
    await page.keyboard.press('Enter');
    await heading(page, `${b.name}, version 1`);
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'the focus goes to the new page');
});

await test('promote: a lost answer; trying again is the same request, done once', async () => {
    const a = await model('Lost from'), b = await model('Lost to');
    const v = await train(a);
    const { page } = await signedIn();
    await ask(page, v, b);
    await page.route('**/promoteVersion**', async r => { await r.fetch(); await r.abort(); }, { times: 1 });
    const sent = await writes(page, async () => {
        await confirm(page, 'Promote');
        await dialog(page).getByText('The change may have been made').waitFor();
        await confirm(page, 'Try again');
        await heading(page, `${b.name}, version 1`);
    });
    assert.equal(sent.length, 2);
    assert.equal(sent[0].headers()['idempotency-key'], sent[1].headers()['idempotency-key']);
    assert.equal((await versions(b)).length, 1, 'made once');
    // Another decision has another key.
    await ask(page, v, b);
    const third = await writes(page, async () => {
        await confirm(page, 'Promote');
        await heading(page, `${b.name}, version 2`);
    });
    assert.notEqual(third[0].headers()['idempotency-key'], sent[0].headers()['idempotency-key']);
    assert.equal((await versions(b)).length, 2);
});

await test('promote: what the server refuses is told in its words', async () => {
    const a = await model('Refused from'), b = await model('Refused to');
    const v = await train(a);
    const { page } = await signedIn();
    for (const [status, name, text, title] of [
        [400, 'UnsupportedModelSource', 'The source of this version cannot be promoted.', 'Couldn\u2019t promote'],
        [403, 'PromoteVersionModelPermissionDenied', 'Could not promoteVersion the Model.', 'Not allowed'],
        [404, 'ModelNotFound', 'The given Model could not be found.', 'Not found'],
        [409, 'Conflict', 'It is being changed', 'Couldn\u2019t promote']]) {
        await ask(page, v, b);
        await page.route('**/promoteVersion**', refused(status, name, text), { times: 1 });
        await confirm(page, 'Promote');
        await bad(page).getByText(title, { exact: true }).waitFor();
        await bad(page).getByText(text.replace(/\.$/, '')).waitFor();
        await heading(page, `${a.name}, version 1`);
        assert.ok(await page.evaluate(() => document.activeElement !== document.body), 'the focus is not lost');
    }
    // Away, and slow: the dialog stays.
    await ask(page, v, b);
    await page.route('**/promoteVersion**', r => r.fulfill({ status: 429, headers: { 'Retry-After': '7' }, contentType: 'application/json', body: '{"errorName":"RateLimit","errorDescription":"Too many"}' }), { times: 1 });
    await confirm(page, 'Promote');
    await dialog(page).getByText('Wait 7 seconds, then try again').waitFor();
    await press(page, 'Cancel');
    // Really: archived between the choice and the answer, and a version that is not there.
    await ask(page, v, b);
    assert.equal((await api('POST', `/api/v1/models/${b.id}/archive`)).status, 200);
    await confirm(page, 'Promote');
    await bad(page).waitFor();
    assert.equal((await versions(b)).length, 0);
    assert.equal((await api('POST', `/api/v1/models/${b.id}/unarchive`)).status, 200);
    await ask(page, v, b);
    await page.route('**/promoteVersion**', r => r.continue({ postData: JSON.stringify({ sourceModelVersionRid: v.rid.replace(/.{4}$/, '0000') }) }), { times: 1 });
    await confirm(page, 'Promote');
    await bad(page).getByText('The given ModelVersion could not be found').waitFor();
    assert.equal((await versions(b)).length, 0);
});

await test('lineage: where a version came from and what was made of it, as a list that is a picture', async () => {
    const [a, b, c, d, e] = [await model('Line a'), await model('Line b'), await model('Line c'), await model('Line d'), await model('Line e')];
    const va = await train(a), vb = await promote(va, b), vc = await promote(vb, c), vd = await promote(vc, d), ve = await promote(vc, e);
    const { page } = await signedIn();
    await go(page, at(vc));
    const line = page.getByRole('region', { name: 'Lineage' });
    const links = () => line.getByRole('link').evaluateAll(l => l.map(x => new URL(x.href).hash));
    assert.deepEqual(await links(), [va, vb, vc, ve, vd].map(at), 'the oldest origin first, the newest copy first');
    assert.deepEqual((await line.getByRole('link').allInnerTexts()).map(t => t.split('\n').slice(0, 2)), [['Earlier origin', a], ['Promoted from', b], ['This version', c],
        ['Promoted to', e], ['Promoted to', d]].map(([is, m]) => [is, `${m.name} Ready`]), 'the state is the model\'s');
    assert.match(await line.getByRole('link', { name: a.name }).innerText(), /Version 1$/m);
    assert.equal(await line.locator('[aria-current=page]').innerText().then(t => t.includes(c.name)), true);
    // A list of three, and a list of the copies in its last.
    assert.equal(await line.locator('ol > li').count(), 3);
    assert.equal(await line.getByRole('list', { name: 'Promoted to' }).getByRole('listitem').count(), 2);
    const boxes = async () => Object.fromEntries(await Promise.all([a, b, c, d, e].map(async m => [m.name.charAt(5), await line.getByRole('link', { name: m.name }).boundingBox()])));
    let x = await boxes();
    assert.ok(x.a.x < x.b.x && x.b.x < x.c.x && x.c.x < x.d.x && x.d.x === x.e.x && x.e.y < x.d.y, 'from left to right');
    assert.ok(x.a.y === x.b.y && x.b.y === x.c.y && x.c.y === x.e.y, 'at one height');
    await page.setViewportSize({ width: 390, height: 800 });
    x = await boxes();
    assert.ok(x.a.y < x.b.y && x.b.y < x.c.y && x.c.y < x.e.y && x.e.y < x.d.y, 'from top to bottom');
    await page.setViewportSize({ width: 1280, height: 900 });
    await line.getByRole('link', { name: b.name }).click();
    await heading(page, `${b.name}, version 1`);
    assert.deepEqual(await links(), [va, vb, vc].map(at), 'what was made of it, and nothing of that');
    await go(page, at(va));
    assert.deepEqual(await links(), [va, vb].map(at));
    await go(page, at(await train(await model('Alone'))));
    await line.getByText('Not promoted from or to any model.').waitFor();
    assert.equal(await line.getByRole('link').count(), 0);

    // Long ones, and what one may not see.
    const reply = (await api('GET', `/console/lineage/${c.id}/${vc.version_id}`)).body;
    await page.route('**/console/lineage/**', r => r.fulfill({ contentType: 'application/json', body: JSON.stringify({ version: reply.version, hidden: true,
        from: Array.from({ length: 7 }, (_, i) => ({ ...reply.from[0], model_name: `Origin ${i}` })), to: Array.from({ length: 20 }, (_, i) => ({ ...reply.to[0], model_name: `Copy ${i}` })), more: 5 }) }), { times: 1 });
    await go(page, at(vc));
    await line.getByText('and 5 more').waitFor();
    assert.match(await line.locator('ol > li').first().innerText(), /An origin that you cannot see/);
    assert.match(await line.locator('ol > li').nth(1).innerText(), /Origin 6/);
    await fits(page, 'a long lineage');
    await accessible(page, 'a long lineage');
    await go(page, `#/models/${a.id}`);
    await page.route('**/console/lineage/**', r => r.abort(), { times: 1 });
    await go(page, at(vc));
    await line.getByText('No connection').waitFor();
    await line.getByRole('button', { name: 'Try again' }).click();
    await line.getByRole('link', { name: a.name }).waitFor();
});

await test('an uploaded version: its size and hash, and its file, byte for byte', async () => {
    const m = await model('Uploaded'), file = Buffer.from(Array.from({ length: 70000 }, (_, i) => i * 7 % 256));
    const v = await upload(m, file);
    const { page } = await signedIn({}, setup.reader);
    await go(page, `#/models/${m.id}`);
    assert.match(await column(page, 'Version 1').innerText(), /Uploaded/);
    await go(page, at(v));
    assert.match(await page.getByRole('region', { name: 'Details' }).innerText(), new RegExp(`70,000 bytes.*${v.artifact.sha256}`, 's'));
    const [saved] = await Promise.all([page.waitForEvent('download'), press(page, /^Download/)]);
    assert.equal(saved.suggestedFilename(), `${m.name}-ver-001.dill`);
    assert.ok(file.equals(fs.readFileSync(await saved.path())));
    await page.route('**/artifact', r => r.fulfill({ status: 404, contentType: 'application/json', body: '{"error":{"code":"RESOURCE_NOT_FOUND","message":"Version has no file"}}' }), { times: 1 });
    await press(page, /^Download/);
    await bad(page).getByText('Version has no file').waitFor();
});

// ---- What an application is allowed ----------------------------------------------------

const consent = (more = {}) => `#/authorize?${new URLSearchParams({ client_id: setup.client.id, redirect_uri: `${elsewhere}/callback`, scope: 'api:models-read api:models-write',
    state: 'a state & more', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', ...more })}`;
// The application's site, and how the person came there.
async function application(page) {
    const came = [];
    await page.route(`${elsewhere}/**`, r => { came.push(new URL(r.request().url())); return r.fulfill({ contentType: 'text/html', body: '<!doctype html><title>The application</title><h1>The application</h1>' }); });
    return came;
}

await test('an application: sign in first, see who asks for what, allow it, and be sent back', async () => {
    const context = await person();
    const page = await visit(context, consent());
    const came = await application(page);
    await heading(page, 'Sign in to Thaw');
    await page.getByText('An application wants to act on your behalf. Sign in first, then decide.').waitFor();
    await signIn(page);
    await heading(page, `Allow \u201c${setup.client.name}\u201d access?`);
    assert.equal(new URL(page.url()).hash, consent(), 'the address is the same');
    assert.equal(await focused(page), 'Deny', 'the harmless button has the focus');
    const text = await page.locator('main').innerText();
    for (const words of ['See models and their versions', 'Create models, add versions to them and promote versions', 'app.example',
        `admin (${setup.admin.email})`]) assert.ok(text.includes(words), words);
    assert.equal(await page.locator('main b').count(), 0, 'the name is text');
    await accessible(page, 'the question');
    const sent = await writes(page, async () => {
        await page.getByRole('button', { name: 'Allow' }).dblclick();
        await heading(page, 'The application');
    });
    assert.equal(sent.length, 1, 'once');
    assert.deepEqual(sent[0].postDataJSON(), { client_id: setup.client.id, redirect_uri: `${elsewhere}/callback`, scope: 'api:models-read api:models-write',
        state: 'a state & more', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', approve: true });
    assert.equal(came.length, 1);
    assert.equal(came[0].searchParams.get('state'), 'a state & more');
    // The code is good for a token.
    const reply = await fetch(`${setup.url}/multipass/api/oauth2/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'authorization_code', code: came[0].searchParams.get('code'),
        redirect_uri: `${elsewhere}/callback`, client_id: setup.client.id, code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' }) });
    assert.equal(reply.status, 200);
    assert.equal((await api('GET', '/api/v1/models', undefined, (await reply.json()).access_token)).status, 200);
});

await test('an application: deny it, with the keyboard', async () => {
    const { page } = await signedIn();
    const came = await application(page);
    // As the application sends the person.
    await page.goto(`${setup.url}/multipass/api/oauth2/authorize?response_type=code&code_challenge_method=S256&${consent().split('?')[1]}`);
    await heading(page, `Allow \u201c${setup.client.name}\u201d access?`);
    const sent = await writes(page, async () => {
        await page.keyboard.press('Enter');          // where the focus is
        await heading(page, 'The application');
    });
    assert.deepEqual(sent.map(r => r.postDataJSON().approve), [false]);
    assert.equal(came[0].searchParams.get('error'), 'access_denied');
    assert.equal(came[0].searchParams.get('code'), null);
    assert.equal(came[0].searchParams.get('state'), 'a state & more');
});

await test('an application: allow it with the keyboard, after signing in as another', async () => {
    const { page } = await signedIn({}, setup.reader);
    const came = await application(page);
    await go(page, consent());
    await page.getByText(`reader (${setup.reader.email})`).waitFor();
    await press(page, 'Use a different account');
    await heading(page, 'Sign in to Thaw');
    await page.keyboard.type(setup.admin.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(setup.admin.password);
    await page.keyboard.press('Enter');
    await page.getByText(`admin (${setup.admin.email})`).waitFor();
    assert.equal(await focused(page), 'Deny');
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Allow');
    await page.keyboard.press('Enter');
    await heading(page, 'The application');
    assert.ok(came[0].searchParams.get('code'));
});

await test('an application: one that is not known, a request that has run out, a lost answer', async () => {
    const { page } = await signedIn();
    const came = await application(page);
    for (const wrong of [{ client_id: 'not-an-application' }, { redirect_uri: 'https://other.example/callback' }]) {
        await go(page, consent(wrong));
        await page.getByRole('alert').getByText('Unknown application').waitFor();
        await page.getByText('Go back to the application and start again there').waitFor();
        assert.equal(await page.getByRole('button', { name: /Allow|Deny/ }).count(), 0);
        await accessible(page, 'an application that is not known');
    }
    await page.route('**/console/authorize?**', r => r.abort(), { times: 1 });
    await go(page, consent({ state: '1' }));
    await page.getByText('Check the connection, then try again').waitFor();
    await press(page, 'Try again');
    assert.equal(await page.getByRole('button', { name: 'Deny' }).waitFor().then(() => focused(page)), 'Deny');
    const answer = (status, body) => page.route('**/console/authorize', r => status ? r.fulfill({ status, contentType: 'application/problem+json', body }) : r.abort(), { times: 1 });
    await answer(0);
    await press(page, 'Allow');
    await page.getByRole('alert').getByText('No connection').waitFor();
    await accessible(page, 'a lost answer');
    assert.equal(came.length, 0, 'nobody was sent anywhere');
    await answer(400, '{"status":400,"code":"EXPIRED","detail":"The request has expired."}');
    await press(page, 'Allow');
    await page.getByRole('alert').getByText('The request has expired. No access was granted. Go back to the application and start again there.').waitFor();
    assert.equal(await page.getByRole('button', { name: /Allow|Deny/ }).count(), 0, 'it cannot be answered any more');
    await go(page, consent({ state: '2' }));
    await answer(404, '{"status":404,"code":"NOT_FOUND","detail":"No such application"}');
    await press(page, 'Allow');
    await page.getByRole('alert').getByText('Unknown application').waitFor();
    await go(page, consent({ state: '3' }));
    await press(page, 'Deny');
    await heading(page, 'The application');
    assert.equal(came.length, 1);
});

await test('applications: who was let in, and to what; the way back is asked first, and ends it at once', async () => {
    const { page } = await signedIn({}, setup.reader);
    const came = await application(page);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Applications' }).click();
    await heading(page, 'Applications');
    await page.getByText('No connected applications.').waitFor();
    await accessible(page, 'no application');
    await go(page, consent());
    await press(page, 'Allow');
    await heading(page, 'The application');
    const ask = values => fetch(`${setup.url}/multipass/api/oauth2/token`, { method: 'POST', body: new URLSearchParams({ client_id: setup.client.id, ...values }) });
    const { access_token, refresh_token } = await (await ask({ grant_type: 'authorization_code', code: came[0].searchParams.get('code'), redirect_uri: `${elsewhere}/callback`,
        code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' })).json();
    const reads = async () => (await api('GET', '/api/v1/models', undefined, access_token)).status;
    assert.equal(await reads(), 200);
    await page.goto(`${setup.url}/#/applications`);
    await page.getByRole('main').getByRole('status').getByText('1 application', { exact: true }).waitFor();
    const row = column(page, setup.client.name);
    for (const words of ['See models and their versions', 'Create models, add versions to them and promote versions']) await row.getByText(words).locator('visible=true').waitFor();
    assert.equal(await row.locator('time').locator('visible=true').count(), 2, 'since when, and when it was last used');
    assert.equal(await page.locator('main b').count(), 0, 'the name is text');
    assert.equal(await row.getByRole('link').count(), 0, 'there is no page of one');
    const withdraw = page.getByRole('button', { name: `Withdraw ${setup.client.name}` });
    assert.equal((await writes(page, async () => {
        await withdraw.click();
        assert.equal(await focused(page), 'Cancel', 'the harmless button has the focus');
        await page.keyboard.press('Escape');
        await dialog(page).waitFor({ state: 'detached' });
    })).length, 0, 'nothing was sent');
    assert.equal(await reads(), 200);
    const sent = await writes(page, async () => {
        await withdraw.click();
        await dialog(page).getByText(`Withdraw access: \u201c${setup.client.name}\u201d?`).waitFor();
        await dialog(page).getByRole('button', { name: 'Withdraw access', exact: true }).dblclick();
        await good(page).getByText(`Application \u201c${setup.client.name}\u201d can no longer act on your behalf`).waitFor();
    });
    assert.deepEqual(sent.map(r => [r.method(), new URL(r.url()).pathname]), [['DELETE', `/console/applications/${setup.client.id}`]], 'one request');
    await page.getByText('No connected applications.').waitFor();
    assert.equal(await focused(page), 'Applications', 'the focus is on the page');
    assert.equal(await reads(), 401);
    assert.equal((await ask({ grant_type: 'refresh_token', refresh_token })).status, 400);
    await go(page, `#/applications/${setup.client.id}`);
    await heading(page, 'Not found');
});

await test('the question is never shown in a frame', async () => {
    const reply = await fetch(`${setup.url}/`);
    assert.equal(reply.headers.get('x-frame-options'), 'DENY');
    assert.match(reply.headers.get('content-security-policy'), /frame-ancestors 'none'/);
});

// ---- Every view ------------------------------------------------------------------------

const shown = await model('Shown with a rather long name that has to be broken somewhere on a narrow screen');
await api('PATCH', `/api/v1/models/${shown.id}`, { description: 'word '.repeat(90), tags: ['one', 't'.repeat(60)], config: { algorithm: 'forest' } });
const first = await train(shown, { algorithm: 'a'.repeat(120), hyperparameters: { ['k'.repeat(60)]: 1 }, metrics: { auc: 0.912345678, ['m'.repeat(40)]: 1, f1: 3, logloss: 4 }, artifacts: { model_file: `s3://${'b'.repeat(120)}` } });
await train(shown);
const put = await upload(shown, Buffer.from('a file'));
const middle = await model('Between');
const inner = await promote(first, middle);
for (let i = 0; i < 3; i++) await promote(inner, shown);
for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1024, 1440]) {
        await test(`models, versions and applications in ${colorScheme} at ${width} pixels: accessible, and no wider than the screen`, async () => {
            const context = await person({ colorScheme, viewport: { width, height: 800 } });
            const page = await visit(context, consent());
            const look = async what => {
                await page.waitForFunction(() => !document.querySelector('main .busy, main [aria-busy=true], dialog [aria-busy=true]'));
                await fits(page, what);
                await accessible(page, what);
            };
            await look('sign-in for an application');
            await signIn(page);
            await page.getByRole('button', { name: 'Deny' }).waitFor();
            await look('an application');
            for (const hash of [consent({ client_id: 'nobody' }), '#/models', `#/models/${shown.id}`, `#/models/${shown.id}/compare`, `#/models/${shown.id}/edit`, '#/models/new', '#/models/archived', at(first), at(put), at(inner), '#/versions/a.b', '#/applications']) {
                await go(page, hash);
                await look(hash);
            }
            await press(page, /^Withdraw/);
            await look('the question of a withdrawal');
            await page.keyboard.press('Escape');
            await go(page, at(inner));
            await press(page, /^Promote to another model/);
            await look('the choice');
            await dialog(page).getByLabel('Search by name').fill('shown with');
            await found(page, '1 model');
            await look('the choice of one');
            await confirm(page, 'Continue');
            await dialog(page).getByText('Choose one of the models first.').waitFor();
            await look('none chosen');
            await choice(page, shown.name).check();
            await confirm(page, 'Continue');
            await dialog(page).getByText('is copied').waitFor();
            await look('the question');
            await page.keyboard.press('Escape');
            await go(page, at(first));
            await press(page, /^Restore configuration/);
            await look('the question of a restore');
        });
    }
}

await test('no console error, no violation of the Content-Security-Policy, no foreign request in all of this', () => assert.deepEqual(complaints, []));
await end();
