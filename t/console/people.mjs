// people.mjs: an administrator's people and keys, and what everybody has of their own, at the keyboard and
// mouse: who makes what is told once, and whoever may not is told whom to ask. Run by t/92-console-people.t.
import assert from 'node:assert/strict';
import { accessible, api, badge, bad, column, complaints, confirm, dialog, end, fits, go, good, heading, person, press, setup, signedIn, signIn, test, visit } from './harness.mjs';

const part = (page, name) => page.getByRole('region', { name });
const save = page => page.locator('form.panel button[type=submit]').click();
// What a dialog shows this once, and the dialog is put away.
async function told(page, label) {
    const text = await dialog(page).getByLabel(label, { exact: true }).inputValue();
    await confirm(page, 'I have stored it');
    return text;
}
async function newUser(page, name, role) {
    await go(page, '#/users/new');
    await page.getByLabel('User name').fill(name);
    await page.getByLabel('E-mail address').fill(`${name}@main.example`);
    await page.getByLabel('Role').selectOption(role);
    await save(page);
    return told(page, 'Link');
}
async function useLink(link, password) {
    const page = await visit(await person(), link.replace(/^[^#]*/, ''));
    await page.getByLabel('New password', { exact: true }).fill(password);
    await page.getByLabel('New password again').fill(password);
    await press(page, 'Set password');
    await page.getByText('Your password is set. Sign in with it.').waitFor();
    return page;
}

await test('a role is made, and a user who has it; the user sets a password by the link, and signs in', async () => {
    const { page } = await signedIn();
    await go(page, '#/roles/new');
    await page.getByLabel('Name').fill('modeller');
    await page.getByLabel('See models, their versions and deployments, and folders').check();
    await page.getByLabel('Create and change models, their versions and deployments, and folders').check();
    await accessible(page, 'a new role');
    await save(page);
    await heading(page, 'modeller');
    await part(page, 'Details').getByText('See models, their versions').waitFor();
    await go(page, '#/users/new');
    await page.getByLabel('User name').fill('mona');
    await page.getByLabel('E-mail address').fill('mona@main.example');
    await page.getByLabel('Role').selectOption('modeller');
    await save(page);
    await dialog(page).getByText('shown only this once, works once, and is valid until').waitFor();
    await accessible(page, 'the link, shown once');
    await page.keyboard.press('Escape');
    const link = await told(page, 'Link');
    assert.match(link, new RegExp(`^${setup.url}/#/password\\?link=pwl_\\w+&user=mona$`));
    await good(page).getByText('User \u201cmona\u201d was created').waitFor();
    await heading(page, 'mona');
    await part(page, 'Sessions').getByText('Not signed in anywhere.').waitFor();
    const hers = await useLink(link, 'what mona chose');
    await signIn(hers, { email: 'mona@main.example', password: 'what mona chose' });
    await go(hers, '#/models/new');
    await heading(hers, 'New model');
    assert.equal(await hers.getByRole('link', { name: 'Users' }).count(), 0, 'what is not hers is not offered');
    await go(page, '#/users');
    await go(page, '#/users?search=mona');
    await column(page, 'mona@main.example').getByRole('link', { name: 'mona' }).click();
    await part(page, 'Sessions').getByRole('rowheader', { name: 'Browser' }).waitFor();
    const again = await visit(await person(), link.replace(/^[^#]*/, ''));
    await again.getByLabel('New password', { exact: true }).fill('another one');
    await again.getByLabel('New password again').fill('another one');
    await press(again, 'Set password');
    await again.getByRole('alert').getByText('This link is not valid: it was used').waitFor();
});

await test('what is taken or wrong is said at its field; what was typed stays', async () => {
    const { page } = await signedIn();
    await go(page, '#/users/new');
    await page.getByLabel('User name').fill('mona');
    await page.getByLabel('E-mail address').fill('nowhere');
    await save(page);
    await page.locator('input[name=email][aria-invalid=true]').waitFor();
    await page.getByLabel('E-mail address').fill('mona2@main.example');
    await save(page);
    await page.locator('input[name=username][aria-invalid=true]').waitFor();
    await page.getByText('This user name is already taken').waitFor();
    assert.equal(await page.getByLabel('E-mail address').inputValue(), 'mona2@main.example');
    page.on('dialog', d => d.accept());
    await go(page, '#/roles/new');
    await page.getByLabel('Name').fill('empty');
    await save(page);
    await page.getByText('Permissions must have at least one permission').waitFor();
});

await test('a user gets another role and a new link, is signed out, disabled and enabled; the history has it', async () => {
    const { page } = await signedIn();
    const link = await newUser(page, 'nils', 'reader');
    const his = await useLink(link, 'what nils chose');
    await signIn(his, { email: 'nils@main.example', password: 'what nils chose' });
    await go(page, '#/users?search=nils');
    await page.getByRole('link', { name: 'nils' }).click();
    await page.getByRole('link', { name: 'Edit user' }).click();
    await page.getByLabel('Role').selectOption('member');
    await save(page);
    await good(page).getByText('was saved').waitFor();
    await part(page, 'Details').getByText('member', { exact: true }).waitFor();
    await press(page, /^End all/);
    await dialog(page).getByText('The user is signed out everywhere').waitFor();
    await accessible(page, 'ending all sessions');
    await confirm(page, 'End all sessions');
    await good(page).getByText('was signed out everywhere').waitFor();
    await part(page, 'Sessions').getByText('Not signed in anywhere.').waitFor();
    await go(his, '#/projects').catch(() => {});
    await his.getByText('Sign in again').first().waitFor();
    await press(page, /^New password link/);
    await confirm(page, 'Create a password link');
    assert.match(await told(page, 'Link'), /pwl_/);
    await press(page, /^Disable user/);
    await confirm(page, 'Disable user');
    await badge(page, 'Disabled');
    assert.equal(await page.getByRole('button', { name: /^New password link/ }).count(), 0);
    await press(page, /^Enable user/);
    await confirm(page, 'Enable user');
    await badge(page, 'Active');
    const history = await part(page, 'History').innerText();
    for (const word of ['Enabled', 'Disabled', 'Password link created', 'All sessions ended', 'Role changed']) assert.match(history, new RegExp(word));
});

await test('a user keeps the role, which is offered among many', async () => {
    for (let n = 1; n <= 110; n++) assert.equal((await api('POST', '/console/roles', { name: `a-${n}`, permissions: ['model:read'], rate: 1 })).status, 201);
    const { page } = await signedIn();
    await go(page, '#/users/new');
    assert.equal(await page.getByLabel('Role').inputValue(), 'member', 'and not the first of them');
    const made = await api('POST', '/console/users', { username: 'rita', email: 'rita@main.example', role: 'reader' });
    await go(page, `#/users/${made.body.id}/edit`);
    await page.getByLabel('E-mail address').fill('rita@elsewhere.example');
    await save(page);
    await heading(page, 'rita');
    const now = (await api('GET', `/console/users/${made.body.id}`)).body;
    assert.equal(`${now.email} ${now.role}`, 'rita@elsewhere.example reader');
});

await test('whose key it is, is told by an id where the name cannot be had', async () => {
    const who = (await api('GET', '/console/users?search=reader')).body.items.find(u => u.username === 'reader');
    const { page } = await signedIn();
    await page.route('**/console/users/*', r => r.abort());
    await go(page, `#/keys/${setup.theirs}`);
    await part(page, 'Details').getByRole('link', { name: who.id }).waitFor();
    assert.equal(await part(page, 'Details').getByText('(you)').count(), 0);
});

await test('the last administrator stays one, and is told what to do', async () => {
    const { page } = await signedIn();
    await go(page, '#/users?search=admin');
    await page.getByRole('link', { name: 'admin', exact: true }).click();
    await press(page, /^Disable user/);
    await confirm(page, 'Disable user');
    await bad(page).getByText('give another user such a role first').waitFor();
    await badge(page, 'Active');
});

await test('a key is made with what is one\u2019s own, used, and revoked', async () => {
    const { page } = await signedIn();
    await go(page, '#/keys/new');
    await page.getByLabel('Name').fill('nightly job');
    assert.ok(await page.getByLabel('Tier').isHidden(), 'a secret key has no tier');
    await page.getByLabel('Restrict the key to some of your permissions').check();
    await save(page);
    await page.getByText('Permissions must include at least one').waitFor();
    await page.getByLabel('See projects').check();
    await page.getByLabel('Valid').selectOption('30 days');
    await accessible(page, 'a new key');
    await save(page);
    await dialog(page).getByText('Store it where your program reads it').waitFor();
    const key = await told(page, 'API key');
    assert.match(key, /^sk_live_/);
    await heading(page, 'nightly job');
    await part(page, 'Details').getByText('See projects').waitFor();
    assert.equal((await api('GET', '/api/v1/projects', undefined, key)).status, 200);
    assert.equal((await api('GET', '/api/v1/models', undefined, key)).status, 403);
    await go(page, '#/keys');
    await column(page, 'nightly job').getByText('admin (you)').waitFor();
    await press(page, /^Revoke API key nightly job/);
    await dialog(page).getByText('refused with their next request').waitFor();
    await accessible(page, 'revoking');
    await confirm(page, 'Revoke API key');
    await column(page, 'nightly job').locator('td .badge', { hasText: 'Revoked' }).waitFor();
    assert.equal((await api('GET', '/api/v1/projects', undefined, key)).status, 401);
    await go(page, '#/keys/new');
    await page.getByLabel('Kind').selectOption('token');
    await page.getByLabel('Agent', { exact: true }).fill('agt_night');
    await page.getByLabel('Tier').selectOption('1');
    await save(page);
    assert.match(await told(page, 'API key'), /^tok_/);
    await part(page, 'Details').getByText('Observe', { exact: true }).waitFor();
});

await test('an application is registered, its secret replaced, and it is revoked', async () => {
    const { page } = await signedIn();
    await go(page, '#/oauth/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Lens');
    await page.getByLabel('Redirect addresses').fill('http://lens.example/cb');
    await save(page);
    await page.locator('textarea[name=redirect_uris][aria-invalid=true]').waitFor();
    await page.getByLabel('Redirect addresses').fill('https://lens.example/cb\nhttps://lens.example/other');
    await page.getByLabel('Change which version has a protected alias or stage').uncheck();
    await accessible(page, 'a new application');
    await save(page);
    const first = await told(page, 'Secret');
    assert.match(first, /^cs_/);
    await heading(page, 'Lens');
    await part(page, 'Details').getByText('https://lens.example/other').waitFor();
    await press(page, /^Replace secret/);
    await confirm(page, 'Replace secret');
    const second = await told(page, 'Secret');
    assert.notEqual(first, second);
    await press(page, /^Revoke OAuth application/);
    await confirm(page, 'Revoke OAuth application');
    await badge(page, 'Revoked');
    await go(page, '#/applications');
    await heading(page, 'Applications');
});

await test('one\u2019s own account: other sessions end, one by one and together; the password is changed', async () => {
    const who = { email: 'nils@main.example', password: 'what nils chose' };
    const { page } = await signedIn({}, who), { page: second } = await signedIn({}, who), { page: third } = await signedIn({}, who);
    await page.getByRole('link', { name: /^My account/ }).click();
    await heading(page, 'My account');
    await part(page, 'Details').getByText('nils@main.example').waitFor();
    const where = part(page, 'Where you are signed in');
    await column(where, 'this session').waitFor();
    assert.equal(await where.getByRole('button', { name: /^End / }).count(), 3, 'two others, and all of them');
    await where.locator('tbody').getByRole('button').first().click();
    await dialog(page).getByText('The session ends immediately').waitFor();
    await confirm(page, 'End session');
    await good(page).getByText('was ended').waitFor();
    await where.locator('tbody tr').nth(2).waitFor({ state: 'detached' });
    await press(page, 'End all others');
    await accessible(page, 'ending the others');
    await confirm(page, 'End all others');
    await good(page).getByText('All your other sessions have ended').waitFor();
    await where.locator('tbody tr').nth(1).waitFor({ state: 'detached' });
    await column(where, 'this session').waitFor();
    for (const other of [second, third]) { await go(other, '#/projects').catch(() => {}); await other.getByText('Sign in again').first().waitFor(); }
    await press(page, 'Change password');
    await accessible(page, 'changing the password');
    const fill = async (current, next, again = next) => {
        await dialog(page).getByLabel('Current password').fill(current);
        await dialog(page).getByLabel('New password', { exact: false }).first().fill(next);
        await dialog(page).getByLabel('New password again').fill(again);
        await confirm(page, 'Change password');
    };
    await fill('what nils chose', 'something new', 'something else');
    await dialog(page).getByText('is not the same as the new password').waitFor();
    await fill('a wrong one', 'something new');
    await dialog(page).locator('[name=current_password][aria-invalid=true]').waitFor();
    await fill('what nils chose', 'short');
    await dialog(page).locator('[name=password][aria-invalid=true]').waitFor();
    await fill('what nils chose', 'something new');
    await good(page).getByText('Your password was changed').waitFor();
    await go(page, '#/projects');
    await heading(page, 'Projects');
    await page.reload();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    const again = await visit(await person());
    await signIn(again, { ...who, password: 'something new' });
});

await test('a link that somebody else opens who is signed in sets the password, and leaves them signed in', async () => {
    const made = await api('POST', '/console/users', { username: 'linked-by', email: 'linked@main.example', role: 'reader' });
    const { page } = await signedIn();
    await page.evaluate(hash => { location.hash = hash; }, made.body.link.replace(/^[^#]*/, ''));
    await page.getByText('For linked-by.').waitFor();
    await page.getByLabel('New password', { exact: true }).fill('by another hand');
    await page.getByLabel('New password again').fill('by another hand');
    await press(page, 'Set password');
    await good(page).getByText('You are still signed in as admin.').waitFor();
    await heading(page, 'Overview');
    await signedIn({}, { email: 'linked@main.example', password: 'by another hand' });
});

await test('who has another role meanwhile is shown what that allows', async () => {
    const made = await api('POST', '/console/users', { username: 'once-admin', email: 'once@main.example', role: 'admin' });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const page = await useLink(made.body.link, 'once upon a time');
    await signIn(page, { email: 'once@main.example', password: 'once upon a time' });
    const menu = page.getByRole('navigation', { name: 'Main' });
    await menu.getByRole('link', { name: 'Users' }).waitFor();
    assert.equal((await api('PATCH', `/console/users/${made.body.id}`, { role: 'reader' })).status, 200);
    await page.waitForTimeout(1100);
    await menu.getByRole('link', { name: 'Audit' }).click();
    await page.getByText('Not allowed').first().waitFor();
    await menu.getByRole('link', { name: 'Models', exact: true }).click();
    await heading(page, 'Models');
    await menu.getByRole('link', { name: 'Users' }).waitFor({ state: 'detached' });
    await go(page, '#/models/new');
    await heading(page, 'Not allowed');
});

await test('a reader is told that it is not allowed, and whom to ask; the own account is there', async () => {
    const { page } = await signedIn({}, setup.reader);
    for (const [hash, permission] of [['#/users', 'organization:admin'], ['#/users/new', 'organization:admin'], ['#/roles', 'organization:admin'], ['#/keys', 'token:read'], ['#/oauth', 'organization:admin']]) {
        await go(page, hash);
        await heading(page, 'Not allowed');
        await page.getByText(`An administrator of your organization can give you the permission ${permission}.`).waitFor();
    }
    await go(page, '#/account');
    await heading(page, 'My account');
    assert.equal(await page.getByRole('link', { name: 'API keys' }).count(), 0);
    await part(page, 'Details').getByText('See projects').waitFor();
});

for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1440]) {
        await test(`each view in ${colorScheme} at ${width} pixels: accessible, and no wider than the screen`, async () => {
            const { page } = await signedIn({ colorScheme, viewport: { width, height: 900 } });
            for (const hash of ['#/users', '#/users/new', '#/roles', '#/roles/new', '#/keys', '#/keys/new', '#/oauth', '#/oauth/new', '#/account']) {
                await go(page, hash);
                await accessible(page, `${hash} ${colorScheme} ${width}`);
                await fits(page, `${hash} ${colorScheme} ${width}`);
            }
            for (const list of ['#/users', '#/roles', '#/keys', '#/oauth']) {
                await go(page, list);
                await page.locator('tbody th a').first().click();
                await part(page, 'Details').waitFor();
                await accessible(page, `one of ${list} ${colorScheme} ${width}`);
                await fits(page, `one of ${list} ${colorScheme} ${width}`);
            }
        });
    }
}

await test('no page complained', () => assert.deepEqual(complaints, []));
await end();
