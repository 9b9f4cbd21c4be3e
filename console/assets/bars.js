// bars.js: so many of each kind on each of some days, as bars: elements with a height, in the colours of the sheet. What
// they say in numbers stands in the table beside them.
import { h, count, dayName } from './dom.js';

// all: {label, colour, data}, stacked in this order; label: what the whole says, to those who do not see it.
export function bars(label, dates, all) {
    const most = Math.max(...dates.map((_, i) => all.reduce((n, s) => n + s.data[i], 0)));
    const part = (s, i) => {
        const bar = h('span', { class: `series-${s.colour}` });
        bar.style.height = `${100 * s.data[i] / most}%`;
        return bar;
    };
    const day = (date, i) => {
        const told = all.filter(s => s.data[i]);
        return h('div', { title: told.length ? [dayName(date), ...told.map(s => `${s.label}: ${count(s.data[i])}`)].join('\n') : null }, told.map(s => part(s, i)));
    };
    return h('div', {},
        h('div', { role: 'img', 'aria-label': label }, h('div', { class: 'most' }, count(most)), h('div', { class: 'bars' }, dates.map(day)),
            h('div', { class: 'under-bars' }, [dates[0], dates.at(-1)].map(d => h('span', {}, dayName(d))))),
        all.length > 1 && h('ul', { class: 'legend' }, all.map(s => h('li', {}, h('span', { class: `series-${s.colour}` }), s.label))));
}
