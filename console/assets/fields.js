// fields.js: what a person fills in, on a page or in a dialog: the controls, what they hold, and
// what the server says of each of them, at it.
import { h, uid, swatch } from './dom.js';
import { jsonFault } from './json.js';
import { writing } from './markdown.js';

// A reason goes on from the label; what is a sentence stands alone.
const said = (f, text) => !text || /^\p{Lu}/u.test(text) ? text : `${f.label} ${text}`;

const numeral = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

// Keys of one's own with a text each, or a number (type 'numbers'), one below the other.
function labels(f, start) {
    const helpId = uid('help'), errorId = uid('error');
    const rows = h('div', {});
    const error = h('div', { id: errorId, class: 'wrong' });
    const keys = () => [...rows.querySelectorAll('[data-key]')], texts = () => [...rows.querySelectorAll('[data-text]')];
    let n = 0;
    function row(key, text) {
        n++;
        const value = h(text.includes('\n') ? 'textarea' : 'input', { class: 'form-control', 'data-text': true, 'aria-label': `Value ${n}`, value: text, autocomplete: 'off' });
        const box = h('div', { class: 'label' }, h('input', { type: 'text', class: 'form-control', 'data-key': true, 'aria-label': `Key ${n}`, value: key, autocomplete: 'off' }), value,
            h('button', { type: 'button', class: 'btn btn-outline-secondary', 'aria-label': `Remove field ${n}`, onclick: () => { box.remove(); (keys()[0] ?? add).focus(); } }, '\u00d7'));
        return box;
    }
    const add = h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: () => { rows.append(row('', '')); keys().at(-1).focus(); } }, 'Add field');
    rows.append(...Object.entries(start ?? {}).map(([key, text]) => row(key, text)));
    return {
        name: f.name,
        get input() { return keys()[0] ?? add; },
        node: h('fieldset', { class: 'mb-3', 'aria-describedby': helpId }, h('legend', { class: 'form-label' }, f.label), rows, add,
            h('div', { id: helpId, class: 'soft' }, f.help), error),
        read: () => Object.fromEntries(keys().map((k, i) => [k.value.trim(), texts()[i].value]).filter(([key, text]) => key || text)
            .map(([key, text]) => [key, f.type === 'numbers' && numeral.test(text.trim()) ? Number(text) : text])),
        // What the API cannot be told: an object has each key once.
        fault() {
            const given = keys().map(k => k.value.trim());
            const twice = given.find((k, i) => k && given.indexOf(k) !== i);
            const odd = f.type === 'numbers' && given.find((k, i) => k && !(numeral.test(texts()[i].value.trim()) && Number.isFinite(Number(texts()[i].value))));
            return twice ? `has the key ${twice} twice` : given.some((k, i) => !k && texts()[i].value) ? 'Every value needs a key' : odd ? `The value of ${odd} must be a number, such as 0.91` : null;
        },
        wrong(text) {
            error.textContent = said(f, text);
            for (const k of [...keys(), add]) { k.removeAttribute('aria-invalid'); k.removeAttribute('aria-describedby'); }
            if (!text) return;
            this.input.setAttribute('aria-describedby', errorId);
            if (this.input !== add) this.input.setAttribute('aria-invalid', 'true');
        },
    };
}

