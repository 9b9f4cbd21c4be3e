// mlflow.mjs: aliases, stages and tags at the console, in a real browser: seen, set, moved and
// taken away, who held them, and how a model is loaded. Run by t/83-console-mlflow.t.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { accessible, api, bad, column, complaints, confirm, dialog, end, fits, go, good, heading, press, setup, signedIn, test, unfold, writes } from './harness.mjs';

const B = '/api/2.0/mlflow';
const must = (r, status = 200) => { assert.equal(r.status, status, JSON.stringify(r.body)); return r.body; };
const call = async (method, path, body) => must(await api(method, `${B}/${path}`, body));
const read = async (path, values) => must(await api('GET', `${B}/${path}?${new URLSearchParams(values)}`));
const alias = (name, to, version) => call('POST', 'registered-models/alias', { name, alias: to, version: String(version) });
const stage = (name, version, to) => call('POST', 'model-versions/transition-stage', { name, version: String(version), stage: to });
const told = async name => (await read('registered-models/get', { name })).registered_model;
const version = async (name, n) => (await read('model-versions/get', { name, version: n })).model_version;
const holders = async name => Object.fromEntries(((await told(name)).aliases ?? []).map(a => [a.alias, a.version]));
let serial = 0;
// A model with three versions: its name and its id.
async function three(stem) {
    const name = `${stem} ${++serial}`;
    await call('POST', 'registered-models/create', { name, tags: [{ key: 'team', value: 'growth' }] });
    for (const source of ['https://store.example/1?x=<b>', 's3://bucket/2', 'javascript:alert(1)'])
        await call('POST', 'model-versions/create', { name, source, run_id: 'f00d', run_link: source.startsWith('https') ? 'http://runs.example/1' : 'run:1', tags: [{ key: 'checked', value: 'no' }] });
    const { items } = must(await api('GET', `/api/v1/models?search=${encodeURIComponent(name)}`));
    return { name, id: items.find(m => m.name === name).id };
}
const at = (m, n) => `#/versions/${m.id}.ver-00${n}`;
const part = (page, title) => page.getByRole('region', { name: title, exact: true });
const row = (page, n) => part(page, 'Versions').getByRole('row').filter({ hasText: `Version ${n}` });
const marks = async (page, n) => (await row(page, n).locator('td .badge').allInnerTexts()).slice(1);
// The view comes after the word that it was done.
async function shows(look, wanted, what) {
    for (const end = Date.now() + 10_000; ; await new Promise(on => { setTimeout(on, 50); })) {
        const seen = await look();
        try { assert.deepEqual(seen, wanted, what); return; } catch (e) { if (Date.now() > end) throw e; }
    }
}
const bodies = list => list.map(r => [r.method(), new URL(r.url()).pathname.replace(`${B}/`, ''), r.postDataJSON()]);

await test('aliases: set with a word for who loses it, moved and taken away', async () => {
    const m = await three('Aliased');
    await alias(m.name, 'champion', 1);
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    await heading(page, m.name);
    assert.deepEqual(await marks(page, 1), ['@champion']);
    assert.deepEqual(await marks(page, 2), []);
    await accessible(page, 'a model with aliases');

    await row(page, 2).getByRole('button', { name: 'Set alias' }).click();
    await dialog(page).getByLabel('Alias').fill('v2');
    await confirm(page, 'Set alias');
    await dialog(page).getByText('Version alias name \'v2\' is reserved.').waitFor();
    await dialog(page).getByLabel('Alias').fill('champion');
    await dialog(page).getByText('Version 1 has this alias. It will move to version 2.').waitFor();
    await confirm(page, 'Set alias');
    await dialog(page).getByText('Confirm the move').waitFor();
    assert.deepEqual(await holders(m.name), { champion: '1' }, 'not before it was said');
    await accessible(page, 'an alias that another version has');
    await dialog(page).getByLabel('Move it').check();
    const sent = await writes(page, async () => { await confirm(page, 'Set alias'); await good(page).getByText('alias set').waitFor(); });
    assert.deepEqual(bodies(sent), [['POST', 'registered-models/alias', { name: m.name, version: '2', alias: 'champion' }]]);
    await shows(async () => [await marks(page, 1), await marks(page, 2)], [[], ['@champion']]);

    await part(page, 'Aliases').getByRole('button', { name: /^Move alias/ }).click();
    await dialog(page).getByText('Version 2 has this alias now.').waitFor();
    await dialog(page).getByLabel('Move to').selectOption('3');
    await confirm(page, 'Move alias');
    await good(page).getByText('was moved').waitFor();
    assert.deepEqual(await holders(m.name), { champion: '3' });
    await part(page, 'Aliases').getByRole('button', { name: /^Set alias/ }).click();
    await dialog(page).getByLabel('Alias').fill('shadow_eu');
    await dialog(page).getByLabel('Version').selectOption('1');
    await confirm(page, 'Set alias');
    await good(page).getByText('alias set').waitFor();
    await column(page, '@champion').getByRole('button', { name: /^Remove alias/ }).click();
    await dialog(page).getByText('Version 3 will lose this alias.').waitFor();
    await confirm(page, 'Remove alias');
    await good(page).getByText('was removed').waitFor();
    assert.deepEqual(await holders(m.name), { shadow_eu: '1' });
    for (const text of ['@champion: removed from version 3', '@champion: version 3 (previously version 2)']) await page.locator('.timeline li').getByText(text).waitFor();

    await go(page, at(m, 1));
    await press(page, /^Remove alias/);
    await confirm(page, 'Remove alias');
    await good(page).getByText('alias removed').waitFor();
    assert.deepEqual(await holders(m.name), {});
});

