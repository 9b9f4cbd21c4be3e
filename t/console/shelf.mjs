// shelf.mjs: folders, the trash, the search over everything and the console's keys. Run by t/95-console-shelf.t.
import assert from 'node:assert/strict';
import { accessible, api, bad, badge, column, complaints, confirm, dialog, end, fits, go, good, heading, model, press, project, setup, signedIn, sql, test, train, workspace, writes } from './harness.mjs';

const FILES = '/api/v2/filesystem';
const space = (await api('GET', `${FILES}/spaces`)).body.data[0];
let n = 0;
const made = async (path, body) => { const r = await api('POST', path, body); assert.equal(r.status, 200, JSON.stringify(r.body)); return { ...r.body, name: r.body.displayName ?? body.name }; };
const realm = name => made(`${FILES}/projects/create`, { displayName: `${name} ${++n}`, spaceRid: space.rid });
const folder = (of, name) => made(`${FILES}/folders`, { displayName: name, parentFolderRid: of.rid });
const filed = (of, name) => made('/api/v2/models?preview=true', { name: `${name} ${++n}`, parentFolderRid: of.rid });
const resource = async o => (await api('GET', `${FILES}/resources/${o.rid}`)).body;
const trash = async o => assert.equal((await api('DELETE', `${FILES}/resources/${o.rid}`)).status, 204);
const hash = o => `#/folders/${encodeURIComponent(o.rid)}`;
const hex = rid => { const [a, b, c, , e] = rid.split('.').at(-1).split('-'); return `mdl-${a}${b}${c.slice(1)}${e.slice(3)}`; };
const crumbs = page => page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('listitem').allInnerTexts();
const titles = page => page.locator('main tbody th a').allInnerTexts();

await test('one walks from the space to a model and back, and makes a folder on the way', async () => {
    const p = await realm('Walked'), f = await folder(p, 'Inside'), m = await filed(f, 'Deep');
    const { page } = await signedIn();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Folders' }).click();
    await heading(page, space.displayName);
    await page.getByRole('link', { name: p.name }).click();
    await heading(page, p.name);
    await page.getByRole('link', { name: 'Inside' }).click();
    await heading(page, 'Inside');
    assert.deepEqual(await crumbs(page), [space.displayName, p.name, 'Inside']);
    await press(page, 'New folder');
    await dialog(page).getByLabel('Name').fill('Deeper');
    const sent = await writes(page, () => confirm(page, 'Create folder'));
    await good(page).getByText('Folder \u201cDeeper\u201d was created').waitFor();
    assert.match(sent[0].headers()['idempotency-key'], /^[0-9a-f]{32}$/);
    await page.getByRole('link', { name: 'Deeper' }).waitFor();
    assert.deepEqual(await titles(page), ['Deeper', m.name]);
    await page.waitForFunction(() => document.activeElement.textContent === 'Deeper');
    await page.getByRole('link', { name: m.name }).click();
    await heading(page, m.name);
    await page.getByRole('region', { name: 'Details' }).getByRole('link', { name: 'Inside' }).click();
    await heading(page, 'Inside');
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: p.name }).click();
    await heading(page, p.name);
    await go(page, '#/folders/ri.compass.main.folder.00000000-0000-8000-8000-000000000001');
    await heading(page, 'Not found');
});