// Which events: all, those of a kind, or some; as the patterns that the API takes.
function events(f, start) {
    const errorId = uid('error'), error = h('div', { id: errorId, class: 'wrong' }), given = new Set(start ?? []);
    const box = (pattern, text, under) => {
        const id = uid('event'), input = h('input', { id, type: 'checkbox', class: 'form-check-input', value: pattern, checked: given.has(pattern), onchange: arrange });
        return { pattern, input, under, node: h('div', { class: 'form-check' }, input, h('label', { for: id, class: 'form-check-label' }, text)) };
    };
    const all = box('*', 'All events', []);
    const groups = [...new Set(f.options.map(o => o.type.split('.')[0]))].sort().map(word => {
        const own = f.options.filter(o => o.type.startsWith(`${word}.`)).map(o => box(o.type, o.type, []));
        return { ...box(`${word}.*`, `All of ${word}.*`, own), word };
    });
    const known = new Set([all, ...groups, ...groups.flatMap(g => g.under)].map(b => b.pattern));
    // Those of another release are the person's to take away: the server refuses them in whatever is saved anew.
    const others = [...given].filter(p => !known.has(p)).map(p => box(p, `${p} (unknown to this server)`, [])), most = [...groups, ...others];
    // What a wider one has is shown as chosen, and not to be chosen.
    function arrange() {
        const cover = (b, over) => {
            b.input.disabled = over;
            if (over) b.input.indeterminate = !b.input.checked;
            else b.input.indeterminate = false;
            for (const u of b.under) cover(u, over || b.input.checked);
        };
        all.input.disabled = false;
        for (const b of most) cover(b, all.input.checked);
    }
    arrange();
    const chosen = list => list.flatMap(b => b.input.checked ? [b.pattern] : chosen(b.under));
    return {
        name: f.name, input: all.input,
        node: h('fieldset', { class: 'mb-3', 'aria-describedby': errorId }, h('legend', { class: 'form-label' }, f.label, h('span', { class: 'soft' }, ' (required)')), all.node,
            groups.map(g => h('details', { class: 'events', open: g.input.checked || g.under.some(b => b.input.checked) }, h('summary', {}, g.word), g.node, h('div', { class: 'ps-4' }, g.under.map(b => b.node)))), others.map(b => b.node), error),
        read: () => all.input.checked ? ['*'] : chosen(most),
        wrong(text) {
            const unknown = chosen(others);
            error.textContent = text && unknown.length ? `This server doesn\u2019t know ${unknown.join(', ')}. Uncheck what it doesn\u2019t know, then save again.` : said(f, text);
            if (text) all.input.setAttribute('aria-invalid', 'true'); else all.input.removeAttribute('aria-invalid');
        },
    };
}

// Some of what there is, each with a box. f.none: what is wrong where none is chosen.
function checks(f, start) {
    const errorId = uid('error'), error = h('div', { id: errorId, class: 'wrong' });
    const known = f.options.map(([v]) => v), others = (start ?? []).filter(v => !known.includes(v));       // of another release: they stay until they are taken away
    const boxes = [...f.options, ...others.map(v => [v, v])].map(([v, text]) => {
        const id = uid('box'), input = h('input', { id, type: 'checkbox', class: 'form-check-input', value: v, checked: (start ?? []).includes(v) });
        return { input, node: h('div', { class: 'form-check' }, input, h('label', { for: id, class: 'form-check-label' }, text)) };
    });
    const read = () => boxes.filter(b => b.input.checked).map(b => b.input.value);
    return {
        name: f.name, input: boxes[0].input, read, fault: () => read().length ? null : f.none,
        node: h('fieldset', { class: 'mb-3', 'aria-describedby': errorId }, h('legend', { class: 'form-label' }, f.label, f.required && h('span', { class: 'soft' }, ' (required)')), boxes.map(b => b.node), error),
        wrong(text) {
            error.textContent = said(f, text);
            if (text) boxes[0].input.setAttribute('aria-invalid', 'true'); else boxes[0].input.removeAttribute('aria-invalid');
        },
    };
}

// In what it is made: chosen before, and only shown.
const owner = (f, parent) => ({ name: f.name, input: null, read: () => parent.id, wrong() {},
    node: h('dl', { class: 'fields mb-3' }, h('dt', {}, f.label), h('dd', {}, h('a', { href: parent.href }, parent.name))) });

