// run.mjs: what a person does at the console, in a real browser: the session, projects,
// workspaces, webhooks. Run by t/80-console.t.
import assert from 'node:assert/strict';
import { accessible, api, bad, badge, column, complaints, confirm, dialog, end, entity, fits, focused, go, good, heading, person, press, project, setup, signIn,
    signedIn, sql, status, test, visit, workspace, writes } from './harness.mjs';

const restoreButton = (page, p) => page.getByRole('button', { name: `Restore project ${p.name}`, exact: true });

await test('sign-in: a wrong password says so, the right one opens the overview', async () => {
    const context = await person();
    const page = await visit(context);
    await page.getByLabel('E-mail address').fill(setup.admin.email);
    await page.getByLabel('Password').fill('not this one');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('The e-mail address or the password is wrong').waitFor();
    assert.equal(await page.getByLabel('E-mail address').inputValue(), setup.admin.email, 'the address is kept');
    await signIn(page);
    await heading(page, 'Overview');
    assert.equal(await page.title(), 'Overview \u2013 Thaw');
});

await test('the session: nothing that a script could read, a cookie for its path alone, kept over a reload', async () => {
    const { context, page } = await signedIn();
    assert.deepEqual(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]), ['', 0, 0]);
    const cookies = await context.cookies(`${setup.url}/console/session`);
    assert.equal(cookies.length, 1);
    assert.equal(cookies[0].httpOnly, true);
    assert.equal(cookies[0].sameSite, 'Strict');
    assert.equal(cookies[0].path, '/console/session');
    assert.deepEqual(await context.cookies(`${setup.url}/api/v1/projects`), [], 'no cookie for the API');
    await page.reload();
    await heading(page, 'Overview');
    // Several windows that start at once spend one cookie after the other.
    await Promise.all([1, 2, 3, 4].map(async () => heading(await visit(context), 'Overview')));
    await page.reload();
    await heading(page, 'Overview');
});

await test('an id of dots leads to no other address', async () => {
    const { page } = await signedIn();
    const asked = [];
    page.on('request', r => asked.push(new URL(r.url()).pathname));
    for (const hash of ['#/projects/..', '#/models/%2e%2e', '#/workspaces/.', '#/projects/../edit', '#/webhooks/.%2E']) {
        await go(page, hash);
        await heading(page, 'Not found');
    }
    await go(page, '#/entities/new?workspace_id=..');
    await page.getByRole('alert').getByText('No object has this id').waitFor();
    assert.deepEqual(asked.filter(path => path.endsWith('/')), [], 'nor is one asked for');
});

await test('restore: asks first; cancel and Escape send nothing; confirm restores and goes to the project', async () => {
    const p = await project('Wildwood Bakery', 'publish', 'archive');
    const { page } = await signedIn();
    await go(page, '#/projects/archived');
    for (const leave of [() => page.getByRole('button', { name: 'Cancel' }).click(), () => page.keyboard.press('Escape')]) {
        const sent = await writes(page, async () => {
            await restoreButton(page, p).click();
            await dialog(page).getByText(`Restore project \u201c${p.name}\u201d?`).waitFor();
            assert.equal(await focused(page), 'Cancel', 'the harmless button has the focus');
            await leave();
            await dialog(page).waitFor({ state: 'detached' });
        });
        assert.equal(sent.length, 0, 'nothing was sent');
        assert.equal(await status(p.id), 'ARCHIVED');
        assert.ok(await restoreButton(page, p).evaluate(b => b === document.activeElement), 'the focus is back where it was');
    }
    const sent = await writes(page, async () => {
        await restoreButton(page, p).click();
        await dialog(page).getByRole('button', { name: 'Restore project' }).dblclick();
        await good(page).getByText(`Project \u201c${p.name}\u201d was restored`).waitFor();
    });
    assert.deepEqual(sent.map(r => [r.method(), new URL(r.url()).pathname]), [['PUT', `/api/v1/projects/${p.id}/restore`]], 'one request');
    assert.match((await sent[0].allHeaders()).authorization, /^Bearer ey/);
    assert.equal(sent[0].postData(), null, 'without a body');
    await heading(page, p.name);
    assert.equal(new URL(page.url()).hash, `#/projects/${p.id}`);
    await page.locator('.head .badge', { hasText: 'Live' }).waitFor();
    const latest = page.locator('.timeline li').first();
    await latest.locator('strong', { hasText: 'Restored' }).waitFor();
    assert.match(await latest.innerText(), /Restored by admin\s+Archived\s.*\sLive/s);
    assert.equal(await status(p.id), 'LIVE');
});

await test('restore with the keyboard alone, from the sign-in on', async () => {
    const p = await project('By keyboard', 'archive');
    const page = await visit(await person());
    const press = async (key, until) => {
        for (let i = 0; i < 60; i++) { if (await page.evaluate(until)) return; await page.keyboard.press(key); }
        assert.fail(`not reached: ${until}`);
    };
    const on = text => `document.activeElement.textContent.trim().startsWith(${JSON.stringify(text)})`;
    await page.keyboard.type(setup.admin.email);       // where the focus is
    await page.keyboard.press('Tab');
    await page.keyboard.type(setup.admin.password);
    await page.keyboard.press('Enter');
    await heading(page, 'Overview');
    await press('Shift+Tab', `${on('Projects')} && !!document.activeElement.closest('header')`);
    await page.keyboard.press('Enter');
    await heading(page, 'Projects');
    await press('Tab', `${on('Archived')} && document.activeElement.tagName === 'A'`);
    await page.keyboard.press('Enter');
    await heading(page, 'Archived projects');
    await restoreButton(page, p).waitFor();
    await press('Tab', `document.activeElement.textContent.includes(${JSON.stringify(p.name)}) && document.activeElement.tagName === 'BUTTON'`);
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    for (const key of ['Tab', 'Tab', 'Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab']) {
        await page.keyboard.press(key);
        assert.ok(await page.evaluate(() => !!document.activeElement.closest('dialog')), 'the focus stays in the dialog');
    }
    await press('Tab', on('Restore project'));
    await page.keyboard.press('Enter');
    await heading(page, p.name);
    assert.equal(await status(p.id), 'DRAFT');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'the focus goes to the new page');
});