await test('a name that is taken, or is none, is told at its field, of a new one and of one that is renamed', async () => {
    const p = await realm('Named'), f = await folder(p, 'One');
    await folder(p, 'Two');
    const { page } = await signedIn();
    await go(page, hash(p));
    await press(page, 'New folder');
    const name = dialog(page).locator('[name=displayName]'), wrong = dialog(page).locator('[name=displayName][aria-invalid=true]');
    await name.fill('Two');
    await confirm(page, 'Create folder');
    await wrong.waitFor();
    await dialog(page).getByText('already exists here (it may be in the trash)').waitFor();
    await name.fill('a/b');
    await confirm(page, 'Create folder');
    await dialog(page).getByText('no slash').waitFor();
    await name.fill('Three');
    await confirm(page, 'Create folder');
    await good(page).getByText('was created').waitFor();
    await go(page, hash(f));
    await press(page, /^Rename/);
    assert.equal(await name.inputValue(), 'One');
    await name.fill('Two');
    await confirm(page, 'Rename');
    await wrong.waitFor();
    await name.fill('First');
    await confirm(page, 'Rename');
    await good(page).getByText('was renamed').waitFor();
    await heading(page, 'First');
    // what was in the way may be gone: the same is then asked anew, and not answered as before
    const second = await folder(p, 'Second');
    await press(page, /^Rename/);
    await name.fill('Second');
    await confirm(page, 'Rename');
    await wrong.waitFor();
    assert.equal((await api('PUT', `${FILES}/folders/${second.rid}`, { displayName: 'Last', parentFolderRid: p.rid })).status, 200);
    await confirm(page, 'Rename');
    await heading(page, 'Second');
    await go(page, hash(p));
    await press(page, 'New folder');
    await name.fill('Last');
    await confirm(page, 'Create folder');
    await wrong.waitFor();
    assert.equal((await api('PUT', `${FILES}/folders/${second.rid}`, { displayName: 'At last', parentFolderRid: p.rid })).status, 200);
    await confirm(page, 'Create folder');
    await page.getByRole('link', { name: 'Last', exact: true }).waitFor();
    await go(page, hash(f));
    // what somebody else changed meanwhile is not overwritten
    await press(page, /^Rename/);
    await name.fill('Mine');
    assert.equal((await api('PUT', `${FILES}/folders/${f.rid}`, { displayName: 'Theirs', parentFolderRid: p.rid })).status, 200);
    await confirm(page, 'Rename');
    await page.getByText('This was changed while you were editing').waitFor();
    await heading(page, 'Theirs');
    await go(page, hash(p));
    await press(page, /^Rename/);
    await name.fill(`${p.name} anew`);
    await dialog(page).getByLabel('Description').fill('What it is for');
    await confirm(page, 'Rename');
    await heading(page, `${p.name} anew`);
    await page.getByText('What it is for').waitFor();
});

await test('a folder is moved by choosing its place: not into itself, not to a name that is taken; Undo', async () => {
    const p = await realm('Left'), q = await realm('Right'), f = await folder(p, 'Goes'), inner = await folder(f, 'Along'), full = await folder(q, 'Full'), m = await filed(inner, 'Passenger');
    await folder(full, 'Goes');
    const { page } = await signedIn();
    await go(page, hash(p));
    await press(page, /^Move folder Goes/);
    await dialog(page).getByText('The folder is already here.').waitFor();
    await dialog(page).getByText('Goes (a folder cannot be moved into itself)').waitFor();
    await dialog(page).getByRole('button', { name: 'Move here' }).click({ force: true });
    assert.equal((await resource(f)).parentFolderRid, p.rid, 'where it is already it need not go');
    await dialog(page).getByRole('button', { name: space.displayName }).click();
    await dialog(page).getByText('Choose a project or a folder.').waitFor();
    await dialog(page).getByRole('button', { name: q.name }).click();
    await dialog(page).getByRole('button', { name: 'Full' }).click();
    await dialog(page).getByText('1 folder in Full.').waitFor();
    await dialog(page).getByRole('button', { name: 'Move here' }).click();
    await dialog(page).getByText('Couldn\u2019t move the folder to Full').waitFor();
    await dialog(page).getByText('Choose another place, or cancel.').waitFor();
    await dialog(page).getByRole('navigation').getByRole('button', { name: q.name }).click();
    await dialog(page).getByText(`1 folder in ${q.name}.`).waitFor();
    await dialog(page).getByRole('button', { name: 'Move here' }).click();
    await good(page).getByText(`was moved to ${q.name}`).waitFor();
    await page.getByText('This folder is empty.').waitFor();
    assert.equal((await resource(m)).path, `/${space.displayName}/${q.name}/Goes/Along/${m.name}`);
    // its answer is lost: it was done, and trying again does it no second time
    const keys = [];
    page.on('request', r => { if (r.url().endsWith('/move') && r.method() === 'POST') keys.push(r.headers()['idempotency-key']); });
    await page.route('**/move', async r => { await r.fetch(); await r.abort(); }, { times: 1 });
    await press(page, 'Undo: Folder \u201cGoes\u201d was moved to ' + q.name);
    await bad(page).getByText('No connection').waitFor();
    await press(page, /^Try again/);
    await good(page).getByText('was moved back').waitFor();
    assert.equal(keys.length, 2);
    assert.ok(keys[0] && keys[0] === keys[1], 'under the same key');
    assert.equal((await resource(f)).parentFolderRid, p.rid);
    await page.getByRole('link', { name: 'Goes', exact: true }).waitFor();
    // refused by the server alone: the place went to the trash meanwhile
    await press(page, /^Move folder Goes/);
    await dialog(page).getByRole('button', { name: space.displayName }).click();
    await dialog(page).getByRole('button', { name: q.name }).click();
    await dialog(page).getByText(`1 folder in ${q.name}.`).waitFor();
    await trash(q);
    await dialog(page).getByRole('button', { name: 'Move here' }).click();
    await dialog(page).getByText(`Couldn\u2019t move the folder to ${q.name}`).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    // where it lies cannot be had: that is told, and no dialog stands before it
    await page.route('**/resources/getByPathBatch', r => r.abort());
    await press(page, /^Move folder Goes/);
    await bad(page).getByText('No connection').waitFor();
    assert.equal(await dialog(page).count(), 0);
});

