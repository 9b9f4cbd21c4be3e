// authorize.js: an application asks to act in a person's name, and the person allows or
// denies it. The server says who asks, and where the browser goes with the answer.
import { h, allowed, spinner } from './dom.js';
import { get, query, request, user } from './api.js';
import { notice } from './dialog.js';

const again = 'Go back to the application and start again there.';
// What an application is not known for, or what has run out, is not mended by trying again.
const problem = (e, retry) => ['lost', 'away', 'slow'].includes(e.kind) ? notice(e, false, retry)
    : h('div', { class: 'note note-bad inline' }, h('div', {},
        h('strong', {}, e.kind === 'gone' ? 'Unknown application' : 'Invalid authorization request'),
        h('div', {}, e.kind === 'gone' ? `No access was granted. ${again} If this happens again, ask the developer of the application whether it is registered with this server.`
            : `${e.message.replace(/\.$/, '')}. No access was granted. ${again}`)));

// `another`: signs out, and comes back here with whoever signs in then.
export async function authorize(params, another) {
    const ask = Object.fromEntries(['client_id', 'redirect_uri', 'scope', 'state', 'code_challenge'].map(n => [n, params.get(n) ?? undefined]));
    const title = 'Allow access';
    const holder = h('div', {}, spinner('Loading'));
    let deny;

    async function load() {
        try {
            const { client_id, redirect_uri, scope } = ask;
            holder.replaceChildren(...question(await get(query('/console/authorize', { client_id, redirect_uri, scope }))));
        } catch (e) {
            if (e.kind === 'ended' || !e.kind) throw e;
            holder.replaceChildren(h('h1', { tabindex: -1 }, title), h('div', { role: 'alert' }, problem(e, retry)), h('a', { href: '#/' }, 'Overview'));
        }
    }
    async function retry() {
        await load();
        (deny ?? holder.querySelector('h1')).focus();
    }

    function question({ client, host, scopes }) {
        const wrong = h('div', { role: 'alert' });
        const said = h('p', { role: 'status', class: 'mb-0' });
        const { username, email } = user();
        let working = false;
        const button = (approve, label, tone) => h('button', { type: 'button', class: `btn btn-${tone}`, 'aria-describedby': 'asks', onclick: () => answer(approve) }, label);
        deny = button(false, 'Deny', 'outline-secondary');
        const allow = button(true, 'Allow', 'primary');
        const foot = h('div', { class: 'foot' }, deny, allow);
        const busy = on => { working = on; for (const b of [deny, allow]) if (on) b.setAttribute('aria-disabled', 'true'); else b.removeAttribute('aria-disabled'); };
        async function answer(approve) {
            if (working) return;
            busy(true);
            wrong.replaceChildren();
            try {
                const { data } = await request('POST', '/console/authorize', { body: { ...ask, approve } });
                // An application may take it without a page of its own: this one then stays.
                foot.remove();
                said.textContent = `${approve ? 'Allowed' : 'Denied'}. Continue at ${host}; you can close this page.`;
                location.assign(data.location);
            } catch (e) {
                if (e.kind === 'ended') return;
                busy(false);
                wrong.replaceChildren(problem(e));
                if (!['lost', 'away', 'slow'].includes(e.kind)) foot.remove();
            }
        }
        return [h('h1', { tabindex: -1 }, `Allow \u201c${client.name}\u201d access?`),
            h('div', { class: 'panel' },
                h('p', { id: 'asks' }, h('strong', {}, client.name), ' wants to act on your behalf. You will be redirected to ', h('strong', {}, host), '.'),
                h('h2', { class: 'h5', id: 'scopes' }, 'It will be able to'),
                h('ul', { 'aria-labelledby': 'scopes' }, allowed(scopes)),
                h('p', { class: 'soft' }, 'The application can never do more than you can. Allow it only if you just started this in the application.'),
                h('dl', { class: 'fields' }, h('dt', {}, 'Signed in as'), h('dd', {}, `${username} (${email}) `,
                    h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: another }, 'Use a different account'))),
                wrong, foot, said)];
    }

    await load();
    return { title, node: h('div', { class: 'narrow' }, holder), first: deny };
}
