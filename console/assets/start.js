// start.js: the start page: how many objects are in which state, and what was done
// to them on each of the last thirty days.
import { h, count, plural, dayName, badge, spinner } from './dom.js';
import { get, may } from './api.js';
import { plot } from './chart.js';
import { notice } from './dialog.js';
import { waiting } from './list.js';
import { resources, byWord, told } from './resources.js';

const DAYS = 30;
function lastDays() {
    const today = new Date();
    return Array.from({ length: DAYS }, (_, i) =>
        new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() - (DAYS - 1 - i))).toISOString().slice(0, 10));
}
const title = action => `${byWord(action.split('.')[0])?.title ?? action.split('.')[0]}: ${told(action).toLowerCase()}`;

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

function chart(days) {
    const dates = lastDays();
    const actions = [...new Set(days.filter(d => d.date >= dates[0]).map(d => d.action))].sort();
    const at = new Map(days.map(d => [`${d.date} ${d.action}`, d.count]));
    const number = (date, action) => at.get(`${date} ${action}`) ?? 0;
    const total = days.reduce((n, d) => n + d.count, 0);
    if (!actions.length) return h('p', { class: 'soft mb-0' }, 'No changes in the last 30 days.');

    const canvas = h('canvas', { role: 'img', 'aria-label': `Bar chart: ${count(total)} changes of ${actions.length} kinds in the last ${DAYS} days. The table below has the numbers.` });
    const busy = dates.filter(d => actions.some(a => number(d, a)));
    const table = h('details', { class: 'mt-3' }, h('summary', {}, 'Show as table'),
        h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Changes per day, table' },
            h('table', { class: 'table table-sm' }, h('caption', { class: 'visually-hidden' }, 'Changes per day; days without changes are left out'),
                h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Day (UTC)'), actions.map(a => h('th', { scope: 'col', class: 'number' }, title(a))))),
                h('tbody', {}, busy.toReversed().map(d => h('tr', {}, h('th', { scope: 'row' }, dayName(d)), actions.map(a => h('td', { class: 'number' }, count(number(d, a))))))))));

    // Ten colours: the nine most frequent kinds, and the rest as one. The table has them all.
    const sum = a => dates.reduce((n, d) => n + number(d, a), 0);
    const often = actions.length > 10 ? actions.toSorted((a, b) => sum(b) - sum(a)).slice(0, 9) : actions;
    const series = actions.filter(a => often.includes(a)).map(a => ({ label: title(a), data: dates.map(d => number(d, a)) }));
    if (series.length < actions.length)
        series.push({ label: 'Other changes', data: dates.map(d => actions.reduce((n, a) => often.includes(a) ? n : n + number(d, a), 0)) });
    const node = h('div', {}, h('div', { class: 'chart' }, canvas), table);
    plot(canvas, 'bar', c => ({
        data: { labels: dates, datasets: series.map((s, i) => ({ ...s, backgroundColor: c.series[i], borderColor: c.ground, borderWidth: { top: 1 }, stack: 'all', maxBarThickness: 28 })) },
        scales: {
            x: { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 16, callback(v) { return this.getLabelForValue(v).slice(5); } } },
            y: { stacked: true, beginAtZero: true, ticks: { precision: 0 } },
        },
        plugins: () => ({ legend: { position: 'bottom', labels: { color: c.ink, boxWidth: 14 } },
            tooltip: { filter: item => item.raw > 0, callbacks: { title: items => items[0] && dayName(items[0].label) } } }),
    })).catch(() => {
        table.open = true;
        node.replaceChildren(h('p', { class: 'soft' }, 'The chart could not be loaded.'), table);
    });
    return node;
}

export function start() {
    const holder = h('div', {}, spinner('Loading'));
    async function load() {
        try {
            const [activity, asked] = await Promise.all([get('/console/activity'), calls()]);
            holder.replaceChildren(...asked, counts(activity.statuses), h('section', { class: 'panel', 'aria-labelledby': 'activity' },
                h('h2', { class: 'h5', id: 'activity' }, `Changes in the last ${DAYS} days`), chart(activity.days)));
        } catch (e) {
            if (e.kind === 'ended') return;
            if (!e.kind) throw e;
            holder.replaceChildren(h('div', { role: 'alert' }, notice(e, false, load)));
        }
    }
    load();
    return { title: 'Overview', node: h('div', {}, h('div', { class: 'head' }, h('h1', { tabindex: -1 }, 'Overview')), holder), refresh: load };
}
