// markdown.js: a text that somebody wrote, as Markdown. It becomes elements of the kinds that stand here and no
// others; all else, HTML too, is shown as it was written. Nothing is loaded from elsewhere: an image is a link.
import { h, uid } from './dom.js';

const MOST = 32_768, PATIENCE = 5000;       // characters; milliseconds

// ---- From parts to elements ---------------------------------------------------------------

// The parts have these five in place of characters; other entities stay as they are.
const characters = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': '\'' };
const plain = text => text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, e => characters[e]);

function address(href) {
    let url;
    try { url = new URL(plain(href)); } catch { return null; }
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url : null;
}
const away = (url, ...text) => h('a', url.protocol === 'mailto:' ? { href: url.href, rel: 'noopener noreferrer' } : { href: url.href, rel: 'noopener noreferrer', target: '_blank' }, text,
    url.protocol !== 'mailto:' && h('span', { class: 'visually-hidden' }, ' (opens in a new window)'));

// A heading lies below those before it without a gap, whatever it was written as; `level` is the highest.
function headings(level) {
    const above = [];
    return depth => {
        while (above.length && above.at(-1) >= depth) above.pop();
        above.push(depth);
        return Math.min(6, level + above.length - 1);
    };
}

function build(tokens, level) {
    const rank = headings(level);
    const cell = (tag, align, props, inner) => h(tag, { ...props, class: align ? `to-${align}` : null }, all(inner));
    const kinds = {
        space: () => null,
        def: t => h('p', {}, t.raw.trim()),
        paragraph: t => h('p', {}, all(t.tokens)),
        heading: t => h(`h${rank(t.depth)}`, { class: 'h6' }, all(t.tokens)),
        blockquote: t => h('blockquote', {}, all(t.tokens)),
        code: t => h('pre', {}, h('code', {}, t.text)),
        hr: () => h('hr', {}),
        list: t => h(t.ordered ? 'ol' : 'ul', { start: t.ordered && t.start > 1 ? t.start : null }, all(t.items)),
        list_item: t => h('li', {}, t.task && [h('span', { 'aria-hidden': 'true' }, t.checked ? '\u2611 ' : '\u2610 '), h('span', { class: 'visually-hidden' }, t.checked ? 'Done: ' : 'To do: ')], all(t.tokens)),
        table: t => h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Table' }, h('table', { class: 'table table-sm' },
            h('thead', {}, h('tr', {}, t.header.map((c, i) => cell(c.length ? 'th' : 'td', t.align[i], c.length ? { scope: 'col' } : {}, c)))),
            h('tbody', {}, t.rows.map(r => h('tr', {}, r.map((c, i) => cell('td', t.align[i], {}, c))))))),
        strong: t => h('strong', {}, all(t.tokens)),
        em: t => h('em', {}, all(t.tokens)),
        del: t => h('del', {}, all(t.tokens)),
        br: () => h('br', {}),
        codespan: t => h('code', {}, plain(t.text)),
        escape: t => plain(t.text),
        text: t => t.tokens ? all(t.tokens) : t.text === undefined ? t.raw : plain(t.text),
        // One that leads nowhere allowed is shown as it was written, and so hides nothing.
        link: t => linked(t, () => all(t.tokens)),
        image: t => linked(t, url => `Image: ${plain(t.text) || url.href}`),
    };
    let inside = false;                      // a link, which has no other in it
    function linked(t, text) {
        const url = address(t.href);
        if (!url || inside) return t.raw;
        inside = true;
        const link = away(url, text(url));
        inside = false;
        return link;
    }
    const all = list => list.map(t => Object.hasOwn(kinds, t.type) ? kinds[t.type](t) : t.raw);
    return all(tokens);
}

// ---- Taking apart ----------------------------------------------------------------------------

let last = { text: null, tokens: null };     // what is shown again is there at once
const take = text => new Promise(done => {
    let worker, over;
    const end = tokens => { clearTimeout(over); worker?.terminate(); done(tokens); };
    try {
        worker = new Worker(new URL('markdown-worker.js', import.meta.url));
        worker.onmessage = ({ data }) => { last = { text, tokens: data }; end(data); };
        worker.onerror = e => { e.preventDefault(); end(null); };
        over = setTimeout(() => { last = { text, tokens: null }; end(null); }, PATIENCE);
        worker.postMessage(text);
    } catch {
        end(null);
    }
});

// The text as it is at once, and as Markdown when it is taken apart, unless that comes to nothing or takes too long.
// level: of its highest heading.
export function markdown(text, level = 3) {
    const node = h('div', { class: 'prose' });
    const show = tokens => {
        try {
            if (tokens) { node.replaceChildren(...build(tokens, level).flat(Infinity).filter(Boolean)); node.classList.remove('plain'); }
        } catch { /* it stays as it is */ }
    };
    node.classList.add('plain');
    node.append(text);
    if (text.length <= MOST) {
        if (last.text === text) show(last.tokens); else take(text).then(show);
    }
    return node;
}

// A field to write it in, with a preview: {node, show()}; show() turns back to the field.
export function writing(input) {
    const preview = h('div', { id: uid('preview'), role: 'tabpanel', tabindex: 0, class: 'form-control preview', hidden: true });
    const panel = h('div', { id: uid('write'), role: 'tabpanel' }, input);
    const tabs = [['Write', panel], ['Preview', preview]].map(([text, of]) => {
        const id = uid('tab');
        of.setAttribute('aria-labelledby', id);
        return h('button', { id, type: 'button', role: 'tab', class: 'nav-link', 'aria-controls': of.id, onclick: e => select(e.currentTarget), onkeydown: e => {
            if (!['ArrowLeft', 'ArrowRight'].includes(e.key)) return;
            e.preventDefault();
            const other = tabs.find(t => t !== e.currentTarget);
            select(other);
            other.focus();
        } }, text);
    });
    function select(tab) {
        for (const [i, of] of [panel, preview].entries()) {
            const on = tabs[i] === tab;
            tabs[i].setAttribute('aria-selected', String(on));
            tabs[i].tabIndex = on ? 0 : -1;
            tabs[i].classList.toggle('active', on);
            of.hidden = !on;
        }
        if (tab === tabs[1]) preview.replaceChildren(input.value.trim() ? markdown(input.value, 2) : h('span', { class: 'soft' }, 'Nothing to preview.'));
    }
    select(tabs[0]);
    return { node: h('div', {}, h('div', { role: 'tablist', class: 'nav nav-tabs', 'aria-label': 'Write or preview' }, tabs), panel, preview), show: () => select(tabs[0]) };
}