await test('stages: who is there is said, and is archived or stays', async () => {
    const m = await three('Staged');
    await stage(m.name, 1, 'Production');
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    assert.deepEqual(await marks(page, 1), ['Production']);
    await row(page, 2).getByRole('button', { name: 'Move to stage' }).click();
    const archive = dialog(page).getByLabel('Archive existing versions');
    await dialog(page).waitFor();
    assert.deepEqual(await dialog(page).getByLabel('Stage').locator('option').allInnerTexts(), ['Staging', 'Production', 'Archived'], 'not the one that it is in');
    assert.ok(!await archive.isVisible(), 'nothing is in Staging');
    await dialog(page).getByLabel('Stage').selectOption('Production');
    await dialog(page).getByText('Version 1 is in this stage now.').waitFor();
    await archive.check();
    await dialog(page).getByText('Version 1 is in this stage now and will be moved to Archived.').waitFor();
    await accessible(page, 'a stage that another version is in');
    const sent = await writes(page, async () => { await confirm(page, 'Move to stage'); await good(page).getByText('was moved').waitFor(); });
    assert.deepEqual(bodies(sent), [['POST', 'model-versions/transition-stage', { name: m.name, version: '2', stage: 'Production', archive_existing_versions: true }]]);
    await shows(async () => [await marks(page, 1), await marks(page, 2)], [['Archived'], ['Production']]);
    await page.locator('.timeline li').getByText('Version 2: Production (previously Registered); archived: version 1').waitFor();
    await go(page, at(m, 1));
    await press(page, /^Move to stage/);
    await dialog(page).getByLabel('Stage').selectOption('None');
    await confirm(page, 'Move to stage');
    await good(page).getByText('was moved').waitFor();
    assert.equal((await version(m.name, 1)).current_stage, 'None');
    await go(page, `#/registered-models/${m.id.slice(4)}`);
    await part(page, 'Aliases').waitFor();
    await accessible(page, 'a registered model with versions of MLflow');
});

