// science.mjs: what a data scientist does: sees all that is known of a model, a version and a run; edits
// documents and Markdown; uploads versions and compares them; pastes commands. Run by t/94-console-science.t.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { accessible, api, badge, column, complaints, confirm, dialog, end, fits, go, good, heading, model, press, setup, signedIn, test, train, unfold, versions, writes } from './harness.mjs';

const M = '/api/v1/models';
const must = (r, status = 200) => { assert.equal(r.status, status, JSON.stringify(r.body)); return r.body; };
const part = (page, title) => page.getByRole('region', { name: title, exact: true });
const details = page => part(page, 'Details').innerText();
const flat = async locator => (await locator.innerText()).replace(/\s+/g, ' ').trim();
const read = async id => must(await api('GET', `${M}/${id}`));
const patch = async (id, body) => must(await api('PATCH', `${M}/${id}`, body));
const actions = async id => must(await api('GET', `${M}/${id}/audit-logs`)).items.map(e => e.action);
const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');
const put = async (m, bytes, more = {}) => must(await api('POST', `${M}/${m.id}/versions`, { file: Buffer.from(bytes).toString('base64'), ...more }), 201);
const uploadTo = m => `#/versions/new?model_id=${m.id}`;
const copy = what => ({ name: new RegExp(`^Copy ?: ${what}$`) });
// Whatever a text is, the page answers while it is taken apart.
const answers = async page => { const from = Date.now(); await page.evaluate(() => 1); assert.ok(Date.now() - from < 2000, 'the page answers'); };
const everywhere = async (hash, what, prepare = () => {}) => {
    for (const width of [390, 1440])
        for (const colorScheme of ['light', 'dark']) {
            const { context, page } = await signedIn({ viewport: { width, height: 900 }, colorScheme });
            await go(page, hash);
            await prepare(page);
            await fits(page, `${what} at ${width}`);
            await accessible(page, `${what} ${width} ${colorScheme}`);
            await context.close();
        }
};

// Said, and the page gone on to: what is said travels with the next page, and not further.
const saved = async page => { await good(page).getByText('was saved').waitFor(); await page.waitForFunction(() => !document.getElementById('main').dataset.shown.endsWith('/edit')); };

// ---- What there is ---------------------------------------------------------------------------

const typed = (type, more = {}) => ({ type, ...more });
const modelApi = {
    inputs: [{ type: 'tabular', name: 'customers', columns: [{ name: 'age', dataType: typed('integer') }, { name: 'tags', required: false, dataType: typed('array', { itemType: typed('string') }) }] },
        { type: 'parameter', name: 'threshold', dataType: typed('map', { keyType: typed('string'), valueType: typed('double') }) }],
    outputs: [{ type: 'unsupported', unsupportedType: 'tensor', params: {} }],
};

await test('a version and its run show all that is known of them, and ids are copied with a click', async () => {
    const m = await model('Churn');
    await patch(m.id, { config: { target_column: 'churned', feature_columns: ['age', 'plan'], algorithm: 'xgboost' }, dataset_id: 'ds-9' });
    const job = must(await api('POST', `${M}/${m.id}/train`, { algorithm: 'xgboost' }), 202).job_id;
    must(await api('POST', `${M}/${m.id}/train/${job}/complete`, { hyperparameters: { depth: 6, grow: { policy: 'loss' } }, metrics: { auc: 0.913 }, features: ['age', 'plan'], target: 'churned',
        artifacts: { model_file: 's3://models/churn' }, logs: ['epoch 1: auc 0.8', '<b>epoch 2</b>: auc 0.913'] }));
    must(await api('POST', `/api/v2/models/${m.rid}/versions?preview=true`, { modelFiles: { type: 'dill', serializedModelFunction: 'eA==' }, backingRepositories: ['ri.stemma.main.repository.x'],
        condaRequirements: ['numpy==1.24.0', 'pandas >=2,<3'], modelApi }));
    const { context, page } = await signedIn();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await go(page, `#/models/${m.id}`);
    assert.match(await details(page), /Dataset\s+ds-9\s+Target\s+churned\s+Features\s+age\s+plan/);
    for (const [label, text] of [['Id', m.id], ['RID', m.rid], ['Created by', m.created_by]]) {
        await page.getByRole('button', copy(label)).click();
        await part(page, 'Details').getByText('Copied.').first().waitFor();
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text, label);
    }
    await page.locator('.timeline summary').first().click();
    await page.getByRole('button', copy('Request')).first().click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.locator('.timeline dd code').first().innerText());

    await go(page, `#/versions/${m.id}.ver-002`);
    assert.match(await details(page), /Requirements\s+numpy==1\.24\.0\s+pandas >=2,<3\s+Repositories\s+ri\.stemma\.main\.repository\.x/);
    assert.deepEqual((await part(page, 'Inputs').locator('tbody tr').allInnerTexts()).map(t => t.replace(/\s+/g, ' ').trim()), ['customers age integer Yes', 'customers tags array of string No', 'threshold – none map of string to double Yes']);
    assert.deepEqual((await part(page, 'Outputs').locator('tbody tr').allInnerTexts()).map(t => t.replace(/\s+/g, ' ').trim()), ['tensor – none unsupported – none']);
    await page.getByRole('button', copy('SHA-256')).click();
    await part(page, 'Details').getByText('Copied.').first().waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), sha256('x'));
    assert.equal(await part(page, 'Details').getByText('Training run').count(), 0, 'nothing where there is nothing');

    await go(page, `#/versions/${m.id}.ver-001`);
    assert.match(await details(page), /Hyperparameters\s+depth\s+6\s+grow\s+\{"policy":"loss"\}\s+Metrics\s+auc\s+0\.913\s+Target\s+churned\s+Features\s+age\s+plan/);
    assert.equal(await part(page, 'Inputs').locator('tbody tr').count(), 2);
    await page.getByRole('link', { name: `Run ${job}` }).click();
    await heading(page, 'xgboost');
    await badge(page, 'Completed');
    assert.match(await details(page), new RegExp(`Model\\s+${m.name}[^]*auc\\s+0\\.913[^]*Model file\\s+s3://models/churn[^]*Duration[^]*Id\\s+${job}`));
    assert.equal(await page.getByRole('region', { name: 'Log, text' }).innerText(), 'epoch 1: auc 0.8\n<b>epoch 2</b>: auc 0.913');
    await everywhere(`#/runs/${m.id}.${job}`, 'a training run');
    await everywhere(`#/versions/${m.id}.ver-002`, 'a version with its API');
});

