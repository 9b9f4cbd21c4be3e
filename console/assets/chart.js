// chart.js: drawing with Chart.js, in the colours of the sheet, and again when light turns to dark.

// Ten colours that stand apart from the ground, light or dark.
const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return { ink: style.getPropertyValue('--ink').trim(), line: style.getPropertyValue('--line').trim(), ground: style.getPropertyValue('--panel').trim(),
        series: Array.from({ length: 10 }, (_, i) => style.getPropertyValue(`--series-${i}`).trim()) };
};

const drawn = new Map();             // canvas -> what lets go of it
// type and set(colours) -> {data, scales, plugins} are as Chart.js has them. -> a function that draws anew what
// set() gives by then. Throws where the library cannot be loaded.
export async function plot(canvas, type, set) {
    // A classic script that also runs as a module: it leaves Chart in the global scope.
    await import('../vendor/chart.js/chart.min.js');
    const { Chart } = globalThis;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    let chart = null;
    for (const [old, letGo] of drawn) if (!old.isConnected) letGo();
    drawn.set(canvas, () => { chart?.destroy(); dark.removeEventListener('change', draw); drawn.delete(canvas); });
    // Drawn when it is in the page and has a size.
    const draw = () => {
        chart?.destroy();
        chart = null;
        if (!canvas.isConnected) { drawn.get(canvas)?.(); return; }
        const c = colours(), { data, scales: { x, y }, plugins } = set(c);
        const axis = a => ({ ...a, grid: { color: c.line, borderColor: c.line, ...a.grid }, ticks: { color: c.ink, ...a.ticks } });
        chart = new Chart(canvas, { type, data, options: {
            animation: false, responsive: true, maintainAspectRatio: false, color: c.ink, font: { family: 'system-ui, sans-serif' },
            interaction: { mode: 'index', intersect: false }, scales: { x: axis(x), y: axis(y) }, plugins: plugins(c),
        } });
    };
    dark.addEventListener('change', draw);
    requestAnimationFrame(draw);
    return draw;
}