await test('a model is moved from its page, by the keyboard alone', async () => {
    const p = await realm('Shelf'), f = await folder(p, 'Books'), m = await model('Moved by keys');
    const { page } = await signedIn();
    await go(page, `#/models/${m.id}`);
    await page.getByRole('region', { name: 'Details' }).getByRole('link', { name: 'Models' }).waitFor();
    await page.getByRole('button', { name: /^Move to folder/ }).focus();
    await page.keyboard.press('Enter');
    await dialog(page).getByText('The model is already here.').waitFor();
    const to = async name => { await dialog(page).getByRole('button', { name }).focus(); await page.keyboard.press('Enter'); };
    await to(space.displayName);
    await to(p.name);
    await dialog(page).getByText(`1 folder in ${p.name}.`).waitFor();
    await page.waitForFunction(() => document.activeElement.textContent.startsWith('Books'));
    await page.keyboard.press('Enter');
    await dialog(page).getByText('No folders in Books.').waitFor();
    await page.waitForFunction(() => document.activeElement.textContent === 'Move here');
    await page.keyboard.press('Enter');
    await good(page).getByText('was moved to Books').waitFor();
    await page.getByRole('region', { name: 'Details' }).getByRole('link', { name: 'Books' }).waitFor();
    assert.equal((await resource(m)).parentFolderRid, f.rid);
    await page.locator('.timeline').getByText('Moved').first().waitFor();
});

await test('to the trash and back: a folder with all that is in it, with Undo, and what went along says with which', async () => {
    const p = await realm('Trashed'), f = await folder(p, 'Old'), inner = await folder(f, 'Older'), m = await filed(inner, 'Oldest');
    const { page } = await signedIn();
    await go(page, hash(p));
    await press(page, /^Move to trash Old/);
    await dialog(page).getByText('with everything in it; its models are archived').waitFor();
    await confirm(page, 'Move to trash');
    await good(page).getByText('Folder \u201cOld\u201d was moved to the trash').waitFor();
    await page.getByText('This folder is empty.').waitFor();
    assert.equal((await resource(m)).trashStatus, 'ANCESTOR_TRASHED');
    await press(page, 'Undo: Folder \u201cOld\u201d was moved to the trash');
    await good(page).getByText('was restored').waitFor();
    await page.getByRole('link', { name: 'Old', exact: true }).waitFor();
    assert.equal((await resource(m)).trashStatus, 'NOT_TRASHED');
    // from its own page one comes to where it was, and Undo works there too
    await go(page, hash(f));
    await press(page, /^Move to trash Old$/);
    await confirm(page, 'Move to trash');
    await heading(page, p.name);
    await press(page, 'Undo: Folder \u201cOld\u201d was moved to the trash');
    await page.getByRole('link', { name: 'Old', exact: true }).waitFor();
    await trash(f);
    await go(page, '#/folders/trash');
    await page.getByText('a model in the trash is archived, and an archived model is in the trash').waitFor();
    assert.match(await page.locator(`tr[data-id="${f.rid}"]`).innerText(), new RegExp(`Folder\\s+${p.name}`));
    await page.getByRole('link', { name: 'Old', exact: true }).click();
    await badge(page, 'In the trash');
    await page.getByRole('link', { name: 'Older', exact: true }).click();
    await page.getByText('This folder went to the trash with Old. Restore that folder to get this one back.').waitFor();
    await page.getByRole('link', { name: m.name }).click();
    await badge(page, 'Archived');
    await page.getByText('With Older: restore that folder to get the model back').waitFor();
    assert.equal(await page.getByRole('button', { name: /^(?:Restore|Delete)/ }).count(), 0, 'it comes back with its folder alone');
    await go(page, hash(f));
    await press(page, /^Restore/);
    await confirm(page, 'Restore folder');
    await good(page).getByText('was restored').waitFor();
    await page.getByRole('link', { name: 'Older', exact: true }).waitFor();
    assert.equal((await api('GET', `/api/v1/models/${hex(m.rid)}`)).body.status, 'draft');
});