await test('a run is seen to end by itself, with the reason; and is ended on its page', async () => {
    const m = await model('Running');
    const begin = async () => must(await api('POST', `${M}/${m.id}/train`, { algorithm: 'forest' }), 202).job_id;
    const first = await begin();
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    await part(page, 'Training runs').getByRole('link', { name: 'forest' }).click();
    await badge(page, 'Running');
    await page.getByText('The trainer sends the log when the run ends.').waitFor();
    must(await api('POST', `${M}/${m.id}/train/${first}/fail`, { reason: 'out of memory' }));
    await badge(page, 'Failed');
    assert.match(await details(page), /Reason\s+out of memory/);
    await page.getByText('The trainer sent no log.').waitFor();
    const second = await begin();
    await go(page, `#/runs/${m.id}.${second}`);
    await press(page, /^Mark as failed/);
    await dialog(page).getByLabel('Reason').fill('nobody waits for it');
    await confirm(page, 'Mark as failed');
    await good(page).getByText('was ended').waitFor();
    await badge(page, 'Failed');
    assert.match(await details(page), /Reason\s+nobody waits for it/);
    await go(page, `#/runs/${m.id}.${'0'.repeat(24)}`);
    await heading(page, 'Not found');
});

// ---- Editing -----------------------------------------------------------------------------------

await test('configuration, metadata and dataset are edited: what is wrong is told at its line and column, and only what changed is sent', async () => {
    const m = await model('Edited');
    await patch(m.id, { metadata: { seed: 7, team: 'growth' } });
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}/edit`);
    const config = page.getByLabel('Configuration'), metadata = page.getByLabel('Metadata');
    assert.equal(await metadata.inputValue(), '{\n  "seed": 7,\n  "team": "growth"\n}', 'readable');
    await config.fill('{\n  "algorithm": "rf"\n  "depth": 1\n}');
    await press(page, /^Save$/);
    await page.getByText('Line 3, column 3: a comma or } was expected, not “"”').waitFor();
    assert.deepEqual(await page.evaluate(() => [document.activeElement.name, document.activeElement.selectionStart]), ['config', 24], 'the caret is there');
    assert.equal(await config.getAttribute('aria-invalid'), 'true');
    await accessible(page, 'a document with a fault');
    await config.fill('{"feature_columns":"age","own":[1,2]}');
    await press(page, /^Save$/);
    await page.getByText(/Configuration “feature_columns” must be/).waitFor();
    await page.getByRole('button', { name: /^Format ?: Configuration$/ }).click();
    assert.equal(await config.inputValue(), '{\n  "feature_columns": "age",\n  "own": [\n    1,\n    2\n  ]\n}');
    await config.focus();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Format: Configuration', 'Tab goes on');
    await config.fill('{"feature_columns":["age"],"own":[1,2]}');
    const sent = await writes(page, async () => { await press(page, /^Save$/); await saved(page); });
    assert.deepEqual(sent.map(r => r.postDataJSON()), [{ config: { feature_columns: ['age'], own: [1, 2] } }]);
    assert.deepEqual((await actions(m.id))[0], 'model.config_updated');
    assert.deepEqual((await read(m.id)).config, { feature_columns: ['age'], own: [1, 2] });

    await go(page, `#/models/${m.id}/edit`);
    await page.getByLabel('Dataset').fill('ds-2026');
    await press(page, /^Save$/);
    await saved(page);
    await page.locator('.timeline li').getByText('Dataset set', { exact: true }).waitFor();
    assert.equal((await read(m.id)).dataset_id, 'ds-2026');

    // A whole number that a browser cannot keep is neither rounded nor lost.
    const exact = await fetch(`${setup.url}${M}/${m.id}`, { method: 'PATCH', headers: { Authorization: `Bearer ${setup.token}`, 'Content-Type': 'application/json' }, body: '{"metadata":{"id":9007199254740993}}' });
    assert.equal(exact.status, 200);
    await go(page, '#/models');
    await go(page, `#/models/${m.id}/edit`);
    await page.getByLabel('Tags').fill('kept');
    await press(page, /^Save$/);
    await saved(page);
    await go(page, `#/models/${m.id}/edit`);
    await metadata.fill('{"id": 9007199254740993}');
    await press(page, /^Save$/);
    await page.getByText('Line 1, column 8: a browser cannot keep a whole number this large').waitFor();
    const raw = await (await fetch(`${setup.url}${M}/${m.id}`, { headers: { Authorization: `Bearer ${setup.token}` } })).text();
    assert.match(raw, /9007199254740993/);
});