// A JSON object as text, which may be wrong for a while: then the text is its value.
function json(f, start) {
    const id = uid(f.name), helpId = `${id}-help`, errorId = `${id}-error`;
    const pretty = value => JSON.stringify(value, null, 2);
    const text = typeof start === 'string' ? start : pretty(start ?? {});
    const input = h('textarea', { id, name: f.name, class: 'form-control code', rows: Math.min(20, Math.max(4, text.split('\n').length + 1)), value: text, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off',
        'aria-describedby': helpId, oninput: () => { if (input.hasAttribute('aria-invalid')) it.wrong(it.fault()); } });
    const error = h('div', { id: errorId, class: 'wrong', role: 'status' });
    // As it was, also with a number that no browser keeps.
    const as = () => typeof start !== 'string' && input.value === text;
    const it = {
        name: f.name, input,
        node: h('div', { class: 'mb-3' }, h('label', { for: id, class: 'form-label' }, f.label), input, error,
            h('div', { class: 'under' }, h('div', { id: helpId, class: 'soft' }, f.help), h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', onclick: () => {
                const fault = it.fault();
                it.wrong(fault);
                if (fault) input.focus(); else input.value = pretty(it.read());
            } }, 'Format', h('span', { class: 'visually-hidden' }, `: ${f.label}`)))),
        read: () => as() ? start ?? {} : jsonFault(input.value) ? input.value : JSON.parse(input.value.trim() || '{}'),
        fault: () => as() ? null : jsonFault(input.value)?.text ?? null,
        wrong(text) {
            const fault = text && jsonFault(input.value);
            error.textContent = said(f, text);
            if (text) input.setAttribute('aria-invalid', 'true'); else input.removeAttribute('aria-invalid');
            input.setAttribute('aria-describedby', text ? `${errorId} ${helpId}` : helpId);
            if (fault?.text === text && document.activeElement !== input) input.setSelectionRange(fault.at, fault.at);
        },
    };
    return it;
}

// A field: its label, its control, what it takes; read() is its value for the API.
function field(f, start, parent) {
    if (f.type === 'labels' || f.type === 'numbers') return labels(f, start);
    if (f.type === 'json') return json(f, start);
    if (f.type === 'events') return events(f, start);
    if (f.type === 'checks') return checks(f, start);
    if (f.type === 'owner') return owner(f, parent);
    const id = uid(f.name), helpId = `${id}-help`, errorId = `${id}-error`;
    const common = { id, name: f.name, 'aria-required': f.required && 'true', 'aria-describedby': f.help ? helpId : null };
    const spot = f.type === 'colour' ? h('span', {}) : null;
    const paint = () => spot?.replaceChildren(input.value ? swatch(input.value) : '');
    let input, extra = null, wrote = null;
    if (f.type === 'markdown') {
        input = h('textarea', { ...common, class: 'form-control', rows: 10, value: start ?? '' });
        wrote = writing(input);
    } else if (f.type === 'area' || f.type === 'lines') input = h('textarea', { ...common, class: 'form-control', rows: 4, value: f.type === 'lines' ? (start ?? []).join('\n') : start ?? '' });
    else if (f.type === 'check') input = h('input', { ...common, type: 'checkbox', class: 'form-check-input', checked: !!start });
    else if (f.type === 'choice') {
        // What it is stays, also where it is none of those: a browser would choose the first one.
        const there = start === undefined || start === null || f.options.some(([v]) => v === start);
        input = h('select', { ...common, class: 'form-select' }, [...there ? [] : [[start, start]], ...f.options].map(([v, text]) => h('option', { value: v, selected: v === start }, text)));
    }
    else {
        if (f.type === 'colour') extra = h('datalist', { id: `${id}-list` }, f.options.map(o => h('option', { value: o })));
        input = h('input', { ...common, type: f.type === 'password' ? 'password' : 'text', class: 'form-control', autocomplete: f.autocomplete ?? 'off', list: extra?.id, oninput: paint,
            value: f.type === 'tags' ? (start ?? []).join(', ') : start ?? '' });
    }
    const error = h('div', { id: errorId, class: 'wrong' }), telling = f.says ? h('div', { role: 'status', class: 'telling' }) : null;
    const label = h('label', { for: id, class: f.type === 'check' ? 'form-check-label' : 'form-label' }, f.label, f.required ? h('span', { class: 'soft' }, ' (required)') : null, ' ', spot);
    paint();
    return {
        name: f.name, input,
        node: h('div', { class: f.type === 'check' ? 'form-check mb-3' : 'mb-3' }, f.type === 'check' ? [input, label] : [label, wrote?.node ?? input],
            extra, f.help && h('div', { id: helpId, class: 'soft' }, f.help), telling, error),
        tell: f.says && (values => { const text = f.says(values); if (telling.textContent !== text) telling.textContent = text; }),
        fault: () => f.must === undefined ? null : f.type === 'check' ? (input.checked ? null : f.must) : input.value.trim() !== f.must.trim() ? `must be ${f.must}` : null,
        read() {
            if (f.type === 'check') return input.checked;
            if (f.type === 'number') return input.value.trim() === '' ? null : Number.isNaN(Number(input.value)) ? input.value : Number(input.value);
            if (f.type === 'lines') return input.value.split('\n').map(w => w.trim()).filter(Boolean);
            if (f.type === 'tags') return input.value.split(',').map(w => w.trim()).filter(Boolean);
            return input.value === '' && !f.required ? null : input.value;
        },
        wrong(text) {
            error.textContent = said(f, text);
            if (text) wrote?.show();
            if (text) input.setAttribute('aria-invalid', 'true'); else input.removeAttribute('aria-invalid');
            const by = [f.help && helpId, text && errorId].filter(Boolean).join(' ');
            if (by) input.setAttribute('aria-describedby', by); else input.removeAttribute('aria-describedby');
        },
    };
}