await test('deleted for good by typing the name, which says what is lost', async () => {
    const p = await realm('Gone'), f = await folder(p, 'Final'), inner = await folder(f, 'Within');
    for (let i = 0; i < 3; i++) await filed(i ? inner : f, 'Lost');
    await trash(f);
    const { page } = await signedIn();
    await go(page, '#/folders/trash');
    await column(page, 'Final').getByRole('button', { name: /^Delete permanently/ }).click();
    await dialog(page).getByText('This permanently deletes the folder, with 1 folder and 3 models in it and their versions.').waitFor();
    const sent = await writes(page, async () => {
        await dialog(page).getByRole('button', { name: 'Delete permanently' }).click();
        await dialog(page).getByText('must be Final').waitFor();
    });
    assert.equal(sent.length, 0);
    await dialog(page).getByLabel('Type the name to confirm: Final').fill('Final');
    await confirm(page, 'Delete permanently');
    await good(page).getByText('Folder \u201cFinal\u201d was permanently deleted').waitFor();
    await column(page, 'Final').waitFor({ state: 'detached' });
    assert.equal((await api('GET', `${FILES}/folders/${inner.rid}`)).status, 404);
    // a model, from its page
    const m = await model('Erased');
    await train(m);
    await go(page, `#/models/${m.id}`);
    assert.equal(await page.getByRole('button', { name: /^Delete permanently/ }).count(), 0, 'only from the trash');
    await press(page, /^Archive model/);
    await confirm(page, 'Archive model');
    await badge(page, 'Archived');
    await press(page, /^Delete permanently/);
    await dialog(page).getByText('This permanently deletes the model and its 1 version.').waitFor();
    await dialog(page).getByLabel(`Type the name to confirm: ${m.name}`).fill(m.name);
    await confirm(page, 'Delete permanently');
    await good(page).getByText('was permanently deleted').waitFor();
    await heading(page, 'Trash');
    assert.equal((await api('GET', `${FILES}/resources/${m.rid}`)).status, 404);
    // its id still tells what it was, and that nothing brings it back
    await go(page, `#/models/${m.id}`);
    await badge(page, 'Permanently deleted');
    assert.equal(await page.getByRole('button', { name: /^(?:Restore|Delete)/ }).count(), 0);
    await go(page, '#/models/archived?search=Erased');
    await column(page, m.name).locator('td .badge', { hasText: 'Permanently deleted' }).waitFor();
    assert.equal(await column(page, m.name).getByRole('button', { name: /^Restore/ }).count(), 0);
});

