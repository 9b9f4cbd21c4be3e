// use.js: how a model is loaded from elsewhere: with MLflow's clients, or with none.
import { h, uid } from './dom.js';
import { get } from './api.js';
import { copier, notice } from './dialog.js';
import { ways } from './mlflow.js';

// A name in Python and in a shell. JSON's escapes are Python's.
const python = text => JSON.stringify(text);
const shell = text => `'${text.replaceAll('\'', '\'\\\'\'')}'`;
// An address of MLflow's ends at the first of these, or is cut there: such names are asked for.
const awkward = name => /[?#/@]/.test(name);

const setting = () => `export MLFLOW_REGISTRY_URI=${new URL('.', location.href).href.replace(/\/$/, '')}
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

// of(object): {name, number} as MLflow has them; a model has no number.
export async function use(of, object, refresh) {
    const { name, number } = of(object), id = uid('use');
    const body = h('div', {});
    const block = (title, text) => {
        const pre = h('pre', { tabindex: 0, role: 'region', 'aria-label': title }, h('code', {}, text));
        return h('div', { class: 'snippet' }, h('div', { class: 'head' }, h('h3', { class: 'h6' }, title), copier(title, text, pre)), pre);
    };
    function show(all, way) {
        const choiceId = uid('way');
        const blocks = h('div', {});
        const fill = chosen => blocks.replaceChildren(block('Python', loading(name, chosen)), block('Any HTTP client', asking(name, chosen)));
        fill(way);
        body.replaceChildren(h('p', {}, 'Load it with an MLflow client (2.x or 3.x) or with any HTTP client. Any user name works; the password is an API key. The registry only tells clients where the files are; clients read them from the place that the version was registered from.'),
            block('Environment (set once)', setting()),
            h('div', { class: 'mb-3' }, h('label', { for: choiceId, class: 'form-label' }, 'Load'),
                h('select', { id: choiceId, class: 'form-select', onchange: e => fill(all[e.target.value]) }, all.map((w, i) => h('option', { value: i }, w.text)))), blocks);
    }
    try {
        const all = await ways(get, name, number);
        if (!all.length) return null;
        show(all, all[0]);
    } catch (e) {
        if (e.kind === 'ended') throw e;
        body.append(h('div', { role: 'alert' }, notice(e, false, refresh)));
    }
    return h('section', { class: 'panel', 'aria-labelledby': id }, h('h2', { id, class: 'h5' }, number === undefined ? 'Use this model' : 'Use this version'), body);
}
