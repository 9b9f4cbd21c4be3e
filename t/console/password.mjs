// password.mjs: a link to set a password, opened in a real browser: said what is wrong, set with the
// keyboard, used up, and what it does to windows that are signed in. Run by t/59-links.t.
import assert from 'node:assert/strict';
import { accessible, complaints, end, fits, go, heading, person, setup, signedIn, signIn, test, visit } from './harness.mjs';

const hash = setup.link.replace(/^[^#]*/, '');
const set = async (page, one, two = one) => {
    await page.getByLabel('New password', { exact: true }).fill(one);
    await page.getByLabel('New password again').fill(two);
    await page.keyboard.press('Enter');
};
const says = (page, text) => page.getByRole('alert').getByText(text).waitFor();

for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
        await test(`the page in ${colorScheme} at ${width} pixels: accessible, and no wider than the screen`, async () => {
            const page = await visit(await person({ colorScheme, viewport: { width, height: 800 } }), hash);
            await heading(page, 'Set your password');
            await accessible(page, `password ${colorScheme} ${width}`);
            await fits(page, `password ${colorScheme} ${width}`);
        });
    }
}

await test('what is wrong is said, and nothing is sent', async () => {
    const page = await visit(await person(), hash);
    const sent = [];
    page.on('request', r => { if (r.method() === 'POST' && r.url().includes('/console/password')) sent.push(r.url()); });
    await page.getByText(`For ${setup.who}.`).waitFor();
    await set(page, 'short');
    await says(page, 'Use at least 8 characters.');
    await set(page, 'long enough 1', 'long enough 2');
    await says(page, 'The two passwords are not the same.');
    assert.deepEqual(sent, []);
});

await test('it is set, once; whoever was signed in with it is not any more', async () => {
    const { page: old } = await signedIn({}, { email: setup.email, password: setup.former });
    const page = await visit(await person(), hash);
    const urls = [];
    page.on('request', r => urls.push(r.url()));
    await set(page, setup.next);
    await heading(page, 'Sign in to Thaw');
    await page.getByText('Your password is set. Sign in with it.').waitFor();
    assert.equal(new URL(page.url()).hash, '#/');
    assert.ok(!urls.some(u => u.includes('pwl_')), 'the code is in no address that is sent');
    await signIn(page, { email: setup.email, password: setup.next });
    await go(old, '#/projects').catch(() => {});
    await old.getByText('Sign in again').first().waitFor();
    const again = await visit(await person(), hash);
    await set(again, 'another password');
    await says(again, 'This link is not valid');
});

await test('no page complained', () => assert.deepEqual(complaints, []));
await end();