await test('who may only read sees where things are, and changes nothing; what forbids it is said', async () => {
    const p = await realm('Read'), f = await folder(p, 'Only'), m = await filed(f, 'Shown'), busy = await filed(f, 'In use');
    const { page } = await signedIn({}, setup.reader);
    await go(page, hash(f));
    await page.getByRole('link', { name: m.name }).waitFor();
    assert.equal(await page.locator('main button').count(), 0);
    await go(page, '#/folders/trash');
    assert.equal(await page.locator('main button').count(), 0);
    assert.equal((await api('POST', `/api/v1/models/${hex(busy.rid)}/train`)).status, 202);
    const { page: mine } = await signedIn();
    await go(mine, hash(f));
    await press(mine, /^Move to trash Only/);
    await confirm(mine, 'Move to trash');
    await mine.getByText(`\`${busy.name}\`, which lies in it:`).waitFor();
    assert.equal((await resource(f)).trashStatus, 'NOT_TRASHED');
    const home = (await api('GET', `${FILES}/folders/${space.rid}/children`)).body.data[0];
    await go(mine, hash(home));
    await mine.getByText('It cannot be renamed, moved or deleted.').waitFor();
    await mine.getByRole('button', { name: 'New folder' }).waitFor();
    assert.equal(await mine.getByRole('button', { name: `Rename ${home.displayName}` }).count(), 0);
});

await test('many of them: as much as one asks for', async () => {
    const p = await realm('Long');
    for (let i = 0; i < 103; i++) await folder(p, `F${String(i).padStart(3, '0')}`);
    const { page } = await signedIn();
    await go(page, hash(p));
    assert.equal((await titles(page)).length, 100);
    await page.getByText('the first 100').waitFor();
    await press(page, 'Show more');
    await page.getByRole('link', { name: 'F102' }).waitFor();
    await page.waitForFunction(() => document.activeElement.textContent === 'F100');
    assert.equal((await titles(page)).length, 103);
});

// ---- Search ------------------------------------------------------------------------------------

const box = page => page.getByRole('combobox', { name: 'Name or id' });
const options = page => page.getByRole('option').allInnerTexts();
const active = page => page.evaluate(() => document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.textContent ?? null);
const answered = page => page.waitForFunction(() => document.querySelector('dialog [role=status]')?.textContent.match(/result|Nothing/));

await test('Ctrl-K finds by a name, the arrows choose, Enter leads there, Escape gives the focus back', async () => {
    const m = await model('Zebra one'), other = await model('Zebra two'), w = await workspace('Zebra'), p = await project('Zebra', 'archive');
    await train(m);
    const { page } = await signedIn();
    await page.getByRole('button', { name: 'Sign out' }).focus();
    await page.keyboard.press('Control+k');
    await box(page).waitFor();
    assert.equal(await box(page).getAttribute('aria-expanded'), 'true', 'the views are there before one types');
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Sign out');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('zebra');
    await answered(page);
    const list = page.getByRole('listbox', { name: 'Results' });
    assert.deepEqual(await list.getByRole('group').evaluateAll(all => all.map(g => document.getElementById(g.getAttribute('aria-labelledby')).textContent)), ['Models', 'Versions', 'Registered models', 'Projects', 'Workspaces']);
    assert.deepEqual((await options(page)).map(t => t.replaceAll(/\s+/g, ' ')), [`${m.name} Ready`, `${other.name} Draft`, `${m.name}, version 1 Ready`, `${m.name} Active`, `${p.name} Archived`, `${w.name} Ready`]);
    assert.match(await active(page), /^Zebra one/);
    assert.equal(await list.locator('[aria-selected=true]').count(), 1);
    await page.keyboard.press('ArrowUp');
    assert.match(await active(page), new RegExp(w.name), 'from the first to the last');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.match(await active(page), /^Zebra two/);
    await page.keyboard.press('Enter');
    await heading(page, other.name);
    assert.equal(await dialog(page).count(), 0);
    // the button, the mouse, and each kind leads to its page
    await press(page, /^Search/);
    await box(page).fill('zebra');
    await answered(page);
    await page.getByRole('option', { name: `${p.name} Archived` }).click();
    await heading(page, p.name);
    await press(page, /^Search/);
    await box(page).fill('zebra one');
    await answered(page);
    await page.getByRole('option', { name: 'version 1' }).click();
    await heading(page, `${m.name}, version 1`);
});

