// webhook.js: what was sent to an endpoint, and why that failed.
import { h, second } from './dom.js';
import { copier } from './dialog.js';

// The newest attempt that failed, while its endpoint is failing.
export async function failing(n, get) {
    if (!n.failing_since) return;
    const { data } = await get(`/v1/webhook_endpoints/${encodeURIComponent(n.id)}/deliveries?limit=20`);
    const tries = data.flatMap(d => (d.attempts ?? []).map(a => ({ ...a, delivery: d }))).filter(a => !(a.response_status >= 200 && a.response_status < 300));
    const last = tries.sort((a, b) => b.created - a.created || b.number - a.number)[0];
    if (!last) return;
    n.fault = last.error ?? `The endpoint answered ${last.response_status}`;
    n.failed = { href: `#/deliveries/${n.id}.${last.delivery.id}`, text: second(last.created).textContent };
}

const headers = id => [
    ['Matter-Signature', 't=TIME,v1=HEX', 'HEX is HMAC-SHA256 of TIME.BODY under the endpoint\u2019s secret as it is shown. While an old secret is valid there is a second v1.'],
    ['webhook-id', id, 'The event: the same in every attempt, so that what comes twice can be told.'],
    ['webhook-timestamp', 'TIME', 'When this attempt was made, in seconds since 1970. Refuse one that is old.'],
    ['webhook-signature', 'v1,BASE64', 'HMAC-SHA256 of ID.TIME.BODY under the secret, as libraries for Standard Webhooks check it.'],
];

// The body of the request and the headers that matter of it.
export function payload(d) {
    const section = (id, title, ...body) => h('section', { class: 'panel', 'aria-labelledby': id }, h('h2', { id, class: 'h5' }, title), body);
    if (!d.told) return section('payload', 'Payload', h('p', { class: 'soft mb-0' }, 'The event was deleted after its retention, or you cannot read its object.'));
    const text = JSON.stringify(d.told, null, 2), pre = h('pre', { tabindex: 0, role: 'region', 'aria-label': 'Body of the request' }, h('code', {}, text));
    return section('payload', 'Payload',
        h('div', { class: 'snippet' }, h('div', { class: 'head' }, h('h3', { class: 'h6' }, 'Body'), copier('Payload', text, pre)), pre,
            h('p', { class: 'soft mb-0' }, 'Indented here; it is sent without white space. pending_webhooks counts the deliveries that are waiting now.')),
        h('h3', { class: 'h6' }, 'Headers'),
        h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Headers of the request' }, h('table', { class: 'table align-middle' }, h('caption', { class: 'visually-hidden' }, 'Headers of the request'),
            h('thead', {}, h('tr', {}, ['Header', 'Value', 'Meaning'].map(t => h('th', { scope: 'col' }, t)))),
            h('tbody', {}, headers(d.event_id).map(([name, value, meaning]) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, h('code', {}, value)), h('td', {}, meaning)))))));
}