await test('409: with two windows open, the slower one is told, and its list is refreshed', async () => {
    const p = await project('In two windows', 'archive');
    const { context, page: slow } = await signedIn();
    const fast = await visit(context, '#/projects/archived');
    await go(slow, '#/projects/archived');
    await restoreButton(slow, p).click();
    await dialog(slow).waitFor();
    await restoreButton(fast, p).click();
    await dialog(fast).getByRole('button', { name: 'Restore project' }).click();
    await heading(fast, p.name);
    await dialog(slow).getByRole('button', { name: 'Restore project' }).click();
    await bad(slow).getByText('Only archived projects can be restored').waitFor();
    assert.match(await bad(slow).innerText(), /Someone may have changed it first\. This page now shows the current state/);
    await restoreButton(slow, p).waitFor({ state: 'detached' });
    assert.equal(new URL(slow.url()).hash, '#/projects/archived');
    assert.ok(await slow.evaluate(() => document.activeElement !== document.body), 'the focus is not lost');
});

await test('404: deleted meanwhile; the person is told, and the list is refreshed', async () => {
    const p = await project('Deleted meanwhile', 'archive');
    const { page } = await signedIn();
    await go(page, '#/projects/archived');
    await restoreButton(page, p).click();
    await dialog(page).waitFor();                   // what the restore comes to is asked before
    assert.equal((await api('DELETE', `/api/v1/projects/${p.id}`)).status, 204);
    await dialog(page).getByRole('button', { name: 'Restore project' }).click();
    await bad(page).getByText('Project not found').waitFor();
    await restoreButton(page, p).waitFor({ state: 'detached' });
    await go(page, `#/projects/${p.id}`);
    await heading(page, 'Not found');
});

await test('429: says how long to wait, and the same button tries again', async () => {
    const p = await project('Too fast', 'archive');
    const { page } = await signedIn();
    await go(page, '#/projects/archived');
    await page.route('**/restore', r => r.fulfill({ status: 429, headers: { 'Retry-After': '7' }, contentType: 'application/json',
        body: '{"status":429,"code":"TOO_MANY_REQUESTS","message":"Too many requests"}' }), { times: 1 });
    await restoreButton(page, p).click();
    await dialog(page).getByRole('button', { name: 'Restore project' }).click();
    await dialog(page).getByText('Wait 7 seconds, then try again').waitFor();
    await dialog(page).getByRole('button', { name: 'Try again' }).click();
    await heading(page, p.name);
    assert.equal(await status(p.id), 'DRAFT');
});

await test('a lost answer: says what is not known; trying again is the same request, done once', async () => {
    const p = await project('Lost answer', 'archive');
    const { page } = await signedIn();
    await go(page, '#/projects/archived');
    await page.route('**/restore', async r => { await r.fetch(); await r.abort(); }, { times: 1 });
    const sent = await writes(page, async () => {
        await restoreButton(page, p).click();
        await dialog(page).getByRole('button', { name: 'Restore project' }).click();
        await dialog(page).getByText('The change may have been made').waitFor();
        await dialog(page).getByRole('button', { name: 'Try again' }).click();
        await heading(page, p.name);
    });
    assert.equal(sent.length, 2);
    assert.ok(sent[0].headers()['idempotency-key']);
    assert.equal(sent[0].headers()['idempotency-key'], sent[1].headers()['idempotency-key']);
    await page.locator('.timeline li').nth(2).waitFor();
    assert.equal(await bad(page).count() + await dialog(page).count(), 0);
    assert.equal(await page.locator('.timeline strong', { hasText: 'Restored' }).count(), 1, 'one row in the history');
});

await test('a lost answer, given up: the view shows what became of it', async () => {
    const p = await project('Given up', 'archive');
    const { page } = await signedIn();
    await go(page, '#/projects/archived');
    await page.route('**/restore', async r => { await r.fetch(); await r.abort(); }, { times: 1 });
    await restoreButton(page, p).click();
    await dialog(page).getByRole('button', { name: 'Restore project' }).click();
    await dialog(page).getByRole('button', { name: 'Try again' }).waitFor();
    await page.keyboard.press('Escape');
    await restoreButton(page, p).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).hash, '#/projects/archived');
});

await test('no connection at all: the view says what to do and comes back', async () => {
    const { page } = await signedIn();
    await page.context().setOffline(true);
    await page.evaluate(() => { location.hash = '#/projects'; });
    await page.getByText('Check the connection, then try again').waitFor();
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('table').waitFor();
});

await test('the session ends while one types: signs in again, and nothing typed is lost', async () => {
    const { context, page } = await signedIn();
    await go(page, '#/projects/new');
    await page.getByLabel('Name').fill('Typed before the end');
    await page.getByLabel('Description').fill('a long story');
    await context.clearCookies();
    await page.route('**/api/v1/projects', r => r.request().method() === 'POST'
        ? r.continue({ headers: { ...r.request().headers(), authorization: 'Bearer over' } }) : r.continue(), { times: 1 });
    await page.getByRole('button', { name: 'Create project' }).click();
    await dialog(page).getByText('Sign in again').first().waitFor();
    await accessible(page, 'the sign-in dialog');
    await page.keyboard.press('Escape');
    assert.equal(await dialog(page).count(), 1, 'Escape does not throw the work away');
    assert.equal(await dialog(page).getByLabel('E-mail address').inputValue(), setup.admin.email);
    await dialog(page).getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await dialog(page).getByText('password is wrong').waitFor();
    await dialog(page).getByLabel('Password').fill(setup.admin.password);
    await page.keyboard.press('Enter');
    await heading(page, 'Typed before the end');
    await page.getByText('a long story').waitFor();
});

await test('a token that is about to end is renewed without a word', async () => {
    const context = await person();
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(setup.url);
    await signIn(page);
    const renewed = page.waitForResponse(r => r.url().endsWith('/console/session/refresh') && r.status() === 200);
    await page.clock.fastForward('02:00:00');
    await page.evaluate(() => { location.hash = '#/projects'; });
    await renewed;
    await page.locator('table').waitFor();
    assert.equal(await dialog(page).count(), 0);
});