await test('Enter does not wait for a pause: what was typed is looked for, and the best of it opened; an id leads straight there', async () => {
    const m = await model('Yak'), w = await workspace('Yak');
    const { page } = await signedIn();
    await page.keyboard.press('Control+k');
    await page.keyboard.type(`${m.name}`);
    await page.keyboard.press('Enter');
    await heading(page, m.name);
    for (const [id, title] of [[w.id, w.name], [m.rid, m.name]]) {
        await page.keyboard.press('Control+k');
        await page.keyboard.insertText(id);
        await page.keyboard.press('Enter');
        await heading(page, title);
    }
    await page.keyboard.press('Control+k');
    await page.keyboard.insertText('mdl-000000000000000000000000');
    await answered(page);
    await dialog(page).getByText('Nothing found.').waitFor();
    await page.keyboard.press('Enter');
    assert.equal(await dialog(page).count(), 1, 'nothing leads nowhere');
});

await test('while one types few requests are sent, and the answer to an old one is dropped', async () => {
    await model('Walrus'), await model('Wombat');
    const { page } = await signedIn();
    let asked = [], late = null;
    await page.route('**/console/search?*', async route => {
        const q = new URL(route.request().url()).searchParams.get('q');
        asked.push(q);
        if (q === 'Walrus') { late = () => route.continue(); return; }        // held back
        await route.continue();
    });
    await page.keyboard.press('Control+k');
    // six letters within one moment, however slow the machine is
    await box(page).evaluate(field => { for (const c of 'Walrus') { field.value += c; field.dispatchEvent(new InputEvent('input', { bubbles: true })); } });
    await page.waitForFunction(() => document.querySelector('dialog [role=status]').textContent === 'Searching');
    await page.waitForRequest(/q=Walrus/, { timeout: 5000 }).catch(() => {});
    await page.waitForTimeout(400);
    assert.deepEqual(asked, ['Walrus'], 'one for six letters');
    await box(page).fill('Wombat');
    await answered(page);
    const reply = page.waitForResponse('**/console/search?*');
    late();
    await reply;
    await page.waitForTimeout(100);
    assert.match((await options(page)).join(), /Wombat/);
    assert.doesNotMatch((await options(page)).join(), /Walrus/);
    // a refused search is told in the dialog
    await page.unroute('**/console/search?*');
    await page.route('**/console/search?*', route => route.abort());
    await box(page).fill('Wombats');
    await dialog(page).getByText('No connection').waitFor();
});

await test('views are found by their names; what is not the reader\u2019s is not offered', async () => {
    const { page } = await signedIn();
    for (const [text, hash] of [['webh', '#/webhooks'], ['new mod', '#/models/new'], ['arch proj', '#/projects/archived'], ['trash', '#/folders/trash'], ['audit', '#/audit'], ['my acc', '#/account']]) {
        await page.keyboard.press('Control+k');
        await page.keyboard.type(text);
        await answered(page);
        await page.keyboard.press('Enter');
        await page.waitForFunction(h => document.getElementById('main').dataset.shown === h, hash);
    }
    await page.keyboard.press('Control+k');
    await page.keyboard.insertText('reader@main');
    await answered(page);
    await page.getByRole('group', { name: 'Users' }).getByRole('option', { name: /^reader/ }).click();
    await heading(page, 'reader');
    const { page: reader } = await signedIn({}, setup.reader);
    await reader.keyboard.press('Control+k');
    await reader.keyboard.type('rea');
    await answered(reader);
    assert.doesNotMatch((await options(reader)).join(), /reader|Audit/);
    await box(reader).fill('new');
    await answered(reader);
    assert.doesNotMatch((await options(reader)).join(), /New /);
    // before one is signed in there is nothing to search
    await reader.keyboard.press('Escape');
    await press(reader, 'Sign out');
    await reader.getByLabel('E-mail address').waitFor();
    await reader.keyboard.press('Control+k');
    assert.equal(await dialog(reader).count(), 0);
});

// ---- Keys -----------------------------------------------------------------------------------------

