// keys.js: the keys of the whole console, and the button beside them.
import { h } from './dom.js';
import { user } from './api.js';
import { search, shortcuts } from './search.js';

export const mac = /Mac|iP(?:hone|ad|od)/.test(navigator.platform);

export function searchButton() {
    return h('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', 'aria-keyshortcuts': mac ? 'Meta+K' : 'Control+K', onclick: search }, 'Search',
        h('kbd', { class: 'd-none d-md-inline', 'aria-hidden': 'true' }, mac ? '\u2318K' : 'Ctrl K'));
}

// Keys of one letter are in the way of who speaks to the machine: they can be switched off, in this browser.
export const OFF = 'thaw-single-keys-off';
export const single = () => { try { return localStorage.getItem(OFF) === null; } catch { return true; } };

const writing = e => e.target.closest?.('input, textarea, select, [contenteditable], [role=textbox]');
addEventListener('keydown', e => {
    if (!user() || e.isComposing || e.defaultPrevented) return;
    if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.key.toLowerCase() === 'k') {
        e.preventDefault();                              // a browser's own search
        search();
        return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey || writing(e) || !single() || document.querySelector('dialog[open]')) return;
    const field = document.querySelector('main input[type=search]');
    if (e.key === '?') { e.preventDefault(); shortcuts(); }
    else if (e.key === '/' && field) { e.preventDefault(); field.focus(); field.select(); }
});