await test('two edit one model: the one who saves later keeps what both changed, documents too', async () => {
    const m = await model('Merged');
    await patch(m.id, { config: { algorithm: 'a' }, metadata: { owner: 'nobody' }, description: 'old' });
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}/edit`);
    await page.getByLabel('Configuration').fill('{"algorithm": "mine"}');
    await patch(m.id, { metadata: { owner: 'theirs' }, description: '**theirs**' });
    await press(page, /^Save$/);
    await page.getByText('This was changed while you were editing').waitFor();
    await page.getByText('Saving keeps both.').waitFor();
    assert.equal(await page.getByLabel('Metadata').inputValue(), '{\n  "owner": "theirs"\n}');
    assert.equal(JSON.parse(await page.getByLabel('Configuration').inputValue()).algorithm, 'mine');
    await accessible(page, 'two changes that are put together');
    await press(page, /^Save$/);
    await saved(page);
    const now = await read(m.id);
    assert.deepEqual([now.config, now.metadata, now.description], [{ algorithm: 'mine' }, { owner: 'theirs' }, '**theirs**']);
    await go(page, `#/models/${m.id}/edit`);
    await page.getByLabel('Metadata').fill('{"owner": "mine"}');
    await patch(m.id, { metadata: { owner: 'theirs again' } });
    await press(page, /^Save$/);
    await page.getByText('You both changed metadata: saving overwrites what the other person wrote there.').waitFor();
    assert.equal(JSON.parse(await page.getByLabel('Metadata').inputValue()).owner, 'mine');
});

// ---- Markdown -----------------------------------------------------------------------------------

const prose = page => part(page, 'Description');
const tags = locator => locator.locator('.prose *').evaluateAll(all => [...new Set(all.map(x => x.localName))].sort());
const rendered = page => page.locator('.prose:not(.plain)').waitFor();

await test('a description is shown as Markdown, with a preview while one writes', async () => {
    const m = await model('Described');
    const text = '## Intended use\n\nPredicts **churn**, *monthly*, ~~daily~~ with `xgboost`.\n\n#### Data\n\n1. customers\n2. plans\n   - [x] checked\n   - [ ] open\n\n| metric | value |\n|:--|--:|\n| auc | 0.91 |\n\n> careful &amp; slow\n\n```python\nif a < b: "&amp;"\n```\n\n[card](https://example.org/?a=1&b=2 "t") <https://example.org> www.example.org me@example.org\n\nline  \nbreak\n\n---\n\n![plot](https://example.org/plot.png)';
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}/edit`);
    await page.getByLabel('Description').fill(text);
    await page.getByRole('tab', { name: 'Write' }).focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.getByRole('tab', { name: 'Preview' }).getAttribute('aria-selected'), 'true');
    await page.getByRole('tabpanel').getByRole('heading', { name: 'Intended use' }).waitFor();
    assert.ok(!await page.getByLabel('Description').isVisible());
    await accessible(page, 'a preview');
    await page.getByRole('tab', { name: 'Write' }).click();
    await press(page, /^Save$/);
    await saved(page);
    await rendered(page);
    const shown = prose(page);
    assert.deepEqual(await shown.getByRole('heading').evaluateAll(all => all.map(x => [x.localName, x.textContent])), [['h2', 'Description'], ['h3', 'Intended use'], ['h4', 'Data']], 'below what is above, without a gap');
    assert.deepEqual(await tags(shown), ['a', 'blockquote', 'br', 'code', 'del', 'em', 'h3', 'h4', 'hr', 'li', 'ol', 'p', 'pre', 'span', 'strong', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul', 'div'].sort());
    assert.equal(await shown.locator('pre').innerText(), 'if a < b: "&amp;"', 'code as it is');
    assert.equal(await flat(shown.locator('blockquote')), 'careful & slow');
    assert.deepEqual(await shown.locator('a').evaluateAll(all => all.map(a => [a.getAttribute('href'), a.rel, a.firstChild.textContent])), [
        ['https://example.org/?a=1&b=2', 'noopener noreferrer', 'card'], ['https://example.org/', 'noopener noreferrer', 'https://example.org'], ['http://www.example.org/', 'noopener noreferrer', 'www.example.org'],
        ['mailto:me@example.org', 'noopener noreferrer', 'me@example.org'], ['https://example.org/plot.png', 'noopener noreferrer', 'Image: plot']]);
    assert.ok(!complaints.some(c => /example\.org/.test(c)), 'nothing is loaded from elsewhere');
    await train(m);
    await go(page, `#/versions/${m.id}.ver-001`);
    await press(page, /^Edit description/);
    await dialog(page).getByLabel('Description').fill('Trained on **May**.');
    await dialog(page).getByRole('tab', { name: 'Preview' }).click();
    await dialog(page).locator('strong', { hasText: 'May' }).waitFor();
    await accessible(page, 'the description of a version');
    await confirm(page, 'Edit description');
    await good(page).getByText('The description of version 1 was saved').waitFor();
    await prose(page).locator('strong', { hasText: 'May' }).waitFor();
    await everywhere(`#/models/${m.id}`, 'a model with a description', rendered);
    await everywhere(`#/models/${m.id}/edit`, 'the form of a model');
});