await test('? tells the keys, / goes to the list\u2019s search; not while one types, and not when switched off', async () => {
    const { page } = await signedIn();
    await go(page, '#/models');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement.name), 'search');
    await page.keyboard.type('a/b?');
    assert.equal(await page.getByLabel('Search by name').inputValue(), 'a/b?');
    assert.equal(await dialog(page).count(), 0);
    await page.getByRole('button', { name: 'Sign out' }).focus();
    await page.keyboard.press('?');
    await dialog(page).getByLabel(/single character/).uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.keyboard.press('/');
    assert.equal(await dialog(page).count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Sign out');
    // they are found without themselves
    await page.keyboard.press('Control+k');
    await page.keyboard.type('keyboard');
    await answered(page);
    await page.keyboard.press('Enter');
    await dialog(page).getByLabel(/single character/).check();
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
});

await test('what is archived is restored with Tab and Enter alone, from the list of archived models and from the trash', async () => {
    const { page } = await signedIn();
    for (const [hash, name, verb] of [['#/models/archived', 'Tabbed', /^Restore model Tabbed/], ['#/folders/trash', 'Tabbed too', /^Restore model Tabbed too/]]) {
        const m = await model(name);
        assert.equal((await api('POST', `/api/v1/models/${m.id}/archive`)).status, 200);
        await go(page, '#/');
        await go(page, hash);
        const until = async wanted => {
            for (let i = 0; i < 400; i++) {
                if (await page.evaluate(w => new RegExp(w).test(document.activeElement.innerText?.replaceAll(/\s+/g, ' ').trim() + ' ' + document.activeElement.textContent), wanted.source)) return;
                await page.keyboard.press('Tab');
            }
            assert.fail(`${wanted} is not reached`);
        };
        await until(new RegExp(`Restore model ${m.name}`));
        await page.keyboard.press('Enter');
        await dialog(page).waitFor();
        await until(/Restore model$/);
        await page.keyboard.press('Enter');
        await good(page).getByText(`\u201c${m.name}\u201d was restored`).waitFor();
        assert.equal((await api('GET', `/api/v1/models/${m.id}`)).body.status, 'draft', String(verb));
    }
});

// ---- How it looks -----------------------------------------------------------------------------------

for (const [width, colorScheme] of [[390, 'light'], [390, 'dark'], [1024, 'light'], [1440, 'light'], [1440, 'dark']]) {
    await test(`views and dialogs at ${width} pixels, ${colorScheme}, are accessible and fit`, async () => {
        const p = await realm('Seen'), f = await folder(p, 'A folder of a long name, Donaudampfschifffahrtsgesellschaft'.padEnd(120, 'x')), inner = await folder(f, 'Inner'), m = await filed(f, 'Seen model');
        const old = await folder(p, 'Old');
        await folder(old, 'In it');
        await trash(old);
        const { page } = await signedIn({ viewport: { width, height: 900 }, colorScheme });
        const seen = async what => { await accessible(page, `${what} ${width} ${colorScheme}`); await fits(page, what); };
        for (const [what, hash_] of [['space', '#/folders'], ['project', hash(p)], ['folder', hash(f)], ['empty folder', hash(inner)], ['trashed folder', hash(old)], ['trash', '#/folders/trash'], ['model', `#/models/${hex(m.rid)}`]]) {
            await go(page, hash_);
            await seen(what);
        }
        await go(page, hash(f));
        await press(page, 'New folder');
        await dialog(page).getByLabel('Name').fill('Inner');
        await confirm(page, 'Create folder');
        await dialog(page).locator('[aria-invalid=true]').waitFor();
        await seen('new folder');
        await page.keyboard.press('Escape');
        await press(page, /^Move folder Inner/);
        await dialog(page).getByText('The folder is already here.').waitFor();
        await seen('move');
        await page.keyboard.press('Escape');
        await go(page, '#/folders/trash');
        await column(page, 'Old').getByRole('button', { name: /^Delete permanently/ }).first().click();
        await dialog(page).waitFor();
        await seen('delete permanently');
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+k');
        await seen('search, empty');
        await box(page).fill('Seen');
        await answered(page);
        await seen('search');
        await box(page).fill('nothing is called this');
        await answered(page);
        await seen('search, nothing found');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Sign out' }).focus();
        await page.keyboard.press('?');
        await dialog(page).waitFor();
        await seen('keys');
    });
}

await test('no page complained', async () => assert.deepEqual(complaints, []));
await end();