await test('who had it when; and back to the one before', async () => {
    const m = await three('Rolled');
    for (const n of [1, 2]) { await alias(m.name, 'champion', n); await stage(m.name, n, 'Production'); }
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    const past = part(page, 'Alias and stage history'), told = async () => (await past.getByRole('row').allInnerTexts()).slice(1).map(t => t.trim().replace(/\s+/g, ' ').replace(/\d+ \w+ \d+, [\d:]+/g, 'T'));
    await shows(told, ['Production Version 2 T now admin Roll back Production', '@champion Version 2 T now admin Roll back champion', 'Production Version 1 T now admin Roll back Production', '@champion Version 1 T T admin']);
    await column(part(page, 'Aliases'), '@champion').getByRole('button', { name: /^Roll back/ }).click();
    await dialog(page).getByText(/^Version 1 had this alias until .* and will get it back. Version 2 will lose it.$/).waitFor();
    await accessible(page, 'rolling back');
    await confirm(page, 'Roll back');
    await good(page).getByText('Version 1 has the alias now.').waitFor();
    assert.deepEqual(await holders(m.name), { champion: '1' });
    await stage(m.name, 1, 'Staging');
    await go(page, '#/models');
    await go(page, `#/models/${m.id}`);
    await column(past, 'Production').getByRole('button', { name: /^Roll back/ }).click();
    await dialog(page).getByText(/^Version 1 was in Production until .* and will move back to it. Version 2 will be moved to Archived.$/).waitFor();
    await confirm(page, 'Roll back');
    await good(page).getByText('Version 1 is in Production now.').waitFor();
    await shows(async () => [await marks(page, 1), await marks(page, 2)], [['Production', '@champion'], ['Archived']]);
    await page.locator('.timeline li').getByText('Rolled back').first().waitFor();
    await column(past, 'Staging').first().waitFor();
    assert.equal(await column(past, 'Archived').getByRole('button').count(), 0, 'nothing goes back to Archived');
    await alias(m.name, 'fresh', 3);
    await go(page, '#/models');
    await go(page, `#/models/${m.id}`);
    await column(part(page, 'Aliases'), '@fresh').getByRole('button', { name: /^Roll back/ }).click();
    await dialog(page).getByText('No earlier version to roll back to.').waitFor();
    await confirm(page, 'Close');
});

await test('a rollback goes to the version that was foretold: the one that left last, and is still there', async () => {
    const m = await three('Foretold');
    for (const [n, to] of [[1, 'Production'], [2, 'Production'], [2, 'None'], [3, 'Production'], [1, 'None']]) await stage(m.name, n, to);
    const { page } = await signedIn();
    const past = part(page, 'Alias and stage history');
    const foretold = async text => {
        await go(page, '#/models');
        await go(page, `#/models/${m.id}`);
        await column(past, 'Version 3').getByRole('button', { name: /^Roll back/ }).first().click();
        await dialog(page).getByText(text).waitFor();
    };
    await foretold(/^Version 1 was in Production until .* Version 3 will be moved to Archived.$/);
    await confirm(page, 'Cancel');
    await call('DELETE', 'model-versions/delete', { name: m.name, version: '1' });
    await foretold(/^Version 2 was in Production until .* Version 3 will be moved to Archived.$/);
    await confirm(page, 'Roll back');
    await good(page).getByText('Version 2 is in Production now.').waitFor();
    assert.deepEqual([(await version(m.name, 2)).current_stage, (await version(m.name, 3)).current_stage], ['Production', 'Archived']);
});

await test('a version: where it is from, a link only where that is http; its tags, and the model\u2019s', async () => {
    const m = await three('Tagged');
    const { page } = await signedIn();
    await go(page, at(m, 1));
    await heading(page, `${m.name}, version 1`);
    const external = page.locator('dl.fields a[rel~=external]');
    assert.deepEqual(await external.evaluateAll(all => all.map(a => a.getAttribute('href'))), ['https://store.example/1?x=<b>', 'http://runs.example/1']);
    await page.getByText('f00d', { exact: true }).waitFor();
    await accessible(page, 'a version of MLflow');
    await go(page, at(m, 3));
    await page.getByText('javascript:alert(1)').waitFor();
    assert.equal(await external.count(), 0, 'what is not http is a text');

    await press(page, /^Set tag/);
    await dialog(page).getByLabel('Key').fill('risk/level');
    await dialog(page).getByLabel('Value').fill('<b>"low" & 5%</b>');
    await confirm(page, 'Set tag');
    await good(page).getByText('tag set').waitFor();
    await column(page, 'checked').getByRole('button', { name: 'Change' }).click();
    assert.equal(await dialog(page).getByLabel('Value').inputValue(), 'no');
    await dialog(page).getByLabel('Value').fill('yes');
    await confirm(page, 'Change tag');
    await good(page).getByText('was changed').waitFor();
    assert.deepEqual((await version(m.name, 3)).tags, [{ key: 'checked', value: 'yes' }, { key: 'risk/level', value: '<b>"low" & 5%</b>' }]);
    await column(page, 'risk/level').getByRole('button', { name: 'Remove' }).click();
    await confirm(page, 'Remove tag');
    await good(page).getByText('was removed').waitFor();
    assert.deepEqual((await version(m.name, 3)).tags, [{ key: 'checked', value: 'yes' }]);
    await go(page, `#/models/${m.id}`);
    await press(page, /^Set tag/);
    await dialog(page).getByLabel('Key').fill('a*b');
    await confirm(page, 'Set tag');
    await dialog(page).getByText('Names may only contain alphanumerics').waitFor();
    await dialog(page).getByLabel('Key').fill('team');
    await confirm(page, 'Set tag');
    await good(page).getByText('tag set').waitFor();
    assert.deepEqual((await told(m.name)).tags, [{ key: 'team', value: '' }]);
});

