import { end, test } from './harness.mjs'; await test('x', () => {}); await end();