await test('create and edit: the API says which field is wrong, and the form shows it there', async () => {
    const { page } = await signedIn();
    await go(page, '#/projects');
    await page.getByRole('link', { name: 'New project' }).click();
    await heading(page, 'New project');
    await page.getByLabel('URL').fill('not an address');
    await page.getByRole('button', { name: 'Create project' }).click();
    const name = page.getByLabel('Name');
    await page.locator('[aria-invalid=true]').first().waitFor();
    if (await name.getAttribute('aria-invalid')) {
        await name.fill(`Formed ${Date.now()}`);
        await page.getByRole('button', { name: 'Create project' }).click();
        await page.locator('input[name=url][aria-invalid=true]').waitFor();
    }
    const id = (await page.getByLabel('URL').getAttribute('aria-describedby')).split(' ').at(-1);
    assert.match(await page.locator(`#${id}`).innerText(), /talkide\.app/);
    assert.equal(await focused(page), 'url', 'the focus is on the field');
    await accessible(page, 'a form with errors');
    await page.getByLabel('URL').fill(`formed-${Date.now()}.talkide.app`);
    await page.getByLabel('Accent').fill('oklch(0.78 0.15 70)');
    await page.getByRole('button', { name: 'Create project' }).click();
    await good(page).getByText('was created').waitFor();
    await page.getByRole('link', { name: 'Edit project' }).click();
    await heading(page, 'Edit project');
    await page.getByLabel('Description').fill('edited');
    await page.getByLabel('URL').fill('');
    await page.getByRole('button', { name: 'Save' }).click();
    await good(page).getByText('was saved').waitFor();
    await page.locator('dd', { hasText: 'edited' }).first().waitFor();
    const taken = await project('Taken');
    await go(page, '#/projects/new');
    await page.getByLabel('Name').fill(taken.name);
    await page.getByRole('button', { name: 'Create project' }).click();
    await page.getByRole('alert').getByText(`Couldn\u2019t save the project`).waitFor();
    assert.equal(await page.getByLabel('Name').inputValue(), taken.name, 'what was typed stays');
});

await test('edited by someone else meanwhile: told, nothing overwritten unasked, nothing typed lost', async () => {
    const p = await project('Edited twice');
    const { page } = await signedIn();
    await go(page, `#/projects/${p.id}/edit`);
    await page.getByLabel('Tech stack').fill('mine');
    assert.equal((await api('PUT', `/api/v1/projects/${p.id}`, { name: p.name, description: 'theirs', techStack: 'theirs' })).status, 200);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('This was changed while you were editing').waitFor();
    await page.getByText('Description is now').waitFor();
    await page.getByText('You both changed tech stack').waitFor();
    assert.equal(await page.getByLabel('Description').inputValue(), 'theirs');
    assert.equal(await page.getByLabel('Tech stack').inputValue(), 'mine');
    assert.equal((await api('GET', `/api/v1/projects/${p.id}`)).body.data.techStack, 'theirs');
    await page.getByRole('button', { name: 'Save' }).click();
    await good(page).getByText('was saved').waitFor();
    const now = (await api('GET', `/api/v1/projects/${p.id}`)).body.data;
    assert.equal(now.techStack, 'mine');
    assert.equal(now.description, 'theirs', 'what only the other one changed stays');
});

await test('the detail offers exactly what its state and the person allow', async () => {
    const p = await project('Offers', 'publish');
    const { page } = await signedIn();
    const offered = () => page.locator('.next :is(a, button)').evaluateAll(b => b.map(x => x.firstChild.textContent));
    await go(page, `#/projects/${p.id}`);
    assert.deepEqual(await offered(), ['Edit project', 'Pause', 'Archive']);
    await page.getByRole('button', { name: /^Archive project/ }).click();
    await dialog(page).getByRole('button', { name: 'Archive project' }).click();
    await good(page).getByText('was archived').waitFor();
    await page.locator('.head .badge', { hasText: 'Archived' }).waitFor();
    assert.deepEqual(await offered(), ['Restore', 'Delete']);
    await page.getByRole('button', { name: /^Delete project/ }).click();
    await dialog(page).getByRole('button', { name: 'Delete project' }).click();
    await good(page).getByText('was deleted').waitFor();
    await heading(page, 'Archived projects');
    assert.equal((await api('GET', `/api/v1/projects/${p.id}`)).status, 404);

    const q = await project('Not for readers', 'archive');
    const { page: reader } = await signedIn({}, setup.reader);
    await go(reader, '#/projects/archived');
    await reader.getByRole('link', { name: q.name }).waitFor();
    assert.equal(await reader.getByRole('button', { name: /Restore/ }).count(), 0, 'a reader is offered nothing');
    assert.equal(await reader.getByRole('link', { name: 'New project' }).count(), 0);
    await go(reader, `#/projects/${q.id}`);
    await reader.getByText('You have read-only access (role: reader)').waitFor();
});

await test('the list: status, search, order and pages, each with an address of its own', async () => {
    for (let i = 0; i < 23; i++) await project(`Many ${i % 2 ? 'odd' : 'even'}`, ...(i < 3 ? ['publish'] : []));
    const { page } = await signedIn();
    await go(page, '#/projects');
    const names = () => page.locator('tbody th').allInnerTexts();
    const settled = async text => page.getByText(text, { exact: true }).waitFor();
    await page.getByLabel('Search by name').fill('many e');
    await settled('12 projects');
    assert.ok((await names()).every(n => n.startsWith('Many even')));
    await page.getByLabel('Search by name').fill('many');
    await settled('23 projects');
    await Promise.all([page.waitForResponse(r => r.url().includes('sort=name')), page.getByLabel('Order').selectOption('name')]);
    await page.waitForFunction(() => document.querySelector('[aria-busy=true]') === null);
    const sorted = await names();
    assert.deepEqual(sorted, [...sorted].sort());
    await page.getByRole('link', { name: 'Next' }).click();
    await settled('Page 2 of 2');
    assert.equal(new URL(page.url()).hash, '#/projects?search=many&sort=name&page=2');
    assert.equal((await names()).length, 3);
    await page.reload();
    await settled('Page 2 of 2');
    await page.goBack();
    await settled('Page 1 of 2');
    await page.getByLabel('Status').selectOption('LIVE');
    await settled('3 projects');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Projects' }).click();
    await page.waitForFunction(() => document.querySelector('input[name=search]').value === '');
    await page.getByLabel('Search by name').fill('no such name');
    await settled('No projects match.');
    await page.getByRole('link', { name: 'Show all' }).click();
    await page.locator('table').waitFor();
    assert.equal(new URL(page.url()).hash, '#/projects');
});