await test('use this model: what it says runs as it stands, whatever the name', async () => {
    const { context, page } = await signedIn();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    for (const stem of ['it\'s "50%" <b>of & it\\', 'plain', 'which?#@']) {
        const m = await three(stem);
        await alias(m.name, 'champion', 2);
        await go(page, `#/models/${m.id}`);
        await heading(page, m.name);
        await unfold(page, 'Use this model');
        const use = part(page, 'Use this model');
        const text = title => use.getByRole('region', { name: title }).innerText();
        const run = (...command) => execFileSync(command[0], command.slice(1), { encoding: 'utf8', env: { ...process.env, MLFLOW_REGISTRY_URI: setup.url, MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: setup.token } });
        const answer = async () => JSON.parse(run('sh', '-c', (await text('Any HTTP client')).replace('curl', 'curl -s'))).model_version;
        assert.match(await text('Environment (set once)'), new RegExp(`^export MLFLOW_REGISTRY_URI=${setup.url}\nexport MLFLOW_TRACKING_USERNAME=me\nexport MLFLOW_TRACKING_PASSWORD=YOUR_API_KEY$`));
        assert.deepEqual((({ name, version: n }) => [name, n])(await answer()), [m.name, '2'], 'by the alias');
        const python = async () => JSON.parse(run('python3', '-c', `import json, sys, types
class Client:
    def get_model_version_by_alias(self, *a): return types.SimpleNamespace(name=a, version=None)
    def get_model_version(self, *a): return types.SimpleNamespace(name=a, version=None)
    def get_model_version_download_uri(self, a, b): return a
pyfunc = types.SimpleNamespace(load_model=lambda uri: print(json.dumps(uri)))
sys.modules['mlflow'] = types.SimpleNamespace(pyfunc=pyfunc, MlflowClient=Client)
exec(${JSON.stringify(await text('Python'))})`));
        assert.deepEqual(await python(), stem.includes('?') ? [m.name, 'champion'] : `models:/${m.name}@champion`);
        await use.getByLabel('Load').selectOption('Version 3');
        assert.equal((await answer()).version, '3');
        assert.deepEqual(await python(), stem.includes('?') ? [m.name, '3'] : `models:/${m.name}/3`);
        await use.getByRole('button', { name: /^Copy.*Python/ }).click();
        await use.getByText('Copied.').waitFor();
        assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), (await text('Python')).trim());
        await go(page, at(m, 2));
        await unfold(page, 'Use this version');
        assert.deepEqual(await part(page, 'Use this version').locator('option').allInnerTexts(), ['@champion (currently version 2)', 'Version 2']);
    }
});

await test('a version whose file is kept here is not said to be loaded by MLflow, but where it is downloaded', async () => {
    const m = await three('Kept here');
    must(await api('POST', `/api/v1/models/${m.id}/versions`, { file: 'eA==' }), 201);
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    await unfold(page, 'Use this model');
    const use = part(page, 'Use this model');
    await use.getByText('MLflow\u2019s clients cannot load version 4').waitFor();
    assert.equal(await use.getByRole('region', { name: 'Python' }).count(), 0);
    await unfold(page, 'Use the API');
    await part(page, 'Use the API').getByRole('heading', { name: 'Download the file of version 4' }).waitFor();
    await go(page, at(m, 3));
    await unfold(page, 'Use this version');
    await part(page, 'Use this version').getByRole('region', { name: 'Python' }).waitFor();
});

