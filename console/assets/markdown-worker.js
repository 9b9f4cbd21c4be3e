// markdown-worker.js: takes a text apart by Debian's marked, away from the page: whatever the text is, the
// page goes on, and whoever asked ends this worker when it takes too long: 2 KiB take a quarter of a second at worst,
// but 64 KiB of `***a ` a minute. What it answers are the kinds of
// parts and their texts, never markup: what becomes of them is markdown.js's to say.
/* global marked */
importScripts('../vendor/marked/marked.min.js');
marked.setOptions({ mangle: false });        // an address is shown as it is

const DEEPEST = 12, MOST = 4000;
let parts;

// The members that are needed of a part, and of those within; what lies too deep stays as it was written.
function pick(tokens, depth) {
    return tokens.map(t => {
        if (++parts > MOST) throw new RangeError('too many parts');
        const within = t.tokens || t.items || t.rows, part = { type: t.type };
        if (!within || t.type === 'link') part.raw = t.raw;
        if (within && depth >= DEEPEST) return { type: t.type === 'list_item' ? t.type : 'text', raw: t.raw, tokens: t.type === 'list_item' ? [{ type: 'text', raw: t.raw }] : undefined };
        for (const key of ['text', 'href', 'depth', 'ordered', 'start', 'task', 'checked', 'align']) if (t[key] !== undefined && !(key === 'text' && t.tokens)) part[key] = t[key];
        if (t.tokens) part.tokens = pick(t.tokens, depth + 1);
        if (t.items) part.items = pick(t.items, depth + 1);
        if (t.type === 'table') {
            part.header = t.header.map(c => pick(c.tokens, depth + 1));
            part.rows = t.rows.map(r => r.map(c => pick(c.tokens, depth + 1)));
        }
        return part;
    });
}

onmessage = ({ data }) => {
    parts = 0;
    try {
        postMessage(pick(marked.lexer(data), 0));
    } catch {
        postMessage(null);
    }
};