await test('what was typed is text, never markup', async () => {
    const p = await project('<img src=x onerror="document.title=1"><b>bold</b> & ok');
    await api('PUT', `/api/v1/projects/${p.id}`, { name: p.name, description: '<script>alert(1)</script>\u202e', accent: 'url(https://elsewhere.example/x)' });
    const { page } = await signedIn();
    await go(page, `#/projects/${p.id}`);
    await page.getByText('<script>alert(1)</script>').waitFor();
    assert.equal(await page.locator('main img').count(), 0);
});

await test('workspaces: create with metadata, edit, and make an entity that goes its way', async () => {
    const { page } = await signedIn();
    await go(page, '#/workspaces');
    await page.getByRole('link', { name: 'New workspace' }).click();
    await heading(page, 'New workspace');
    await press(page, 'Create workspace');
    await page.locator('input[name=name][aria-invalid=true]').waitFor();
    assert.equal(await focused(page), 'name');
    await page.getByLabel('Name').fill('Northern Holdings');
    await press(page, 'Add field');
    await page.keyboard.type('team');
    await press(page, 'Add field');
    await page.keyboard.type('team');
    const sent = await writes(page, async () => {
        await press(page, 'Create workspace');
        await page.getByText('Metadata has the key team twice').waitFor();
    });
    assert.equal(sent.length, 0, 'nothing was sent');
    await accessible(page, 'a form with an error in its metadata');
    await page.getByLabel('Value 1').fill('legal');
    await press(page, 'Remove field 2');
    const made = await writes(page, async () => {
        await page.getByRole('button', { name: 'Create workspace' }).dblclick();
        await good(page).getByText('was created').waitFor();
    });
    assert.deepEqual(made.map(r => r.postDataJSON()), [{ name: 'Northern Holdings', metadata: { team: 'legal' } }], 'once');
    assert.ok(made[0].headers()['idempotency-key']);
    await heading(page, 'Northern Holdings');
    await badge(page, 'Ready');
    const at = new URL(page.url()).hash;

    await page.getByRole('link', { name: 'Edit workspace' }).click();
    await heading(page, 'Edit workspace');
    await page.getByLabel('Name').fill('Southern Holdings');
    await press(page, 'Remove field 1');
    await press(page, 'Add field');
    await page.keyboard.type('cost_center');
    await page.getByLabel('Value 2').fill('4711');
    await press(page, 'Save');
    await good(page).getByText('was saved').waitFor();
    await page.locator('.labels', { hasText: 'cost_center' }).waitFor();
    assert.deepEqual((await api('GET', `/v1/workspaces/${at.split('/').at(-1)}`)).body.metadata, { cost_center: '4711' }, 'what was taken away is gone');

    await page.getByRole('link', { name: 'New entity' }).click();
    await heading(page, 'New entity');
    await page.getByLabel('Name').fill('Southern Inc');
    await press(page, 'Create entity');
    await page.locator('input[name=jurisdiction][aria-invalid=true]').waitFor();
    assert.equal(await focused(page), 'jurisdiction');
    await page.getByLabel('Jurisdiction').fill('US-DE');
    await page.getByLabel('Type').fill('c_corp');
    await press(page, 'Create entity');
    await good(page).getByText('was created').waitFor();
    await heading(page, 'Southern Inc');
    await page.locator('.timeline li').first().waitFor();
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Southern Holdings' }).click();
    await heading(page, 'Southern Holdings');
    await badge(page, 'Active');

    const row = column(page, 'Southern Inc');
    assert.deepEqual(await row.getByRole('button').evaluateAll(b => b.map(x => x.firstChild.textContent)), ['Submit', 'Cancel']);
    await row.getByRole('button', { name: /^Submit entity/ }).click();
    await confirm(page, 'Submit entity');
    await good(page).getByText('Its status is now Submitted.').waitFor();
    await row.getByText('Submitted').filter({ visible: true }).waitFor();
    assert.equal(new URL(page.url()).hash, at, 'one stays with the workspace');
    assert.equal(await focused(page), 'Southern Inc', 'the focus is on the row');
    await row.getByRole('button', { name: /^Cancel entity/ }).click();
    assert.equal(await focused(page), 'Keep it');
    await confirm(page, 'Cancel entity');
    await badge(page, 'Ready');
    assert.equal(await row.getByRole('button').count(), 0);
    await page.locator('.timeline li').nth(3).waitFor();
    assert.match((await page.locator('.timeline li').allInnerTexts()).join('\n'), /Became ready by admin.*Became active by admin.*Edited by admin.*Created by admin/s);
});