await test('what one may not do is not offered, and an archived model keeps what it has', async () => {
    const m = await three('Kept');
    await alias(m.name, 'champion', 2);
    await stage(m.name, 2, 'Production');
    const { page } = await signedIn({}, setup.reader);
    const writing = page.locator('main').getByRole('button', { name: /alias|stage|tag|Roll back/i });
    for (const hash of [`#/models/${m.id}`, at(m, 2), `#/registered-models/${m.id.slice(4)}`]) {
        await go(page, hash);
        await page.getByText('@champion', { exact: true }).locator('visible=true').first().waitFor();
        assert.deepEqual(await writing.allInnerTexts(), [], hash);
    }
    const { page: window } = await signedIn();
    await go(window, `#/models/${m.id}`);
    await window.route(`**${B}/registered-models/alias`, r => r.fulfill({ status: 403, contentType: 'application/json', body: JSON.stringify({ error_code: 'PERMISSION_DENIED', message: 'This alias is protected.' }) }));
    await part(window, 'Aliases').getByRole('button', { name: /^Remove alias/ }).click();
    await confirm(window, 'Remove alias');
    await bad(window).getByText('Not allowed').waitFor();
    must(await api('POST', `/api/v1/models/${m.id}/archive`));
    await go(window, '#/models');
    await go(window, `#/models/${m.id}`);
    await part(window, 'Versions').waitFor();
    assert.deepEqual([await window.getByText('Use this model').count(), await window.locator('main').getByRole('button', { name: /alias|stage|tag/i }).count()], [0, 0]);
    await press(window, /^Restore model/);
    await confirm(window, 'Restore model');
    await good(window).getByText('was restored').waitFor();
    await shows(() => marks(window, 2), ['Production', '@champion']);
});

await test('the session ends in a call of MLflow: signs in again here, and the browser asks for no password of its own', async () => {
    for (const [spoilt, challenge] of [['Bearer over', 'Bearer realm="thaw", error="invalid_token"'], ['Basic b3Zlcg==', 'Basic realm="mlflow", Bearer realm="thaw", error="invalid_token"']]) {
        const m = await three('Ended');
        const { context, page } = await signedIn();
        await go(page, at(m, 1));
        await context.clearCookies();
        const wire = await context.newCDPSession(page);
        let left = 1, asked = 0;
        wire.on('Fetch.requestPaused', ({ requestId, request: { headers } }) => wire.send('Fetch.continueRequest', { requestId,
            headers: Object.entries({ ...headers, ...left-- > 0 && { Authorization: spoilt } }).map(([name, value]) => ({ name, value })) }));
        wire.on('Fetch.authRequired', ({ requestId }) => { asked++; wire.send('Fetch.continueWithAuth', { requestId, authChallengeResponse: { response: 'CancelAuth' } }); });
        await wire.send('Fetch.enable', { handleAuthRequests: true, patterns: [{ urlPattern: `*${B}/registered-models/alias` }] });
        await press(page, /^Set alias/);
        await dialog(page).getByLabel('Alias').fill('champion');
        const refused = page.waitForResponse(r => r.url().endsWith('/registered-models/alias') && r.status() === 401);
        await confirm(page, 'Set alias');
        assert.equal((await refused).headers()['www-authenticate'], challenge);
        await page.getByText('Sign in again').first().waitFor();
        await page.getByRole('dialog').last().getByLabel('Password').fill(setup.admin.password);
        await page.keyboard.press('Enter');
        await good(page).getByText('alias set').waitFor();
        assert.equal(asked, 0, spoilt);
    }
});

await test('prompts are no models; and all of it fits a telephone in the dark', async () => {
    await call('POST', 'registered-models/create', { name: 'A prompt', tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] });
    const m = await three('A name that is rather long, and_goes_on_without_a_space_for_quite_a_while_');
    for (const [i, name] of ['champion', 'a_very_long_alias_that_goes_on_and_on_without_an_end', 'eu'].entries()) await alias(m.name, name, i + 1);
    await stage(m.name, 1, 'Staging');
    const { page } = await signedIn({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
    await go(page, '#/models');
    await page.getByRole('link', { name: m.name }).waitFor();
    assert.equal(await page.getByText('A prompt').count(), 0);
    await go(page, '#/registered-models');
    await page.getByRole('link', { name: m.name }).waitFor();
    assert.equal(await page.getByText('A prompt').count(), 0);
    for (const hash of [`#/models/${m.id}`, at(m, 1), `#/registered-models/${m.id.slice(4)}`]) {
        await go(page, hash);
        await page.getByText('@champion', { exact: true }).locator('visible=true').first().waitFor();
        await accessible(page, `${hash.split('/')[1]} of MLflow, narrow and dark`);
        await fits(page, hash);
    }
});

await test('no page complained', () => assert.deepEqual(complaints, []));
await end();
