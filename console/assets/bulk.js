// bulk.js: one action on many objects of a list: a request each, with a key each, and what became of each.
import { h, nonce, plural, sentence } from './dom.js';
import { advice, passing } from './api.js';
import { open, toast } from './dialog.js';
import { asks, carryOut } from './act.js';

const AT_ONCE = 4;

// What may be done with many: what can be taken back, and what takes that back.
export const many = (resource, archived) => Object.keys(resource.actions).filter(t => archived
    ? Object.values(resource.actions).some(a => a.undo === t) : resource.actions[t].undo);

// Asked first, unless it takes back what was just done. Resolves when the person has seen what became of them: whether any was tried.
export async function bulk(resource, transition, objects, refresh, unasked = false) {
    const action = resource.actions[transition], what = plural(objects.length, resource.one, resource.many);
    const jobs = objects.map(object => ({ object, key: nonce(), state: 'waiting', told: h('span', { class: 'soft' }, '\u2026') }));
    const bar = h('progress', { max: objects.length, value: 0, 'aria-label': 'Progress', class: 'w-100' }), said = h('p', { role: 'status', class: 'mb-2' });
    const list = h('ul', { class: 'results' }, jobs.map(j => h('li', {}, h('span', {}, resource.name(j.object)), j.told)));
    const yes = h('button', { type: 'button', class: 'btn btn-primary', onclick: run }, `${action.label} ${what}`);
    const no = h('button', { type: 'button', class: 'btn btn-outline-secondary' }, 'Cancel');
    let working = false, begun = false;
    const text = h('p', {}, objects.length === 1 ? asks(action, objects[0]) : `${sentence(action.label)} each of these ${resource.many}. One that cannot be is left as it is.`);
    const d = open({ title: `${action.label} ${what}?`, body: [text, said, bar, h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': sentence(resource.many) }, list)], foot: [no, yes], first: no, busy: () => working });
    bar.hidden = true;
    no.addEventListener('click', () => { if (!working) d.close(); });

    async function one(job) {
        try {
            job.after = await carryOut(resource, transition, job.object, job.key);
            job.state = 'done';
            job.told.textContent = sentence(action.done.replace(/^was /, ''));
        } catch (e) {
            if (e.kind === 'ended') throw e;
            job.state = passing(e) ? 'again' : 'failed';
            job.told.textContent = passing(e) ? advice(e, true)[1] : e.message;
        }
        job.told.className = job.state === 'done' ? 'soft' : 'wrong';
        bar.value = jobs.filter(j => j.state !== 'waiting').length;
    }
    async function run() {
        if (working) return;
        working = begun = true;
        bar.hidden = false;
        for (const b of [yes, no]) b.setAttribute('aria-disabled', 'true');
        const todo = jobs.filter(j => j.state === 'waiting' || j.state === 'again');
        for (const j of todo) j.state = 'waiting';
        try {
            await Promise.all(Array.from({ length: AT_ONCE }, async () => { for (let j; (j = todo.shift());) await one(j); }));
        } catch { d.close(); return; }                       // signed out meanwhile
        working = false;
        const of = state => jobs.filter(j => j.state === state).length;
        said.textContent = `${of('done')} of ${what} ${action.done.replace(/^was /, 'were ')}${of('failed') + of('again') ? `; ${of('failed') + of('again')} could not be, for the reasons below` : ''}.`;
        no.textContent = 'Close';
        no.removeAttribute('aria-disabled');
        if (of('again')) { yes.textContent = 'Try again'; yes.removeAttribute('aria-disabled'); } else yes.remove();
        if (of('done') === jobs.length) d.close(); else no.focus();
    }
    if (unasked) run();
    await d.closed;
    if (!begun) return false;
    const done = jobs.filter(j => j.state === 'done').map(j => j.after);
    await refresh();
    if (!done.length) return true;
    const back = action.undo ?? many(resource, false).find(t => resource.actions[t].undo === transition);
    toast('good', `${plural(done.length, resource.one, resource.many)} ${action.done.replace(/^was /, done.length === 1 ? 'was ' : 'were ')}`, null, false, !unasked && back && ['Undo', () => bulk(resource, back, done, refresh, true)]);
    return true;
}
