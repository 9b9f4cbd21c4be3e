// upload.js: a new version of a model from a file of this computer: chosen or dropped, sent with its progress, given up or
// tried again. A try that is repeated has the same key and the very same bytes, so that no version is made twice.
import { h, uid, listed, nonce, plural } from './dom.js';
import { Failure, failure, get, may, request } from './api.js';
import { notice, toast } from './dialog.js';
import { fieldset } from './fields.js';
import { byWord, url as urlOf } from './resources.js';

const MOST = 1 << 20;
export const size = bytes => bytes < 1024 ? plural(bytes, 'byte', 'bytes') : bytes < MOST ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / MOST).toFixed(1)} MiB`;

// A form as RFC 7578 has it, whose boundary stays: the server knows a repetition by its bytes.
function formOf(values, file) {
    const mark = `thaw-${nonce()}`, quoted = text => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll(/[\r\n]/g, ' ');
    const field = ([name, value]) => `--${mark}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${typeof value === 'string' ? value : JSON.stringify(value)}\r\n`;
    return new Blob([...Object.entries(values).map(field), `--${mark}\r\nContent-Disposition: form-data; name="file"; filename="${quoted(file.name)}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
        file, `\r\n--${mark}--\r\n`], { type: `multipart/form-data; boundary=${mark}` });
}

// As api.js exchanges, by what tells how far it is. told(sent, total); signal gives it up, also before it goes.
const carrier = (told, signal) => (method, path, { body, key, token }) => new Promise((done, fail) => {
    const x = new XMLHttpRequest(), over = () => fail(new Failure('given up', 'Cancelled.'));
    if (signal.aborted) return over();
    signal.addEventListener('abort', () => x.abort());
    x.open(method, path);
    for (const [name, value] of Object.entries({ Accept: 'application/json', Authorization: `Bearer ${token}`, 'Content-Type': body.type, 'Idempotency-Key': key })) x.setRequestHeader(name, value);
    x.upload.onprogress = e => told(e.loaded, e.total);
    x.upload.onload = () => told(body.size, body.size);
    x.onload = () => {
        const headers = { get: name => x.getResponseHeader(name) };
        let data = null;
        try { data = JSON.parse(x.responseText); } catch { /* the status says enough */ }
        if (x.status >= 200 && x.status < 300) done({ status: x.status, data, etag: headers.get('ETag') }); else fail(failure(x.status, headers, data));
    };
    x.onerror = () => fail(new Failure('lost', 'The connection was lost.'));
    x.onabort = over;
    x.send(body);
});

const fields = [
    { name: 'algorithm', label: 'Algorithm', type: 'text', help: 'For example xgboost' },
    { name: 'metrics', label: 'Metrics', type: 'numbers', help: 'Names and numbers, such as auc and 0.91. Versions can be compared by them.' },
    { name: 'hyperparameters', label: 'Hyperparameters', type: 'json', help: 'A JSON object, such as {"depth": 6}' },
];