await test('restore of a workspace: the status that it will have, and why, before one confirms', async () => {
    const { page } = await signedIn();
    const open = await workspace('With open entities'), done = await workspace('With ended entities'), none = await workspace('Without entities');
    await entity(open, 'Open', 'submit');
    await entity(open, 'Ended', 'cancel');
    await entity(done, 'Ended', 'cancel');
    for (const w of [open, done, none]) assert.equal((await api('POST', `/v1/workspaces/${w.id}/archive`)).body.status, 'archived');
    await go(page, '#/workspaces/archived');
    const button = w => page.getByRole('button', { name: `Restore workspace ${w.name}`, exact: true });
    const sent = await writes(page, async () => {
        for (const [w, to, why] of [[open, 'Active', '1 of its 2 entities is not in a final status.'], [done, 'Ready', 'Its only entity is in a final status.'], [none, 'Ready', 'The workspace has no entities.']]) {
            await button(w).dblclick();
            await dialog(page).getByText(`The workspace will be ${to}. ${why}`).waitFor();
            assert.equal(await dialog(page).locator('.leads').textContent(), `Archived \u2192  to ${to}`, 'where it leads');
            assert.equal(await focused(page), 'Cancel', 'the harmless button has the focus');
            await page.keyboard.press('Escape');
            await dialog(page).waitFor({ state: 'detached' });
            assert.ok(await button(w).evaluate(b => b === document.activeElement), 'the focus is back');
        }
    });
    assert.equal(sent.length, 0, 'nothing was sent');

    // A double click whose second half comes when the dialog is there, over the button that confirms.
    const begun = await button(open).evaluate(b => new Promise(resolve => {
        new MutationObserver((_, seen) => {
            const yes = document.querySelector('dialog[open] .btn-primary, dialog[open] .btn-success');
            if (!yes) return;
            seen.disconnect();
            yes.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, detail: 2 }));
            resolve([yes.textContent, yes.getAttribute('aria-disabled')]);
        }).observe(document.body, { childList: true, attributes: true, subtree: true });
        b.click();
    }));
    assert.deepEqual(begun, ['Restore workspace', null], 'it confirms nothing');
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });

    await button(open).click();
    await dialog(page).getByRole('button', { name: 'Restore workspace' }).dblclick();
    await good(page).getByText('Its status is now Active.').waitFor();
    await heading(page, open.name);
    await badge(page, 'Active');
    await page.locator('.timeline strong', { hasText: 'Restored' }).waitFor();
    assert.equal(await page.locator('.timeline strong', { hasText: 'Restored' }).count(), 1);

    // Changed between the question and the answer.
    await go(page, `#/workspaces/${none.id}`);
    assert.equal((await api('POST', `/v1/workspaces/${open.id}/archive`)).status, 200);
    await go(page, `#/workspaces/${open.id}`);
    await press(page, /^Restore workspace/);
    await dialog(page).getByText('The workspace will be Active.').waitFor();
    for (const id of (await api('GET', `/v1/workspaces/${open.id}`)).body.entity_ids) await api('POST', `/v1/entities/${id}/cancel`);
    await confirm(page, 'Restore workspace');
    await good(page).getByText('Its status is now Ready, not Active, because something changed in the meantime.').waitFor();

    // Without an answer to the question there is nothing to confirm.
    await page.route('**/console/target/**', r => r.abort(), { times: 1 });
    await go(page, '#/workspaces/archived');
    await button(done).click();
    await bad(page).getByText('No connection').waitFor();
    assert.equal(await dialog(page).count(), 0);
});

await test('a workspace with the keyboard alone: an entity goes its way, archive, restore', async () => {
    const w = await workspace('By keyboard'), e = await entity(w, 'By keyboard');
    const { page } = await signedIn();
    await go(page, `#/workspaces/${w.id}`);
    const reach = async text => {
        for (let i = 0; i < 60; i++) {
            if (await page.evaluate(t => document.activeElement.textContent.trim().startsWith(t) && document.activeElement.matches('button, a'), text)) return;
            await page.keyboard.press('Tab');
        }
        assert.fail(`not reached: ${text}`);
    };
    const act = async (text, again = text) => {
        await reach(text);
        await page.keyboard.press('Enter');
        await dialog(page).waitFor();
        await reach(again);
        await page.keyboard.press('Enter');
        await dialog(page).waitFor({ state: 'detached' });
    };
    await act('Submit entity');
    await good(page).getByText('Its status is now Submitted.').waitFor();
    assert.equal((await api('GET', `/v1/entities/${e.id}`)).body.status, 'submitted');
    await go(page, `#/workspaces/${w.id}/edit`);
    await go(page, `#/workspaces/${w.id}`);
    await act('Archive workspace');
    await badge(page, 'Archived');
    await act('Restore workspace');
    await badge(page, 'Active');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'the focus is on the page');
});

await test('workspaces: archive, the archived view, status, order, and pages by cursor', async () => {
    for (let i = 0; i < 45; i++) await workspace(`Cursor ${String(i).padStart(2, '0')}`);
    const { page } = await signedIn();
    await go(page, '#/workspaces');
    const names = () => page.locator('tbody th a').allInnerTexts();
    const settled = async hash => page.waitForFunction(h => location.hash === h && document.getElementById('main').dataset.shown === h && !document.querySelector('main .busy, [aria-busy=true]'), hash);
    const follow = async name => {
        const link = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name });
        const to = new URL(await link.evaluate(a => a.href)).hash;
        await link.click();
        await settled(to);
        return names();
    };
    assert.equal(await page.getByLabel('Search by name').count(), 0, 'the API does not search');
    await Promise.all([page.waitForResponse(r => r.url().includes('sort=name')), page.getByLabel('Order').selectOption('name')]);
    await page.waitForFunction(() => !document.querySelector('[aria-busy=true]'));
    assert.equal(new URL(page.url()).hash, '#/workspaces?sort=name');
    const first = await names();
    assert.equal(first.length, 20);
    assert.equal(await page.getByText('20 workspaces on this page').count(), 1);
    assert.equal(await page.getByRole('link', { name: 'Previous' }).count(), 0);
    const second = await follow('Next'), third = await follow('Next');
    assert.deepEqual([...first, ...second, ...third], [...new Set([...first, ...second, ...third])].sort(), 'in order, none twice');
    assert.match(page.url(), /after=wks_/);
    await page.reload();
    await page.locator('table').waitFor();
    assert.deepEqual(await names(), third, 'each page has an address');
    assert.deepEqual(await follow('Previous'), second);
    assert.deepEqual(await follow('Previous'), first);
    assert.equal(await page.getByRole('link', { name: 'Previous' }).count(), 0);
    assert.deepEqual(await follow('Next'), second);
    await page.goBack();
    await page.waitForFunction(n => document.querySelector('tbody th a')?.textContent === n, first[0]);

    await page.getByRole('button', { name: `Archive workspace ${first[0]}`, exact: true }).click();
    await confirm(page, 'Archive workspace');
    await good(page).getByText('was archived').waitFor();
    await heading(page, 'Workspaces');
    await go(page, '#/workspaces/archived');
    await page.getByRole('link', { name: first[0], exact: true }).click();
    await heading(page, first[0]);
    assert.equal(await page.getByRole('link', { name: 'New entity' }).count(), 0, 'no entity can be made in it');
    await go(page, '#/workspaces/archived');
    assert.ok((await names()).includes(first[0]));
    assert.equal(await page.getByLabel('Status').count(), 0);
    await go(page, '#/workspaces?status=active');
    for (const row of await page.locator('tbody tr').all()) assert.match(await row.innerText(), /Active/);
    await go(page, '#/entities?status=cancelled');
    for (const row of await page.locator('tbody tr').all()) assert.match(await row.innerText(), /Cancelled/);
    await go(page, '#/entities/new?workspace_id=wks_nothing');
    await page.getByText('Not found').first().waitFor();
});