await test('whatever a description has, nothing of it runs, loads or leads astray', async () => {
    const hostile = ['<script>window.hit = 1</script>', '<img src=x onerror="window.hit = 1">', '<svg onload=window.hit=1>', 'text <b onmouseover="window.hit=1">bold</b>', '[a](javascript:window.hit=1)', '[a](JaVaScRiPt:window.hit=1)',
        '[a](java\tscript:window.hit=1)', '[a](&#106;avascript:window.hit=1)', '[a](&#x6A&#x61;vascript:window.hit=1)', '[a](data:text/html,<script>window.hit=1</script>)', '[a](vbscript:x)', '[a](file:///etc/passwd)', '<javascript:window.hit=1>',
        '[b]: javascript:window.hit=1\n\n[b]', '[c]: data:text/html;base64,PHNjcmlwdD4=\n\n![x][c]', '![x](javascript:window.hit=1)', '![x](https://evil.example/pixel.png)', '[![x](https://evil.example/p.png)](https://example.org)', '[a](<javascript:window.hit=1>)',
        '[a](//evil.example)', '[a](#/models/new)', '[a](relative)', `[a](javascript:${'x'.repeat(1900)})`, '[**![x](https://evil.example/p.png)**](https://example.org)', '&lt;script&gt;window.hit=1&lt;/script&gt;', '`<script>window.hit=1</script>`', '```html\n<script>window.hit=1</script>\n```', '<style>body{display:none}</style>', '<base href="https://evil.example">',
        '<form action="https://evil.example"><input name=password></form>', '<iframe src="javascript:window.hit=1"></iframe>', '<a href="javascript:window.hit=1">x</a>', '<!-- <img src=x onerror=window.hit=1> -->', '<x onclick=window.hit=1>', '| <img src=x onerror=window.hit=1> |\n|-|\n| a |',
        '[a](https://example.org" onclick="window.hit=1)', '[a](https://example.org "t\\" onmouseover=\\"window.hit=1")', '__proto__', '[__proto__]: https://example.org\n\n[__proto__] [constructor]', '&NewLine;', '[a](https://a.example](javascript:window.hit=1)'];
    const m = await model('Hostile');
    const { page } = await signedIn();
    for (const text of hostile) {
        await patch(m.id, { description: text });
        await go(page, '#/models');
        await go(page, `#/models/${m.id}`);
        await rendered(page);
        const shown = prose(page).locator('.prose');
        assert.deepEqual((await tags(prose(page))).filter(t => !['a', 'blockquote', 'code', 'div', 'h3', 'li', 'p', 'pre', 'span', 'strong', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul'].includes(t)), [], text);
        assert.deepEqual(await shown.locator('*').evaluateAll(all => [...new Set(all.flatMap(x => x.getAttributeNames()))].filter(n => !['class', 'href', 'rel', 'target', 'scope', 'tabindex', 'role', 'aria-label'].includes(n))), [], text);
        assert.equal(await shown.locator('a a').count(), 0, text);
        if (text.startsWith('[a](javascript:x')) assert.equal(await shown.textContent(), text, 'the whole of it');
        for (const href of await shown.locator('a').evaluateAll(all => all.map(a => a.href))) assert.match(href, /^(?:https?:\/\/(?:example\.org|evil\.example|a\.example)|mailto:)/, text);
        if (/<script>|onerror/.test(text) && !/^\[|!\[/.test(text)) assert.match(await shown.textContent(), /script|onerror/, `${text}: shown as it was written`);
        assert.equal(await page.evaluate(() => globalThis.hit), undefined, text);
    }
    assert.deepEqual(complaints.filter(c => /evil|CSP|foreign/.test(c)), []);
});

await test('a description that takes too long or goes too deep is shown as it is, and the page answers meanwhile', async () => {
    const m = await model('Deep');
    const { page } = await signedIn();
    // Up to the 2,048 characters of the API: the server's own answer.
    for (const text of ['>'.repeat(2048), '*a '.repeat(682), '[a](' + ' '.repeat(2040) + 'b', '- '.repeat(1023) + 'a', '['.repeat(2048), '***a '.repeat(409), Array.from({ length: 60 }, (_, i) => `${'  '.repeat(i)}- a`).join('\n').slice(0, 2048)]) {
        await patch(m.id, { description: text });
        await go(page, '#/models');
        await go(page, `#/models/${m.id}`);
        await answers(page);
        await prose(page).getByText(text.trim().slice(0, 4) === '- - ' ? 'a' : text[0], { exact: false }).first().waitFor();
        assert.ok(await prose(page).locator('*').count() < 5000);
        assert.ok(await prose(page).evaluate(x => { let deepest = 0; for (const e of x.querySelectorAll('*')) { let n = 0; for (let p = e; p !== x; p = p.parentElement) n++; deepest = Math.max(deepest, n); } return deepest; }) < 40, 'not too deep');
    }
    // What comes from elsewhere may be longer: as if the server had it.
    const long = { '[': '['.repeat(32_000), '**a_': '**a_'.repeat(8000), quotes: '> '.repeat(16_000), '64 kB': '['.repeat(65_536) };
    for (const [what, text] of Object.entries(long)) {
        await page.route(`**${M}/${m.id}`, async r => { const reply = await r.fetch(); await r.fulfill({ response: reply, json: { ...await reply.json(), description: text } }); });
        await go(page, '#/models');
        await go(page, `#/models/${m.id}`);
        for (let i = 0; i < 8; i++) { await answers(page); await page.waitForTimeout(100); }
        assert.equal(await prose(page).locator('.prose').textContent(), text, `${what}: as it is`);
        await page.unroute(`**${M}/${m.id}`);
    }
    // Where the library is missing it is text.
    await patch(m.id, { description: '# still\n\nreadable' });
    await page.context().route('**/vendor/marked/**', r => r.fulfill({ status: 404, body: '' }));
    await page.reload();
    await prose(page).getByText('# still').waitFor();
    assert.ok(await page.locator('.prose.plain').isVisible());
});

// ---- Uploading ------------------------------------------------------------------------------------

const file = (name, bytes) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
const metric = async (page, n, key, value) => {
    await part(page, 'Metrics').or(page.getByRole('group', { name: 'Metrics' })).getByRole('button', { name: 'Add field' }).click();
    await page.getByLabel(`Key ${n}`).fill(key);
    await page.getByLabel(`Value ${n}`).fill(value);
};

await test('two versions are uploaded with their metrics, and compared', async () => {
    const m = await model('Uploaded');
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    await part(page, 'Versions').getByRole('link', { name: 'New version' }).click();
    await heading(page, 'New version');
    await page.getByText('any format, up to 8.0 MiB').waitFor();
    await press(page, 'Upload version');
    await page.getByText('Choose a file.', { exact: true }).waitFor();
    assert.equal(await page.getByLabel('File').getAttribute('aria-invalid'), 'true');
    await page.getByLabel('File').setInputFiles(file('churn.joblib', 'first'));
    await page.getByText('churn.joblib, 5 bytes').waitFor();
    await page.getByLabel('Algorithm').fill('xgboost');
    await metric(page, 1, 'auc', 'high');
    await page.getByLabel('Hyperparameters').fill('{"depth": 6}');
    await press(page, 'Upload version');
    await page.getByText('The value of auc must be a number').waitFor();
    await accessible(page, 'an upload with a fault');
    await page.getByLabel('Value 1').fill('0.91');
    const [sent] = await writes(page, async () => { await press(page, 'Upload version'); await good(page).getByText('Version 1 of').waitFor(); });
    assert.match(sent.headers()['content-type'], /^multipart\/form-data; boundary=thaw-[0-9a-f]{32}$/);
    assert.match(sent.headers()['idempotency-key'], /^[0-9a-f]{32}$/);
    await heading(page, `${m.name}, version 1`);
    assert.match(await details(page), new RegExp(`Algorithm\\s+xgboost[^]*depth\\s+6[^]*auc\\s+0\\.91[^]*Model file\\s+churn\\.joblib[^]*Size\\s+5 bytes[^]*${sha256('first')}`));
    const saved = page.waitForEvent('download');
    await press(page, /^Download/);
    const kept = await saved;
    assert.equal(kept.suggestedFilename(), `${m.name}-ver-001.joblib`);
    assert.equal(fs.readFileSync(await kept.path(), 'utf8'), 'first');

    // Dropped: the same way.
    await go(page, uploadTo(m));
    const dropped = await page.evaluateHandle(() => { const d = new DataTransfer(); d.items.add(new File(['second'], 'churn 2.onnx')); return d; });
    await page.locator('.drop').dispatchEvent('dragover', { dataTransfer: dropped });
    assert.match(await page.locator('.drop').getAttribute('class'), /over/);
    await page.locator('.drop').dispatchEvent('drop', { dataTransfer: dropped });
    await page.getByText('churn 2.onnx, 6 bytes').waitFor();
    await metric(page, 1, 'auc', '0.94');
    await metric(page, 2, 'loss', '-1.5e-3');
    await press(page, 'Upload version');
    await good(page).getByText('Version 2 of').waitFor();
    await go(page, `#/models/${m.id}`);
    await part(page, 'Versions').getByRole('link', { name: 'Compare versions' }).click();
    await heading(page, 'Compare versions');
    const rows = (await page.getByRole('region', { name: 'Differences' }).locator('tbody tr').allInnerTexts()).map(t => t.replace(/\s+/g, ' ').trim());
    assert.ok(rows.includes('auc ≠ (differs) 0.91 0.94') && rows.includes('loss ≠ (differs) – -0.0015'), rows.join('; '));
    assert.deepEqual((await actions(m.id)).slice(0, 2), ['model.version_created', 'model.version_created']);
    await everywhere(uploadTo(m), 'the form of an upload', async p => { await p.getByLabel('File').setInputFiles(file('a'.repeat(80), 'x')); });
});

await test('what cannot be uploaded is said before anything is sent', async () => {
    const m = await model('Refused'), old = await model('Refused');
    must(await api('POST', `${M}/${old.id}/archive`));
    const { page } = await signedIn();
    await go(page, uploadTo(m));
    const sent = await writes(page, async () => {
        const big = path.join(os.tmpdir(), `thaw-big-${process.pid}.bin`);
        fs.writeFileSync(big, Buffer.alloc(8 * 1024 * 1024 + 1));
        try { await page.getByLabel('File').setInputFiles(big); } finally { fs.rmSync(big); }
        await page.getByText(/is too large: it has 8\.0 MiB, and a file can have 8\.0 MiB \(8,388,608 bytes\)/).waitFor();
        await press(page, 'Upload version');
        await page.getByLabel('File').setInputFiles(file('empty', ''));
        await page.getByText('empty is empty.').waitFor();
        await press(page, 'Upload version');
    });
    assert.deepEqual(sent, []);
    page.once('dialog', d => d.accept());            // what was chosen is left behind
    await go(page, uploadTo(old));
    await page.getByText(/A version cannot be added while the model is archived/).waitFor();
    await go(page, uploadTo({ id: 'mdl-nothing' }));
    await page.locator('main').getByText('Not found', { exact: true }).waitFor();
    const { page: reader } = await signedIn({}, setup.reader);
    await go(reader, `#/models/${m.id}`);
    await part(reader, 'Versions').waitFor();
    assert.equal(await reader.getByRole('link', { name: 'New version' }).count(), 0);
    await go(reader, uploadTo(m));
    await heading(reader, 'Not allowed');
});

// Holds what is uploaded back, as a slow line does: about so many bytes a second.
async function slow(context, page, bytes) {
    const wire = await context.newCDPSession(page);
    await wire.send('Network.enable');
    await wire.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes });
    return () => wire.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
}

await test('an upload tells how far it is, and can be cancelled; nothing is added then', async () => {
    const m = await model('Slow');
    const { context, page } = await signedIn();
    await go(page, uploadTo(m));
    await page.getByLabel('File').setInputFiles(file('slow.bin', Buffer.alloc(2 << 20, 1)));
    const fast = await slow(context, page, 300_000);
    await press(page, 'Upload version');
    await page.getByRole('button', { name: 'Cancel upload' }).waitFor();
    await page.waitForFunction(() => { const v = document.querySelector('progress').value; return v > 0 && v < 100; });
    await accessible(page, 'an upload on its way');
    await press(page, 'Cancel upload');
    await page.getByText('The upload was cancelled').waitFor();
    await fast();
    assert.equal((await versions(m)).length, 0);
    await page.getByText('slow.bin, 2.0 MiB').waitFor();
    await press(page, 'Upload version');
    await good(page).getByText('Version 1 of').waitFor();
    assert.equal((await versions(m)).length, 1);
    // Also where the session is renewed first.
    await go(page, uploadTo(m));
    await page.getByLabel('File').setInputFiles(file('renewed.bin', Buffer.alloc(2 << 20, 3)));
    await page.route('**/versions', r => r.fulfill({ status: 401, json: { error: { code: 'AUTH_INVALID', message: 'Ended' } } }), { times: 1 });
    let renewing, release, sent = 0;
    page.on('request', r => { if (r.method() === 'POST' && r.url().endsWith('/versions')) sent++; });
    const asked = new Promise(on => { renewing = on; });
    await page.route('**/console/session/refresh', async r => { renewing(); await new Promise(on => { release = on; }); await r.continue(); }, { times: 1 });
    await press(page, 'Upload version');
    await asked;
    await press(page, 'Cancel upload');
    release();
    await page.getByText('The upload was cancelled').waitFor();
    await page.waitForTimeout(1000);
    assert.equal(sent, 1, 'it does not go again');
    assert.equal((await versions(m)).length, 1);
    // Who leaves gives it up.
    await go(page, uploadTo(m));
    await page.getByLabel('File').setInputFiles(file('left.bin', Buffer.alloc(2 << 20, 2)));
    await slow(context, page, 200_000);
    page.once('dialog', d => d.accept());
    await press(page, 'Upload version');
    await page.waitForFunction(() => document.querySelector('progress').value > 0);
    await go(page, '#/models');
    await page.waitForTimeout(1500);
    assert.equal((await versions(m)).length, 1);
});

await test('a connection that is lost, a session that ends: tried again, the version is there once', async () => {
    const m = await model('Lost');
    const { context, page } = await signedIn();
    await go(page, uploadTo(m));
    await page.getByLabel('File').setInputFiles(file('lost.bin', 'lost bytes'));
    const keys = [], bodies = [];
    // The server has it, and its answer is lost.
    await page.route(`**${M}/${m.id}/versions`, async r => {
        if (r.request().method() !== 'POST') return r.continue();
        keys.push(r.request().headers()['idempotency-key']);
        bodies.push(sha256(r.request().postDataBuffer()));
        if (keys.length > 1) return r.continue();
        await r.fetch();
        return r.abort('connectionreset');
    });
    await press(page, 'Upload version');
    await page.getByText('The connection was lost', { exact: true }).waitFor();
    await page.getByText('it will not be added twice').waitFor();
    await press(page, 'Upload version');
    await good(page).getByText('Version 1 of').waitFor();
    assert.equal(keys.length, 2);
    assert.equal(new Set(keys).size, 1, 'one key');
    assert.equal(new Set(bodies).size, 1, 'the very same bytes');
    assert.equal((await versions(m)).length, 1, 'one version');
    await page.unroute(`**${M}/${m.id}/versions`);

    await go(page, uploadTo(m));
    await page.getByLabel('File').setInputFiles(file('ended.bin', 'ended'));
    await context.clearCookies();
    let first = true;
    await page.route(`**${M}/${m.id}/versions`, r => { const headers = r.request().headers(); if (first && r.request().method() === 'POST') { first = false; headers.authorization = 'Bearer over'; } return r.continue({ headers }); });
    await press(page, 'Upload version');
    await dialog(page).getByLabel('Password').fill(setup.admin.password);
    await dialog(page).getByRole('button', { name: 'Sign in' }).click();
    await good(page).getByText('Version 2 of').waitFor();
    assert.equal((await versions(m)).length, 2);
});

await test('what the server refuses is told in words: too large, no room, a name of a field', async () => {
    const m = await model('Told');
    const { page } = await signedIn();
    await go(page, uploadTo(m));
    await page.getByLabel('File').setInputFiles(file('x.bin', 'x'));
    const answer = async (status, body, words) => {
        await page.route(`**${M}/${m.id}/versions`, r => r.request().method() === 'POST' ? r.fulfill({ status, contentType: 'application/json', headers: { 'X-Request-Id': 'req-1' }, body: JSON.stringify(body) }) : r.continue());
        await press(page, 'Upload version');
        for (const text of words) await page.getByText(text).waitFor();
        await page.unroute(`**${M}/${m.id}/versions`);
    };
    await answer(413, { error: { code: 'PAYLOAD_TOO_LARGE', message: 'The request body is too large' } }, ['The file is too large', /ask whoever operates this server/, 'Request req-1']);
    await answer(409, { error: { code: 'CONFLICT', message: 'Your organization has 10 of at most 10 bytes of model files (quota_artifact_bytes)' } }, ['The version was not added', /quota_artifact_bytes/]);
    await answer(400, { error: { code: 'VALIDATION_ERROR', message: 'invalid', details: { field: 'file', reason: 'is given twice' } } }, ['File is given twice']);
    await answer(503, { error: { code: 'SERVICE_UNAVAILABLE', message: 'away' } }, ['The service is unavailable']);
    assert.equal((await versions(m)).length, 0);
    await accessible(page, 'an upload that was refused');
});

// ---- Commands ---------------------------------------------------------------------------------------

await test('the commands of the API run as they stand, in a shell and in Python', async () => {
    const m = await model('Pasted'), bytes = Buffer.from([0, 1, 2, 253, 254, 255]);
    await put(m, bytes, { metrics: { auc: 0.9 } });
    const { page } = await signedIn();
    const use = part(page, 'Use the API'), text = title => use.getByRole('region', { name: title }).innerText();
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'thaw-paste-'));
    const run = (...command) => execFileSync(command[0], command.slice(1), { encoding: 'utf8', cwd: home, env: { ...process.env } });
    try {
        await go(page, `#/models/${m.id}`);
        await unfold(page, 'Use the API');
        const environment = await text('Address and key (set once)');
        assert.equal(environment, `export THAW_URL=${setup.url}\nexport THAW_TOKEN=YOUR_API_KEY`);
        const setting = environment.replace('YOUR_API_KEY', setup.token);
        for (const language of ['Shell (curl)', 'Python, without packages']) {
            await use.getByLabel('Language').selectOption(language);
            const paste = code => language.startsWith('Python') ? run('sh', '-c', `${setting}\npython3 - <<'THAW_END'\n${code}\nTHAW_END`) : run('sh', '-ec', `${setting}\n${code}`);
            assert.equal(JSON.parse(paste(await text('Get this model'))).name, m.name, language);
            paste(await text('Download the file of version 1'));
            assert.deepEqual(fs.readFileSync(path.join(home, `${m.id}-ver-001.dill`)), bytes, language);
            fs.rmSync(path.join(home, `${m.id}-ver-001.dill`));
            assert.match(paste(await text('Archive this model, and restore it')), /archived[^]*ready/, language);
            assert.deepEqual((await actions(m.id)).slice(0, 2), ['model.unarchived', 'model.archived'], language);
        }
        await accessible(page, 'the commands of the API');
        await go(page, `#/versions/${m.id}.ver-001`);
        assert.equal(JSON.parse(run('sh', '-ec', `${setting}\n${await text('Get this version')}`)).metrics.auc, 0.9);
        run('sh', '-ec', `${setting}\n${await text('Download the file of version 1')}`);
        must(await api('POST', `${M}/${m.id}/archive`));
        await go(page, '#/models');
        await go(page, `#/models/${m.id}`);
        assert.ok(await part(page, 'Use the API').getByText('Restore this model').first().isVisible(), 'what was opened stays open on other pages');
        run('sh', '-ec', `${setting}\n${await text('Restore this model')}`);
        assert.equal((await read(m.id)).status, 'ready');
        const { id: packageId } = must(await api('POST', '/api/v2/modelPackages/fromJSON/', { name: 'Pasted', registeredModelName: m.name + ' deployed', target: { name: 'y', type: 'Regression' } }), 201);
        const environment2 = must(await api('POST', '/api/v2/predictionEnvironments/', { name: 'Pasted', platform: 'other' }), 201).id;
        const label = `Pasted ${m.id}`;
        const deployed = await api('POST', '/api/v2/deployments/fromModelPackage/', { label, modelPackageId: packageId, predictionEnvironmentId: environment2 });
        assert.ok([200, 201, 202].includes(deployed.status), JSON.stringify(deployed.body));
        await go(page, `#/deployments/${deployed.body.id}`);
        assert.equal(JSON.parse(run('sh', '-ec', `${setting}\n${await text('Get this deployment')}`)).label, label);
        const { page: reader } = await signedIn({}, setup.reader);
        await go(reader, `#/models/${m.id}`);
        await unfold(reader, 'Use the API');
        assert.equal(await part(reader, 'Use the API').getByText(/Archive this model/).count(), 0, 'not what one may not do');
    } finally {
        fs.rmSync(home, { recursive: true });
    }
});

// ---- Many versions ------------------------------------------------------------------------------------

await test('the active version is found among very many, and any can be compared', async () => {
    const m = await model('Many');
    for (let i = 1; i <= 103; i++) await put(m, `file ${i}`, { metrics: { n: i }, algorithm: `a${i}` });
    must(await api('POST', `${M}/${m.id}/versions/ver-001/restore`));
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    assert.match(await details(page), /Active version\s+Version 1\s[^]*"a1"/);
    await page.getByRole('link', { name: 'Version 1', exact: true }).click();
    await heading(page, `${m.name}, version 1`);
    const table = page.getByRole('region', { name: 'Differences' }), heads = () => table.locator('thead a').allInnerTexts(), told = page.locator('main').getByRole('alert');
    await go(page, `#/models/${m.id}/compare?versions=2,103`);
    assert.deepEqual(await heads(), ['Version 2', 'Version 103']);
    assert.equal(await told.count(), 0);
    await go(page, `#/models/${m.id}/compare?versions=2,999,x%3Cb%3E`);
    assert.deepEqual(await heads(), ['Version 2', 'Version 103']);
    assert.equal(await flat(told), `“x<b>” is not a version number. ${m.name} has no version 999. Shown instead: version 103.`);
    await accessible(page, 'a comparison with what does not exist');
    await go(page, `#/models/${m.id}/compare`);
    assert.deepEqual(await heads(), ['Version 102', 'Version 103']);
    assert.equal(await told.count(), 0);
    await page.getByLabel('An older version').fill('3');
    await press(page, 'Add');
    await page.getByRole('link', { name: 'Version 3', exact: true }).waitFor();
    assert.deepEqual(await heads(), ['Version 3', 'Version 102', 'Version 103']);
    await go(page, `#/models/${m.id}/compare?versions=1,2,3,4,5,6`);
    await page.getByText('At most 5 versions can be compared').waitFor();
    await everywhere(`#/models/${m.id}/compare?versions=1,103`, 'a comparison');
    await go(page, `#/models/mdl-${'0'.repeat(24)}/compare`);
    await heading(page, 'Not found');
    assert.equal(await told.getByRole('button').count(), 0);
    await page.locator('main').getByRole('link', { name: 'Overview' }).click();
    await heading(page, 'Overview');
});

await end();
