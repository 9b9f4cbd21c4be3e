// health.js: does the service do its work for this organization?
import { h, count, plural, second, spinner } from './dom.js';
import { get } from './api.js';
import { notice } from './dialog.js';

const works = { deliver: 'Events and webhooks', build: 'Model packages', sweep: 'Deletion of expired data' };
const states = { running: ['Running', 'green'], idle: ['Waiting for its next run', 'green'], stopped: ['Stopped', 'red'], absent: ['Not running', 'amber'] };
const LATE_S = 300, MOST = 10_000;
const some = (n, one, many) => n >= MOST ? `${count(MOST)} ${many} or more` : plural(n, one, many);
const badge = (text, tone) => h('span', { class: `badge tone-${tone}` }, text);

// Each: what is looked at, a badge, and what it means.
function checks(k) {
    const of = name => k.services.find(s => s.name === name).status;
    const none = (name, n) => n > 0 && !['running', 'idle'].includes(of(name));
    const operator = 'Tell the operator of this installation.';
    return [
        ['Database', badge('Answers', 'green'), ''],
        ...k.services.map(s => [works[s.name], badge(...states[s.status]), [s.last_seen && ['Last seen ', second(s.last_seen), '. '], s.status === 'stopped' && operator, s.status === 'absent' && 'Not seen in the last 7 days.']]),
        ['Events without a number', k.oldest_event_seconds > LATE_S ? badge('Late', 'red') : badge('Up to date', 'green'), [`${some(k.events_unnumbered, 'event is', 'events are')} waiting. `,
            k.oldest_event_seconds > LATE_S && `The oldest has been waiting for ${plural(Math.round(k.oldest_event_seconds / 60), 'minute', 'minutes')}: no webhook receives it. ${operator}`]],
        ['Webhook deliveries', none('deliver', k.deliveries_waiting) ? badge('Waiting', 'red') : badge('Being sent', 'green'), `${some(k.deliveries_waiting, 'delivery is', 'deliveries are')} waiting.`],
        ['Webhook endpoints', k.endpoints_failing ? badge('Failing', 'red') : badge('Working', 'green'),
            k.endpoints_failing ? [`The last delivery failed at ${plural(k.endpoints_failing, 'endpoint', 'endpoints')}. `, h('a', { href: '#/webhooks' }, 'Webhooks')] : 'No endpoint is failing.'],
        ['Model packages to build', none('build', k.builds_waiting) ? badge('Waiting', 'red') : badge('Up to date', 'green'), `${some(k.builds_waiting, 'package is', 'packages are')} waiting.`],
    ];
}

export function health() {
    const holder = h('div', {}, spinner('Loading'));
    async function load() {
        try {
            const k = await get('/console/health');
            holder.replaceChildren(h('div', { class: 'scroll whole', tabindex: 0, role: 'region', 'aria-label': 'Health, table' }, h('table', { class: 'table align-middle narrows' }, h('caption', { class: 'visually-hidden' }, 'What was looked at'),
                h('thead', {}, h('tr', {}, ['What', 'State', 'Details'].map(t => h('th', { scope: 'col' }, t)))),
                h('tbody', {}, checks(k).map(([what, state, text]) => h('tr', {}, h('th', { scope: 'row' }, what), h('td', {}, state), h('td', {}, text)))))),
            h('p', { class: 'soft mb-0' }, `Thaw ${k.release}, database schema ${k.schema}.`));
        } catch (e) {
            if (e.kind === 'ended') return;
            if (!e.kind) throw e;
            holder.replaceChildren(h('div', { role: 'alert' }, notice(e, false, load)));
        }
    }
    const again = h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: load }, 'Check again');
    const ready = load();
    return { ready, title: 'Health', refresh: load, node: h('div', {}, h('div', { class: 'head' }, h('h1', { tabindex: -1 }, 'Health'), again), h('div', { class: 'panel' }, holder)) };
}