await test('webhook endpoints: create and rotate show a secret once; edit, disable, enable, test, delete', async () => {
    const { page } = await signedIn();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await go(page, '#/webhooks');
    await page.getByRole('link', { name: 'New endpoint' }).click();
    await heading(page, 'New endpoint');
    await page.getByLabel('URL').fill('https://hooks.example/thaw');
    const events = page.getByRole('group', { name: 'Events' }), open = word => events.locator('summary', { hasText: new RegExp(`^${word}$`) }).click();
    await press(page, 'Create endpoint');
    await events.locator('input[aria-invalid=true]').waitFor();
    assert.equal(await focused(page), '*');
    await open('workspace');
    await events.getByLabel('workspace.archived').check();
    await events.getByLabel('All of workspace.*').check();
    assert.ok(await events.getByLabel('workspace.archived').isDisabled(), 'which the wider one has');
    await page.getByRole('button', { name: 'Create endpoint' }).dblclick();
    await dialog(page).getByText('shown only this once').waitFor();
    const secret = await dialog(page).getByLabel('Secret').inputValue();
    assert.match(secret, /^whsec_/);
    await accessible(page, 'the secret');
    await page.keyboard.press('Escape');
    assert.equal(await dialog(page).count(), 1, 'Escape does not throw it away');
    assert.equal(await focused(page), 'Copy');
    await page.keyboard.press('Enter');
    await dialog(page).getByText('Copied.').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    await press(page, 'I have stored it');
    await heading(page, 'https://hooks.example/thaw');
    await good(page).getByText('was created').waitFor();
    assert.equal(await page.getByText('whsec_').count(), 0, 'it is nowhere any more');
    const id = new URL(page.url()).hash.split('/').at(-1);
    const now = async () => (await api('GET', `/v1/webhook_endpoints/${id}`)).body;

    await page.getByRole('link', { name: 'Edit endpoint' }).click();
    await page.getByLabel('Description').fill('The billing service');
    assert.ok(await events.getByLabel('All of workspace.*').isChecked());
    await events.getByLabel('All of workspace.*').uncheck();
    await events.getByLabel('workspace.archived').check();
    await open('entity');
    await events.getByLabel('All of entity.*').check();
    await press(page, 'Save');
    await good(page).getByText('was saved').waitFor();
    assert.deepEqual((await now()).enabled_events, ['entity.*', 'workspace.archived']);
    // One that another release had is shown, and can be taken away; until then nothing is saved.
    sql(`UPDATE webhook_endpoints SET enabled_events = '["entity.*","workspace.melted"]' WHERE url = 'https://hooks.example/thaw'`);
    await page.reload();
    await page.getByRole('link', { name: 'Edit endpoint' }).click();
    await page.getByLabel('Description').fill('Two services');
    await press(page, 'Save');
    await page.getByText('This server doesn\u2019t know workspace.melted.').waitFor();
    await events.getByLabel('workspace.melted (unknown to this server)').uncheck();
    await press(page, 'Save');
    await good(page).getByText('was saved').waitFor();
    assert.deepEqual((await now()).enabled_events, ['entity.*']);
    await press(page, /^Disable endpoint/);
    await confirm(page, 'Disable endpoint');
    await good(page).getByText('Its status is now Disabled.').waitFor();
    await badge(page, 'Disabled');
    assert.equal(await page.getByRole('button', { name: /^Test endpoint/ }).count(), 0, 'no test event for a disabled one');
    await press(page, /^Enable endpoint/);
    await confirm(page, 'Enable endpoint');
    await badge(page, 'Enabled');
    assert.equal((await now()).status, 'enabled');
    await press(page, /^Test endpoint/);
    await confirm(page, 'Test endpoint');
    await good(page).getByText('will get a test event').waitFor();
    await press(page, /^Rotate secret/);
    await confirm(page, 'Rotate secret');
    await dialog(page).getByLabel('Secret').waitFor();
    const other = await dialog(page).getByLabel('Secret').inputValue();
    assert.match(other, /^whsec_/);
    assert.notEqual(other, secret);
    await press(page, 'I have stored it');
    await good(page).getByText('has a new secret').waitFor();
    await page.getByText('Old secret valid until').waitFor();
    await press(page, /^Delete endpoint/);
    await confirm(page, 'Delete endpoint');
    await good(page).getByText('was deleted').waitFor();
    await heading(page, 'Webhooks');
    assert.equal((await api('GET', `/v1/webhook_endpoints/${id}`)).status, 404);

    // A lost answer had a secret: the same request again tells it.
    await go(page, '#/webhooks/new');
    await page.getByLabel('URL').fill('https://hooks.example/lost');
    await events.getByLabel('All events').check();
    await page.route('**/v1/webhook_endpoints', async r => { await r.fetch(); await r.abort(); }, { times: 1 });
    const tries = await writes(page, async () => {
        await press(page, 'Create endpoint');
        await page.getByText('The change may have been made').waitFor();
        await press(page, 'Create endpoint');
        await dialog(page).getByLabel('Secret').waitFor();
    });
    assert.equal(tries[0].headers()['idempotency-key'], tries[1].headers()['idempotency-key']);
    await press(page, 'I have stored it');
    await heading(page, 'https://hooks.example/lost');
    assert.equal((await api('GET', '/v1/webhook_endpoints?limit=100')).body.data.filter(n => n.url.endsWith('/lost')).length, 1, 'made once');
    // Another token may not have it.
    await page.route('**/rotate_secret', r => r.fulfill({ status: 409, contentType: 'application/problem+json', body: '{"status":409,"code":"idempotency_key_sealed","detail":"sealed"}' }), { times: 1 });
    await press(page, /^Replace secret/);
    await confirm(page, 'Replace secret');
    await bad(page).getByText('rotate the secret to get a new one').waitFor();
    await press(page, /^Replace secret/);
    await confirm(page, 'Replace secret');
    await press(page, 'I have stored it');
    await good(page).getByText('has a new secret').waitFor();

    const { page: reader } = await signedIn({}, setup.reader);
    await go(reader, '#/webhooks');
    assert.equal(await reader.getByRole('link', { name: 'New endpoint' }).count(), 0, 'a reader is offered nothing');
});