// All of them: {node, first, specs, values(), check(), tell(failure)}.
export function fieldset(specs, object = {}, parent = null) {
    const all = specs.map(spec => ({ spec, it: field(spec, object[spec.name] ?? spec.start, parent) }));
    const shown = () => all.filter(({ it }) => !it.node.hidden);
    const values = () => Object.fromEntries(shown().map(({ it }) => [it.name, it.read()]));
    const find = name => shown().find(({ spec, it }) => it.input && [spec.name, ...spec.at ?? []].some(n => name === n || name.startsWith(`${n}.`) || name.startsWith(`${n}[`)))?.it;
    function arrange() {
        const now = Object.fromEntries(all.map(({ it }) => [it.name, it.read()]));
        for (const { spec, it } of all) {
            if (spec.when) it.node.hidden = !spec.when(now);
            if (it.tell && !it.node.hidden) it.tell(now);
        }
    }
    arrange();
    return {
        specs, values,
        node: h('div', { oninput: arrange, onchange: arrange }, all.map(({ it }) => it.node)),
        get first() { return shown().find(({ it }) => it.input)?.it.input; },
        // What the server need not be asked; false: something is wrong, and has the focus.
        check() {
            for (const { it } of all) it.wrong('');
            const faulty = shown().filter(({ it }) => it.fault?.());
            for (const { it } of faulty) it.wrong(it.fault());
            faulty[0]?.it.input.focus();
            return !faulty.length;
        },
        // Which field a failure is about that names none.
        takes: e => ['invalid', 'conflict'].includes(e.kind) && !Object.keys(e.fields).length && specs.find(s => s.taken?.test(e.message)),
        // What the server says, each at its field. -> {first, rest}: that to go to, and what is of none.
        tell(e) {
            let first = null;
            const rest = [];
            const taken = this.takes(e);
            for (const [name, text] of Object.entries(taken ? { [taken.name]: e.message } : e.fields)) {
                const it = find(name), within = specs.find(s => s.type === 'json' && name.startsWith(`${s.name}.`));
                if (it && ['invalid', 'conflict'].includes(e.kind)) { it.wrong(within ? `\u201c${name.slice(within.name.length + 1)}\u201d ${text}` : text); first ??= it.input; } else rest.push(`${name}: ${text}`);
            }
            return { first, rest };
        },
    };
}
