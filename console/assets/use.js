// use.js: how a model is used from elsewhere: with MLflow's clients, or by this server's own API.
import { h, spinner, uid } from './dom.js';
import { get } from './api.js';
import { copier, notice } from './dialog.js';
import { located, ways } from './mlflow.js';

// A name in Python and in a shell. JSON's escapes are Python's.
const python = text => JSON.stringify(text);
const shell = text => `'${text.replaceAll('\'', '\'\\\'\'')}'`;
// An address of MLflow's ends at the first of these, or is cut there: such names are asked for.
const awkward = name => /[?#/@]/.test(name);

const setting = () => `export MLFLOW_REGISTRY_URI=${here()}
export MLFLOW_TRACKING_USERNAME=me
export MLFLOW_TRACKING_PASSWORD=YOUR_API_KEY`;
const loading = (name, way) => awkward(name) ? `import mlflow

client = mlflow.MlflowClient()
version = client.${way.alias ? `get_model_version_by_alias(${python(name)}, ${python(way.alias)})` : `get_model_version(${python(name)}, ${python(way.version)})`}
model = mlflow.pyfunc.load_model(
    client.get_model_version_download_uri(version.name, version.version))` : `import mlflow

model = mlflow.pyfunc.load_model(${python(`models:/${name}${way.alias ? `@${way.alias}` : `/${way.version}`}`)})`;
const asking = (name, way) => `curl --get "$MLFLOW_REGISTRY_URI/api/2.0/mlflow/${way.alias ? 'registered-models/alias' : 'model-versions/get'}" \\
  --user "$MLFLOW_TRACKING_USERNAME:$MLFLOW_TRACKING_PASSWORD" \\
  --data-urlencode ${shell(`name=${name}`)} \\
  --data-urlencode ${shell(way.alias ? `alias=${way.alias}` : `version=${way.version}`)}`;

const here = () => new URL('.', location.href).href.replace(/\/$/, '');
function block(title, text) {
    const pre = h('pre', { tabindex: 0, role: 'region', 'aria-label': title }, h('code', {}, text));
    return h('div', { class: 'snippet' }, h('div', { class: 'head' }, h('h3', { class: 'h6' }, title), copier(title, text, pre)), pre);
}

// What is there for when it is wanted: made when it is opened, and then open on other pages too. fill() -> its content.
const opened = new Set();
async function folded(title, fill) {
    const id = uid('fold'), body = h('div', { class: 'mt-3' });
    let begun = false;
    async function make() {
        begun = true;
        body.replaceChildren(spinner('Loading'));
        try { body.replaceChildren(...await fill()); } catch (e) { if (e.kind !== 'ended') body.replaceChildren(h('div', { role: 'alert' }, notice(e, false, make))); }
    }
    const box = h('details', { open: opened.has(title), ontoggle: () => {
        if (!box.open) { opened.delete(title); return; }
        opened.add(title);
        if (!begun) make();
    } }, h('summary', {}, h('h2', { id, class: 'h5' }, title)), body);
    if (box.open) await make();
    return h('section', { class: 'panel fold', 'aria-labelledby': id }, box);
}

// of(object): {name, number} as MLflow has them; a model has no number.
export function use(of, object) {
    const { name, number } = of(object);
    return folded(number === undefined ? 'Use this model' : 'Use this version', async () => {
        const all = await ways(get, name, number);
        if (!all.length) return [h('p', { class: 'soft mb-0' }, 'There is no version to load yet.')];
        const choiceId = uid('way'), blocks = h('div', {});
        const there = new Map(await Promise.all([...new Set(all.map(w => w.version))].map(async v => [v, await located(get, name, v)])));
        const fill = chosen => blocks.replaceChildren(there.get(chosen.version) ? block('Python', loading(name, chosen))
            : h('p', {}, `MLflow\u2019s clients cannot load version ${chosen.version}: it was not registered with one of them, so they cannot find its files. A file that was uploaded here can be downloaded with the commands under \u201cUse the API\u201d.`),
        block('Any HTTP client', asking(name, chosen)));
        fill(all[0]);
        return [h('p', {}, 'Load it with an MLflow client (2.x or 3.x) or with any HTTP client. Any user name works; the password is an API key. The registry only tells clients where the files are; clients read them from the place that the version was registered from.'),
            block('Environment (set once)', setting()),
            h('div', { class: 'mb-3' }, h('label', { for: choiceId, class: 'form-label' }, 'Load'),
                h('select', { id: choiceId, class: 'form-select', onchange: e => fill(all[e.target.value]) }, all.map((w, i) => h('option', { value: i }, w.text)))), blocks];
    });
}

// ---- This server's own API --------------------------------------------------------------------

const bearer = '-H "Authorization: Bearer $THAW_TOKEN"';
const asked = (path, method) => `request = urllib.request.Request(
    os.environ["THAW_URL"] + ${path},${method ? `
    method="${method}",` : ''}
    headers={"Authorization": "Bearer " + os.environ["THAW_TOKEN"]})
with urllib.request.urlopen(request) as answer:`;
const inset = text => text.replaceAll('\n', '\n    ');
// Of a deed its two languages; file: {path, name, sha256} of a version, moves: [method, path] one after the other.
const reading = path => ({
    curl: `curl -fsS "$THAW_URL${path}" ${bearer}`,
    Python: `import json, os, urllib.request

${asked(python(path))}
    print(json.dumps(json.load(answer), indent=2))`,
});
const loadingFile = file => ({
    curl: `curl -fsS "$THAW_URL${file.path}" ${bearer} -o ${file.name}
echo "${file.sha256}  ${file.name}" | sha256sum --check`,
    Python: `import hashlib, os, urllib.request

${asked(python(file.path))}
    content = answer.read()
assert hashlib.sha256(content).hexdigest() == "${file.sha256}"
with open(${python(file.name)}, "wb") as file:
    file.write(content)`,
});
const moving = moves => ({
    curl: moves.map(path => `curl -fsS -X POST "$THAW_URL${path}" ${bearer}`).join(' &&\n'),
    Python: `import json, os, urllib.request

for path in [${moves.map(python).join(', ')}]:
    ${inset(asked('path', 'POST'))}
        print(json.load(answer)["status"])`,
});

// of(object) -> {what, read, file, moves}, or a promise of it: what there is to do with it, as above.
export const useApi = (of, object) => folded('Use the API', async () => {
    const { what, read, file, moves } = await of(object);
    const choiceId = uid('language'), blocks = h('div', {});
    const deeds = [[`Get this ${what}`, reading(read)], file && [`Download the file of version ${file.number}`, loadingFile(file)], moves && [moves.text, moving(moves.paths)]].filter(Boolean);
    const fill = language => blocks.replaceChildren(...deeds.map(([text, by]) => block(text, by[language])));
    fill('curl');
    return [h('p', {}, 'These work as they are once the address and an API key are set. ', h('a', { href: 'docs' }, 'The documentation'), ' has the rest of the API.'),
        block('Address and key (set once)', `export THAW_URL=${here()}\nexport THAW_TOKEN=YOUR_API_KEY`),
        h('div', { class: 'mb-3' }, h('label', { for: choiceId, class: 'form-label' }, 'Language'),
            h('select', { id: choiceId, class: 'form-select', onchange: e => fill(e.target.value) }, ['curl', 'Python'].map(l => h('option', { value: l }, l === 'curl' ? 'Shell (curl)' : 'Python, without packages')))), blocks];
});
