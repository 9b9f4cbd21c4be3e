// json.js: what is wrong with a JSON object that a person types, and where; in the words of what to do.

const DEEPEST = 32;                  // as the server takes it
const close = { '{': '}', '[': ']' };

class Wrong extends Error {}

// -> null, or {at, text}: the offset, and line, column and reason in words.
export function jsonFault(text) {
    let at = 0;
    const fail = (reason, where = at) => { throw Object.assign(new Wrong(reason), { at: where }); };
    const blanks = () => { while (/[ \t\n\r]/.test(text[at] ?? '')) at++; };
    const shown = () => at < text.length ? `\u201c${String.fromCodePoint(text.codePointAt(at))}\u201d` : 'the end';

    function string() {
        const from = at++;
        for (; text[at] !== '"'; at++) {
            if (at >= text.length) fail('this text has no closing quotation mark', from);
            if (text[at] < ' ') fail('a text cannot contain line breaks or tabs; write \\n or \\t');
            if (text[at] !== '\\') continue;
            at++;
            if (text[at] === 'u' ? !/^u[0-9a-f]{4}/i.test(text.slice(at, at + 5)) : !'"\\/bfnrt'.includes(text[at] ?? '?')) fail('after \\ one of " \\ / b f n r t or u and four hexadecimal digits must follow', at - 1);
        }
        at++;
        return JSON.parse(text.slice(from, at));
    }
    function number() {
        const [word] = /^-?[0-9a-z.+-]*/i.exec(text.slice(at));
        if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(word)) fail(`${word || shown()} is not a number`);
        if (/^-?\d+$/.test(word) && !Number.isSafeInteger(Number(word))) fail('a browser cannot keep a whole number this large; write it as text, or change it through the API');
        if (!Number.isFinite(Number(word))) fail('this number is too large');
        at += word.length;
    }
    function members(open, depth) {
        const from = at++, seen = new Set();
        if (depth > DEEPEST) fail(`more than ${DEEPEST} levels are not allowed`, from);
        for (blanks(); text[at] !== close[open]; blanks()) {
            if (open === '{') {
                if (text[at] !== '"') fail(at >= text.length ? `a ${close[open]} is missing` : `a name in quotation marks was expected, not ${shown()}`, at >= text.length ? from : at);
                const here = at, key = string();
                if (seen.has(key)) fail(`the name \u201c${key}\u201d is there twice`, here);
                seen.add(key);
                blanks();
                if (text[at] !== ':') fail(`a colon was expected after the name, not ${shown()}`);
                at++;
            }
            value(depth);
            blanks();
            if (text[at] === close[open]) break;
            if (text[at] !== ',') fail(at >= text.length ? `a ${close[open]} is missing` : `a comma or ${close[open]} was expected, not ${shown()}`, at >= text.length ? from : at);
            const comma = at++;
            blanks();
            if (text[at] === close[open]) fail('remove this comma: nothing follows it', comma);
        }
        at++;
    }
    function value(depth) {
        blanks();
        const c = text[at];
        if (c === '{' || c === '[') return members(c, depth + 1);
        if (c === '"') return void string();
        const word = /^(?:true|false|null)\b/.exec(text.slice(at, at + 6));
        if (word) return void (at += word[0].length);
        if (c === '-' || c >= '0' && c <= '9') return number();
        return fail(`a value was expected, not ${shown()}`);
    }
    try {
        blanks();
        if (at >= text.length) return null;                     // nothing is an empty object
        if (text[at] !== '{') fail('it must begin with {');
        members('{', 1);
        blanks();
        if (at < text.length) fail(`nothing may follow the closing }, but ${shown()} does`);
        return null;
    } catch (e) {
        if (!(e instanceof Wrong)) throw e;
        const before = text.slice(0, e.at).split('\n');
        return { at: e.at, text: `Line ${before.length}, column ${before.at(-1).length + 1}: ${e.message}` };
    }
}
