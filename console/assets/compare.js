// compare.js: two to five versions of a model side by side, what differs marked, and a metric over all versions.
import { h, uid, badge, listed, own, parted, time, value } from './dom.js';
import { get, query } from './api.js';
import { plot } from './chart.js';
import { byWord } from './resources.js';

const LEAST = 2, MOST = 5;
const text = v => v === null || v === undefined ? '\u2013' : typeof v === 'object' ? JSON.stringify(v) : String(v);
const keys = (versions, field) => [...new Set(versions.flatMap(v => Object.keys(v[field] ?? {})))].sort();

export async function compare(id, params) {
    const models = byWord('model'), versions = byWord('version'), url = `${models.api.base}/${encodeURIComponent(id)}`;
    const [model, page] = await Promise.all([get(url), get(`${url}/versions?page_size=100`)]);
    const all = page.items, problems = [];
    // Those that the address names, also where they are not among the newest.
    const words = [...new Set((params.get('versions') ?? '').split(',').map(w => w.trim()).filter(Boolean))];
    const odd = words.filter(w => !/^[1-9]\d{0,9}$/.test(w)), asked = words.filter(w => !odd.includes(w)).map(Number), missing = [];
    const older = await Promise.all(asked.slice(0, MOST).filter(n => !all.some(v => v.version_number === n)).map(async n => {
        try { return await get(`${url}/versions/ver-${String(n).padStart(3, '0')}`); } catch (e) {
            if (e.kind !== 'gone') throw e;
            missing.push(n);
            return null;
        }
    }));
    all.push(...older.filter(Boolean).sort((a, b) => b.version_number - a.version_number));
    if (odd.length) problems.push(`${listed(odd.map(w => `\u201c${w.slice(0, 30)}\u201d`))} ${odd.length > 1 ? 'are not version numbers' : 'is not a version number'}.`);
    if (missing.length) problems.push(`${model.name} has no version ${listed(missing.sort((a, b) => a - b).map(String))}.`);
    if (asked.length > MOST) problems.push(`At most ${MOST} versions can be compared; the first ${MOST} are shown.`);
    for (const v of all) v.parent = model;
    await versions.api.complete(all, get, false);
    const found = all.map(v => v.version_number).filter(n => asked.slice(0, MOST).includes(n));
    // What was not asked for fills up to two.
    let chosen = new Set([...found, ...all.map(v => v.version_number).filter(n => !found.includes(n)).slice(0, Math.max(0, LEAST - found.length))]);
    if (words.length && found.length < LEAST && all.length >= LEAST) problems.push(`Shown instead: ${chosen.size - found.length === 1 ? 'version' : 'versions'} ${listed([...chosen].filter(n => !found.includes(n)).map(String))}.`);
    let only = false;
    const of = () => all.filter(v => chosen.has(v.version_number)).reverse();

    // ---- Side by side

    const table = h('div', { class: 'scroll whole', tabindex: 0, role: 'region', 'aria-label': 'Differences, table' });
    function rows() {
        const mine = of();
        const facts = [['Status', v => versions.statuses[v.state]?.label ?? v.state], ['Stage and aliases', v => v.marks.map(m => m.text).join(', ') || null], ['Source', v => v.origin],
            ['Branch', v => v.branch], ['Algorithm', v => v.algorithm]];
        const groups = [['Version', facts], ...[['Hyperparameters', 'hyperparameters'], ['Metrics', 'metrics']].map(([title, field]) => [title, keys(mine, field).map(k => [k, v => own(v[field], k)])])];
        return groups.map(([title, lines]) => {
            const shown = lines.map(([label, read]) => ({ label, cells: mine.map(v => text(read(v))) })).map(l => ({ ...l, differs: new Set(l.cells).size > 1 })).filter(l => l.differs || !only);
            return shown.length ? h('tbody', {}, h('tr', {}, h('th', { scope: 'rowgroup', colspan: mine.length + 1, class: 'group' }, title)), shown.map(l => h('tr', { class: l.differs ? 'differs' : null },
                h('th', { scope: 'row' }, parted(l.label), l.differs && h('span', { class: 'soft' }, h('span', { 'aria-hidden': 'true' }, ' \u2260'), h('span', { class: 'visually-hidden' }, ' (differs)'))),
                l.cells.map(c => h('td', {}, parted(c)))))) : null;
        });
    }
    function paint() {
        const mine = of();
        table.replaceChildren(h('table', { class: 'table align-middle compare' }, h('caption', { class: 'visually-hidden' }, `Versions ${listed(mine.map(v => String(v.version_number)))} side by side`),
            h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, 'What')), mine.map(v => h('th', { scope: 'col' },
                h('a', { href: `#/versions/${versions.id(v)}` }, `Version ${v.version_number}`), h('div', { class: 'soft' }, time(v.made)))))), rows()));
        for (const box of boxes) box.disabled = !box.checked ? chosen.size >= MOST : chosen.size <= LEAST;
    }
    const boxes = [];
    const pickers = all.map(v => {
        const box = h('input', { id: uid('version'), type: 'checkbox', class: 'form-check-input', checked: chosen.has(v.version_number), onchange: () => {
            if (box.checked) chosen.add(v.version_number); else chosen.delete(v.version_number);
            history.replaceState(null, '', query(`#/models/${encodeURIComponent(id)}/compare`, { versions: of().map(o => o.version_number).join(',') }));
            paint();
        } });
        boxes.push(box);
        return h('div', { class: 'form-check form-check-inline' }, box, h('label', { for: box.id, class: 'form-check-label' }, `Version ${v.version_number}`), ' ', v.state === 'active' && badge(versions, 'active'));
    });
    const onlyId = uid('only'), numberId = uid('number');
    // One that is not among them, by its number.
    const number = h('input', { id: numberId, type: 'text', inputmode: 'numeric', class: 'form-control', autocomplete: 'off', maxlength: 10 });
    const more = page.has_next && h('div', { class: 'add' }, h('label', { for: numberId, class: 'form-label mb-0' }, 'An older version'), number,
        h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: () => {
            if (number.value.trim()) location.hash = query(`#/models/${encodeURIComponent(id)}/compare`, { versions: [...chosen].slice(0, MOST - 1).concat(number.value.trim()).join(',') });
        } }, 'Add'));

    // ---- A metric over versions

    const over = all.toReversed(), names = keys(all, 'metrics').filter(k => all.some(v => typeof own(v.metrics, k) === 'number'));
    let metric = names[0], draw = null;
    const choiceId = uid('metric'), canvas = h('canvas', { role: 'img' }), numbers = h('div', {});
    function tell() {
        canvas.setAttribute('aria-label', `Line chart: ${metric} of ${over.length} versions. The table below has the numbers.`);
        numbers.replaceChildren(h('table', { class: 'table table-sm' }, h('caption', { class: 'visually-hidden' }, `${metric} of each version`),
            h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Version'), h('th', { scope: 'col', class: 'number' }, metric))),
            h('tbody', {}, over.map(v => h('tr', {}, h('th', { scope: 'row' }, `Version ${v.version_number}`), h('td', { class: 'number' }, text(own(v.metrics, metric))))))));
        draw?.();
    }
    const chart = names.length > 0 && h('section', { class: 'panel', 'aria-labelledby': 'over' }, h('h2', { class: 'h5', id: 'over' }, 'A metric over versions'),
        h('div', { class: 'mb-3' }, h('label', { for: choiceId, class: 'form-label' }, 'Metric'),
            h('select', { id: choiceId, class: 'form-select', onchange: e => { metric = e.target.value; tell(); } }, names.map(n => h('option', { value: n }, n)))),
        h('div', { class: 'chart' }, canvas), h('details', { class: 'mt-3' }, h('summary', {}, 'Show as table'), numbers));

    if (all.length >= LEAST) paint();
    if (chart) {
        tell();
        plot(canvas, 'line', c => ({
            data: { labels: over.map(v => String(v.version_number)), datasets: [{ label: metric, data: over.map(v => own(v.metrics, metric) ?? null), borderColor: c.series[0], backgroundColor: c.series[0], spanGaps: true }] },
            scales: { x: { title: { display: true, text: 'Version', color: c.ink } }, y: {} },
            plugins: () => ({ legend: { display: false }, tooltip: { callbacks: { title: items => `Version ${items[0].label}` } } }),
        })).then(d => { draw = d; }, () => { canvas.parentNode.replaceChildren(h('p', { class: 'soft' }, 'The chart could not be loaded.')); numbers.parentNode.open = true; });
    }
    return {
        title: `Compare versions of ${model.name}`,
        node: h('div', {}, h('nav', { 'aria-label': 'Breadcrumb' }, h('a', { href: `#/models/${encodeURIComponent(id)}` }, `\u2190 ${model.name}`)),
            h('div', { class: 'head' }, h('h1', { tabindex: -1 }, 'Compare versions')),
            problems.length > 0 && h('div', { class: 'note note-bad inline', role: 'alert' }, h('div', {}, problems.map(p => h('div', {}, p)))),
            all.length < LEAST ? h('p', { class: 'panel' }, `${model.name} has ${all.length ? 'one version' : 'no versions'}: there is nothing to compare yet.`)
                : h('section', { class: 'panel', 'aria-labelledby': 'side' }, h('h2', { class: 'h5', id: 'side' }, 'Side by side'),
                    h('fieldset', { class: 'mb-3' }, h('legend', { class: 'form-label fs-6' }, `Versions (${LEAST} to ${MOST}${page.has_next ? '; the newest 100' : ''})`), pickers, more),
                    h('div', { class: 'form-check mb-3' }, h('input', { id: onlyId, type: 'checkbox', class: 'form-check-input', onchange: e => { only = e.target.checked; paint(); } }),
                        h('label', { for: onlyId, class: 'form-check-label' }, 'Only what differs')), table),
            chart),
    };
}