export async function upload(params) {
    const models = byWord('model'), versions = byWord('version');
    const id = params.get('model_id') ?? '', title = 'New version', modelUrl = urlOf(models, id), back = `#/models/${encodeURIComponent(id)}`;
    let model, limit;
    try {
        if (!id) throw new Failure('gone', 'The address is without the id of a model');
        [model, limit] = await Promise.all([get(modelUrl), get('/console/upload_limits').then(l => l.file_bytes)]);
        if (!['draft', 'training', 'ready'].includes(model.status)) throw new Failure('conflict', `A version cannot be added while the model is ${models.statuses[model.status].label.toLowerCase()}`);
        if (!may(versions.create)) throw new Failure('denied', 'Your role doesn\u2019t allow you to add versions');
    } catch (e) {
        if (e.kind === 'ended') throw e;
        return { title, node: h('div', {}, h('h1', { tabindex: -1 }, title), h('div', { role: 'alert' }, notice(e, 'add a version')), h('a', { href: model ? back : '#/models' }, 'Back')) };
    }

    // ---- The file ----

    const fileId = uid('file'), helpId = uid('help'), errorId = uid('error');
    let file = null, sent = null, key = null, stop = null, ended = false;
    const error = h('div', { id: errorId, class: 'wrong', role: 'status' }), chosen = h('p', { class: 'mb-0', role: 'status' });
    const input = h('input', { id: fileId, type: 'file', class: 'form-control', 'aria-required': 'true', 'aria-describedby': `${helpId} ${errorId}`, onchange: () => choose(input.files) });
    function wrong(text) {
        error.textContent = text;
        if (text) input.setAttribute('aria-invalid', 'true'); else input.removeAttribute('aria-invalid');
    }
    const fault = f => !f ? 'Choose a file.' : f.size > limit ? `${f.name} is too large: it has ${size(f.size)}, and a file can have ${size(limit)} (${plural(limit, 'byte', 'bytes')}). Keep a larger one in an object store, and register its address with MLflow.`
        : f.size === 0 ? `${f.name} is empty. Choose a file that has content.` : null;
    function choose(list) {
        if (list.length > 1) { wrong(`Choose one file; ${list.length} were dropped.`); return; }
        file = list[0] ?? null;
        chosen.textContent = file ? `${file.name}, ${size(file.size)}` : '';
        wrong(file ? fault(file) ?? '' : '');
    }
    const drop = h('div', { class: 'drop mb-3' }, h('label', { for: fileId, class: 'form-label' }, 'File', h('span', { class: 'soft' }, ' (required)')), input,
        h('div', { id: helpId, class: 'soft' }, `Choose a file or drop it here: any format, up to ${size(limit)}.`), chosen, error);
    const carries = e => [...e.dataTransfer?.types ?? []].includes('Files');
    drop.addEventListener('dragover', e => { if (carries(e)) { e.preventDefault(); drop.classList.add('over'); } });
    drop.addEventListener('dragleave', e => { if (!drop.contains(e.relatedTarget)) drop.classList.remove('over'); });
    drop.addEventListener('drop', e => {
        if (!carries(e)) return;
        e.preventDefault();
        drop.classList.remove('over');
        if (!stop) choose(e.dataTransfer.files);
    });

    // ---- On its way ----

    const rest = fieldset(fields), blank = JSON.stringify(rest.values());
    const problem = h('div', { role: 'alert' }), words = h('div', { role: 'status', class: 'soft' });
    const bar = h('progress', { max: 100, value: 0, 'aria-label': 'Upload' }), percent = h('span', {});
    const halt = h('button', { type: 'button', class: 'btn btn-outline-secondary', onclick: () => stop?.() }, 'Cancel upload');
    const way = h('div', { class: 'way', hidden: true }, h('div', {}, bar, ' ', percent), words, halt);
    const send = h('button', { type: 'submit', class: 'btn btn-primary' }, 'Upload version');
    const values = () => Object.fromEntries(Object.entries(rest.values()).filter(([, v]) => v !== null && !(typeof v === 'object' && !Object.keys(v).length)));

    let said = '';
    function told(loaded, total) {
        if (!node.isConnected) { stop?.(); return; }            // one went elsewhere
        const part = total ? Math.floor(100 * loaded / total) : 0, whole = total > 0 && loaded >= total;
        bar.value = part;
        percent.textContent = `${part} %`;
        halt.hidden = whole;                                    // it cannot be taken back from here on
        const step = whole ? 'The file has arrived. Storing it\u2026' : part < 50 ? `Uploading ${file.name}\u2026` : 'More than half is done.';
        if (said !== step) words.textContent = said = step;
    }

    async function submit(event) {
        event.preventDefault();
        if (stop) return;
        const bad = fault(file);
        wrong(bad ?? '');
        problem.replaceChildren();
        if (bad) { rest.check(); input.focus(); return; }
        if (!rest.check()) return;
        // What was sent before goes again as it was.
        const now = JSON.stringify([values(), file.name, file.size, file.lastModified]);
        if (sent?.now !== now || sent.file !== file) { sent = { now, file, body: formOf(values(), file) }; key = nonce(); }
        way.hidden = false;
        // Also while the session is renewed before it goes, or before it goes again.
        const given = new AbortController();
        stop = () => given.abort();
        said = '';
        told(0, sent.body.size);
        send.setAttribute('aria-disabled', 'true');
        halt.focus();
        try {
            const reply = await request('POST', `${modelUrl}/versions`, { body: sent.body, key, via: carrier(told, given.signal) });
            ended = true;
            if (!node.isConnected) return;
            toast('good', `Version ${reply.data.version_number} of \u201c${model.name}\u201d was uploaded`, `${file.name}, ${size(reply.data.artifact.size)}.`, true);
            location.hash = `#/versions/${reply.data.model_id}.${reply.data.version_id}`;
        } catch (e) {
            if (e.kind === 'ended') return;
            explain(e);
        } finally {
            stop = null;
            way.hidden = true;
            send.removeAttribute('aria-disabled');
        }
    }
    function explain(e) {
        const { first, rest: others } = rest.tell(e);
        const said = (heading, text) => problem.replaceChildren(h('div', { class: 'note note-bad inline' }, h('div', {}, h('strong', {}, heading), h('div', {}, text),
            e.requestId && h('div', { class: 'soft' }, `Request ${e.requestId}`))));
        if (e.kind === 'given up') said('The upload was cancelled', 'No version was added, unless the whole file had already arrived. Your input is still here; if you upload it again, it will not be added twice.');
        else if (e.status === 413) said('The file is too large', `The server refused ${size(file.size)}. ${e.message.replace(/\.$/, '')}. Choose a smaller file, or ask whoever operates this server to raise the limit.`);
        else if (e.fields.file) { wrong(`File ${e.fields.file}`); problem.replaceChildren(); input.focus(); }
        else if (first && !others.length) { problem.replaceChildren(); first.focus(); }
        else if (e.kind === 'lost') said('The connection was lost', 'Check the connection, then upload again. If the server already has the version, it will not be added twice.');
        else if (e.kind === 'conflict' || e.kind === 'invalid') said('The version was not added', others.length ? listed(others) : e.message);
        else problem.replaceChildren(notice(e, 'add the version'));
        if (['invalid', 'conflict', 'denied'].includes(e.kind)) sent = null;
        if (!e.fields.file && !first) send.focus();
    }

    const node = h('div', { class: 'narrow' }, h('nav', { 'aria-label': 'Breadcrumb' }, h('a', { href: back }, `\u2190 ${model.name}`)),
        h('h1', { tabindex: -1 }, title),
        h('form', { class: 'panel', novalidate: true, onsubmit: submit }, problem,
            h('p', {}, `The file becomes the newest version of ${model.name}, and its configuration the active one.`),
            drop, rest.node, way,
            h('div', { class: 'foot' }, h('a', { class: 'btn btn-outline-secondary', href: back }, 'Back to the model'), send)));
    return { title, node, dirty: () => !ended && (!!file || JSON.stringify(rest.values()) !== blank) };
}