await test('deliveries: what became of each, its attempts, and once more', async () => {
    const made = await api('POST', '/v1/webhook_endpoints', { url: 'https://hooks.example/deliveries', enabled_events: ['workspace.*'] });
    for (let i = 0; i < 12; i++) await workspace('Told of');
    await api('GET', '/v1/events');
    const told = (await api('GET', `/v1/webhook_endpoints/${made.body.id}/deliveries?limit=100`)).body.data;
    assert.ok(told.length >= 12, 'there are deliveries');
    sql(`UPDATE deliveries SET outcome = 'failed', tries = 2, response_status = 500, next_at = NULL
            WHERE endpoint_id = (SELECT id FROM webhook_endpoints WHERE url = '${made.body.url}') ORDER BY sequence DESC LIMIT 1;
        INSERT INTO delivery_attempts SELECT organization_id, id, 1, updated_at, 10003, NULL, 'no answer in time' FROM deliveries WHERE tries = 2;
        INSERT INTO delivery_attempts SELECT organization_id, id, 2, updated_at, 87, 500, NULL FROM deliveries WHERE tries = 2`);
    const { page } = await signedIn();
    await go(page, `#/webhooks/${made.body.id}`);
    const failed = column(page, 'Failed');
    await failed.getByRole('link').waitFor();
    assert.equal(await page.locator('tbody tr').count(), 10);
    await page.getByRole('button', { name: 'Show more deliveries' }).click();
    await page.locator('tbody tr').nth(10).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement === document.querySelectorAll('tbody th a')[10]), true, 'the focus is on the first of the new rows');
    await failed.getByRole('link').click();
    await page.getByRole('heading', { name: 'Attempts' }).waitFor();
    const attempts = await page.getByRole('region', { name: 'Attempts' }).locator('tbody tr').allInnerTexts();
    assert.match(attempts[0], /^2\s.*500.*87 ms$/s);
    assert.match(attempts[1], /^1\s.*no answer in time.*10,003 ms$/s);
    await press(page, /^Redeliver/);
    const sent = await writes(page, async () => {
        await dialog(page).getByRole('button', { name: 'Redeliver' }).dblclick();
        await good(page).getByText('will be sent again').waitFor();
    });
    assert.deepEqual(sent.map(r => new URL(r.url()).pathname), [`/v1/webhook_endpoints/${made.body.id}/deliveries/${told[0].id}/redeliver`], 'once');
    await badge(page, 'Pending');
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link').click();
    await heading(page, 'https://hooks.example/deliveries');
    await api('PATCH', `/v1/webhook_endpoints/${made.body.id}`, { status: 'disabled' });
    await page.locator('tbody tr').first().getByRole('button', { name: /^Redeliver/ }).click();
    await confirm(page, 'Redeliver');
    await bad(page).getByText('is in state `disabled` and cannot be delivered to').waitFor();
    await badge(page, 'Disabled');
    for (const hash of ['#/deliveries', `#/deliveries/${made.body.id}`]) {
        await go(page, hash);
        await heading(page, 'Not found');
    }
});

await test('authorizations: what an agent asked for waits for its human, who approves or denies', async () => {
    const yes = await workspace('To be approved'), no = await workspace('To be denied');
    for (const w of [yes, no]) assert.equal((await api('POST', `/v1/workspaces/${w.id}/archive`, undefined, setup.agent)).status, 202);
    const { page } = await signedIn();
    await page.getByRole('link', { name: '2 authorizations are waiting for you' }).click();
    await heading(page, 'Authorizations');
    const row = w => column(page, `Archive workspace ${w.name}`);
    await row(yes).getByRole('button', { name: /^Approve/ }).click();
    await dialog(page).getByText(`Archive workspace ${yes.name}`).waitFor();
    assert.equal(await focused(page), 'Cancel');
    const sent = await writes(page, async () => {
        await dialog(page).getByRole('button', { name: 'Approve' }).dblclick();
        await good(page).getByText('Its status is now Approved.').waitFor();
    });
    assert.equal(sent.length, 1, 'once');
    await row(yes).waitFor({ state: 'detached' });
    assert.ok(await page.evaluate(() => document.activeElement !== document.body), 'the focus is not lost');
    assert.equal((await api('GET', `/v1/workspaces/${yes.id}`)).body.status, 'archived');
    await row(no).getByRole('link').click();
    await heading(page, `Archive workspace ${no.name}`);
    await page.getByText('agt_console').waitFor();
    await press(page, /^Deny/);
    await confirm(page, 'Deny');
    await badge(page, 'Denied');
    assert.equal((await api('GET', `/v1/workspaces/${no.id}`)).body.status, 'ready');
    await page.getByText('Nothing can be done while the authorization is denied.').waitFor();
    await go(page, '#/authorizations');
    await page.getByText('Nothing is waiting for your approval.').waitFor();
    await page.getByLabel('Status').selectOption('approved');
    await row(yes).waitFor();
    assert.equal(new URL(page.url()).hash, '#/authorizations?status=approved');

    const { page: reader } = await signedIn({}, setup.reader);
    await go(reader, '#/authorizations?status=approved');
    assert.equal(await reader.locator('tbody tr').count(), 0, 'another person decides nothing of it');
    const asked = (await api('POST', `/v1/workspaces/${no.id}/archive`, undefined, setup.agent)).body;
    await go(reader, `#/authorizations/${asked.id}`);
    await reader.getByText('You have read-only access (role: reader)').waitFor();
});

