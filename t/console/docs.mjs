// docs.mjs: the pages under /docs in a real browser, without a script: they fit, they are accessible, and they lead to
// each other. Run by t/07-docs.t, which hands over the addresses.
import assert from 'node:assert/strict';
import { accessible, complaints, end, fits, person, setup, test } from './harness.mjs';

// Every page and every kind of page in both schemes, at both widths.
for (const colorScheme of ['light', 'dark'])
    for (const width of [390, 1440])
        await test(`the pages at ${width}, ${colorScheme}`, async () => {
            const context = await person({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
            for (const path of [...setup.pages, ...width === 390 && colorScheme === 'dark' ? setup.references : []]) {
                const page = await context.newPage();
                await page.goto(setup.url + path);
                await fits(page, `${path} at ${width}`);
                await accessible(page, `${path} ${colorScheme} ${width}`);
                await page.close();
            }
        });

await test('they are read without a script, in the style of the console, under its policy', async () => {
    const context = await person({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${setup.url}/docs`);
    await page.getByRole('link', { name: 'Models', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    await page.getByRole('link', { name: 'Archive a model' }).click();
    const part = page.locator('#archiveModel');
    assert.ok(new URL(page.url()).hash === '#archiveModel' && await part.isVisible(), 'an operation has an address');
    assert.match(await part.innerText(), /Moves the model from `?draft`? or `?ready`? to `?archived`?/);
    await part.getByText('Example of an answer').click();
    assert.ok(await part.locator('pre').last().isVisible(), 'examples open');
    await part.getByRole('link', { name: 'Model', exact: true }).click();
    assert.ok(await page.locator('#Model').isVisible(), 'objects have addresses');
    assert.match(await page.locator('header.bar').evaluate(e => getComputedStyle(e).backgroundColor), /rgb\(255, 255, 255\)/, "the console's style is there");
    await page.keyboard.press('Tab');
});

await test('the console leads there', async () => {
    const context = await person();
    const page = await context.newPage();
    await page.goto(`${setup.url}/`);
    await page.getByRole('link', { name: 'Documentation' }).click();
    await page.getByRole('heading', { level: 1, name: 'Documentation' }).waitFor();
});

await test('nothing was complained about', async () => assert.deepEqual(complaints, []));
await end();
