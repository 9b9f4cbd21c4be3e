// start.js: the start page: how many objects are in which state, and on each of the last thirty
// days how training ended, whether webhooks arrived, and how much was done.
import { h, count, plural, dayName, badge, listed, spinner } from './dom.js';
import { get, may, mode } from './api.js';
import { bars } from './bars.js';
import { notice } from './dialog.js';
import { waiting } from './pages.js';
import { resources } from './resources.js';

const DAYS = 30;
function lastDays() {
    const today = new Date();
    return Array.from({ length: DAYS }, (_, i) =>
        new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() - (DAYS - 1 - i))).toISOString().slice(0, 10));
}

function counts(statuses) {
    return h('div', { class: 'row g-3' }, resources.filter(r => r.counted && may(r.read)).map(r => {
        const mine = statuses.filter(s => s.resource === r.word);
        const total = mine.reduce((n, s) => n + s.count, 0);
        const of = status => mine.find(s => s.status === status)?.count ?? 0;
        return h('section', { class: 'col-md-6', 'aria-labelledby': `count-${r.word}` }, h('div', { class: 'panel' },
            h('h2', { class: 'h5', id: `count-${r.word}` }, h('a', { href: `#/${r.path}` }, r.title), h('span', { class: 'soft' }, ` ${count(total)}`)),
            h('ul', { class: 'counts' }, [...r.listed, r.archived].filter(Boolean).map(s => h('li', {},
                h('a', { href: s === r.archived ? `#/${r.path}/archived` : `#/${r.path}?status=${s}` },
                    h('span', { class: 'number' }, count(of(s))), ' ', badge(r, s)))))));
    }));
}

// What other people's work waits for; nothing, when that cannot be had.
async function calls() {
    const asked = resources.filter(r => r.mine && may(r.create));
    const numbers = await Promise.all(asked.map(r => waiting(r).catch(e => { if (e.kind === 'ended') throw e; return 0; })));
    return asked.map((r, i) => numbers[i] > 0 && h('p', { class: 'panel' },
        h('a', { href: `#/${r.path}` }, `${plural(numbers[i], r.one, r.many)} ${numbers[i] === 1 ? 'is' : 'are'} waiting for you`))).filter(Boolean);
}

// One question: so many of each kind on each day, as a chart and as a table. series: {label, colour, at(date)}.
function perDay({ id, title, one, many, none, note, series }) {
    const dates = lastDays(), all = series.map(s => ({ ...s, data: dates.map(s.at) })), sum = s => s.data.reduce((n, x) => n + x, 0);
    const total = all.reduce((n, s) => n + sum(s), 0);
    const section = (...body) => h('section', { class: 'panel', 'aria-labelledby': id }, h('h2', { class: 'h5', id }, title), body);
    if (!total) return section(h('p', { class: 'soft mb-0' }, none));

    const split = all.length > 1 ? `: ${listed(all.map(s => `${count(sum(s))} ${s.label.toLowerCase()}`))}` : '';
    const label = `Bar chart: ${plural(total, one, many)} in the last ${DAYS} days${split}. The table below has the numbers.`;
    const busy = dates.map((d, i) => [d, i]).filter(([, i]) => all.some(s => s.data[i])).toReversed();
    const table = h('details', { class: 'mt-3' }, h('summary', {}, 'Show as table', h('span', { class: 'visually-hidden' }, `: ${title}`)),
        h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${title}, table` },
            h('table', { class: 'table table-sm' }, h('caption', { class: 'visually-hidden' }, `${title}; days without any are left out`),
                h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Day (UTC)'), all.map(s => h('th', { scope: 'col', class: 'number' }, s.label)))),
                h('tbody', {}, busy.map(([d, i]) => h('tr', {}, h('th', { scope: 'row' }, dayName(d)), all.map(s => h('td', { class: 'number' }, count(s.data[i])))))))));
    return section(bars(label, dates, all), note && h('p', { class: 'soft mb-0' }, note), table);
}

// Did training work, do webhooks arrive, and how much was done?
function charts(days, sent) {
    const on = (list, of) => {
        const at = new Map();
        for (const d of list) if (of(d)) at.set(d.date, (at.get(d.date) ?? 0) + d.count);
        return date => at.get(date) ?? 0;
    };
    const ended = (label, colour, action) => ({ label, colour, at: on(days, d => d.action === action) });
    const came = (label, colour, status) => ({ label, colour, at: on(sent.days, d => d.status === status) });
    return [
        may('model:read') && perDay({ id: 'trainings', title: 'Training runs per day', one: 'training run that ended', many: 'training runs that ended', none: `No training run ended in the last ${DAYS} days.`,
            series: [ended('Succeeded', 2, 'model.training_completed'), ended('Failed', 6, 'model.training_failed')] }),
        sent && perDay({ id: 'deliveries', title: 'Webhook deliveries per day', one: 'delivery', many: 'deliveries', none: `No webhooks were sent in the last ${DAYS} days.`, note: sent.cut && 'The newest 100,000 deliveries; there were more.',
            series: [came('Succeeded', 2, 'succeeded'), came('Failed', 6, 'failed'), came('Pending', 4, 'pending')] }),
        perDay({ id: 'changes', title: 'Changes per day', one: 'change', many: 'changes', none: `No changes in the last ${DAYS} days.`, series: [{ label: 'Changes', colour: 0, at: on(days, () => true) }] }),
    ].filter(Boolean);
}

export function start() {
    const holder = h('div', {}, spinner('Loading'));
    async function load() {
        try {
            const [activity, sent, asked] = await Promise.all([get('/console/activity', { mode: mode() }), may('webhook:read') ? get('/console/deliveries') : null, calls()]);
            holder.replaceChildren(...asked, counts(activity.statuses), h('div', { class: 'charts' }, charts(activity.days, sent)));
        } catch (e) {
            if (e.kind === 'ended') return;
            if (!e.kind) throw e;
            holder.replaceChildren(h('div', { role: 'alert' }, notice(e, false, load)));
        }
    }
    load();
    return { title: 'Overview', node: h('div', {}, h('div', { class: 'head' }, h('h1', { tabindex: -1 }, 'Overview')), holder), refresh: load };
}