await test('the overview: counts by status, charts of thirty days and the same numbers as tables', async () => {
    const { page } = await signedIn();
    await page.locator('.bars').last().waitFor();
    const live = (await api('GET', '/api/v1/projects?status=LIVE')).body.totalElements;
    assert.match(await page.locator('a[href="#/projects?status=LIVE"]').innerText(), new RegExp(`^${live}\\s+Live$`));
    const ready = (await api('GET', '/console/activity')).body.statuses.find(s => s.resource === 'workspace' && s.status === 'ready').count;
    assert.match(await page.locator('a[href="#/workspaces?status=ready"]').innerText(), new RegExp(`^${ready}\\s+Ready$`));
    assert.equal(await page.getByRole('heading', { name: /^Entities \d/ }).count(), 1);
    const changes = page.getByRole('region', { name: 'Changes per day', exact: true });
    await changes.getByText('Show as table').click();
    const all = (await api('GET', '/console/activity')).body.days, last = all.at(-1).date;
    const today = await changes.locator('tbody tr').first().locator('td').allInnerTexts();
    assert.deepEqual(today.map(t => Number(t.replaceAll(/\D/g, ''))), [all.filter(d => d.date === last).reduce((n, d) => n + d.count, 0)]);
    assert.ok((await changes.locator('.bars > div').last().boundingBox()).height > 100 && (await changes.locator('.bars > div:last-child > span').boundingBox()).height > 1, 'something is drawn');
    assert.equal(await changes.locator('.bars > div').count(), 30);
    assert.match(await changes.locator('.bars > div').last().getAttribute('title'), /\nChanges: \d/);
});

await test('sign-out: the session is over in every window, and for good', async () => {
    const { context, page } = await signedIn();
    const other = await visit(context, '#/projects');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading(page, 'Sign in to Thaw');
    await heading(other, 'Sign in to Thaw');
    assert.deepEqual(await context.cookies(`${setup.url}/console/session`), []);
    await page.reload();
    await heading(page, 'Sign in to Thaw');
    assert.equal(new URL(page.url()).hash, '');
});

const archived = await project('Shown in every light', 'publish', 'archive');
const shown = await project('Shown with a rather long name that has to be broken somewhere on a narrow screen', 'publish');
await api('PUT', `/api/v1/projects/${shown.id}`, { name: shown.name, description: 'word '.repeat(90), url: `${'a'.repeat(60)}.talkide.app`, accent: 'oklch(0.78 0.15 70)', techStack: 'C'.repeat(120) });
const holder = await workspace('Held with a rather long name that has to be broken somewhere on a narrow screen');
await api('PATCH', `/v1/workspaces/${holder.id}`, { metadata: { team: 'legal', ['k'.repeat(40)]: 'v'.repeat(200) } });
for (const moves of [[], ['submit'], ['submit', 'register'], ['cancel']]) await entity(holder, 'Held', ...moves);
const kept = await workspace('Kept in the archive');
await entity(kept, 'Kept');
await api('POST', `/v1/workspaces/${kept.id}/archive`);
const held = (await api('GET', `/v1/entities?workspace_id=${holder.id}`)).body.data[0];
const hook = (await api('GET', '/v1/webhook_endpoints')).body.data.find(n => n.url.endsWith('/deliveries'));
const sent = (await api('GET', `/v1/webhook_endpoints/${hook.id}/deliveries?limit=100`)).body.data.find(d => d.attempt_count);
for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1024, 1440]) {
        await test(`every view in ${colorScheme} at ${width} pixels: accessible, and no wider than the screen`, async () => {
            const context = await person({ colorScheme, viewport: { width, height: 800 } });
            const page = await visit(context);
            const look = async what => {
                await page.waitForFunction(() => !document.querySelector('main .busy, main [aria-busy=true]'));
                await fits(page, what);
                await accessible(page, what);
            };
            await look('sign-in');
            await signIn(page);
            await page.locator('.bars').last().waitFor();
            await look('overview');
            await page.getByText('Show as table').last().click();
            await look('overview with its table');
            for (const hash of ['#/projects', '#/projects?search=nothing+like+it', '#/projects/archived', `#/projects/${shown.id}`, `#/projects/${shown.id}/edit`, '#/projects/new',
                '#/workspaces', '#/workspaces/archived', `#/workspaces/${holder.id}`, `#/workspaces/${holder.id}/edit`, '#/workspaces/new', '#/entities', `#/entities/${held.id}`,
                `#/entities/${held.id}/edit`, `#/entities/new?workspace_id=${holder.id}`, '#/authorizations', '#/authorizations?status=approved', '#/webhooks', '#/webhooks/new',
                `#/webhooks/${hook.id}`, `#/webhooks/${hook.id}/edit`, `#/deliveries/${hook.id}.${sent.id}`, '#/nowhere', '#/projects/99999999']) {
                await go(page, hash);
                await page.waitForFunction(() => !document.querySelector('main .busy, main [aria-busy=true]'));
                await look(hash);
            }
            await go(page, `#/projects/${shown.id}`);
            await page.locator('.timeline summary').first().click();
            await look('history opened');
            await go(page, '#/projects/archived');
            await restoreButton(page, archived).click();
            await look('dialog');
            await page.keyboard.press('Escape');
            await go(page, '#/workspaces/archived');
            await press(page, `Restore workspace ${kept.name}`);
            await dialog(page).getByText('The workspace will be Active.').waitFor();
            await look('dialog with its target');
            await page.keyboard.press('Escape');
            await go(page, '#/authorizations');
            await press(page, /^Approve/);
            await look('dialog of an authorization');
            await page.keyboard.press('Escape');
            await go(page, '#/projects/archived');
            await page.route('**/restore', r => r.fulfill({ status: 409, contentType: 'application/json', body: '{"status":409,"code":"CONFLICT_PROJECT","message":"Only archived projects can be restored"}' }), { times: 1 });
            await restoreButton(page, archived).click();
            await dialog(page).getByRole('button', { name: 'Restore project' }).click();
            await bad(page).waitFor();
            await look('notification');
        });
    }
}

await test('no console error, no violation of the Content-Security-Policy, no foreign request in all of this', () => assert.deepEqual(complaints, []));
await end();
