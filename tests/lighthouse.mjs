// Lighthouse's scores: reads lines of a device and a URL, and writes a line of JSON for each. All are measured in one
// browser, because starting one takes longer than most pages:
//   node lighthouse.mjs NODE_MODULES
import { createInterface } from 'node:readline';

const modules = process.argv[2];
const { default: lighthouse, desktopConfig } = await import(`${modules}/lighthouse/core/index.js`);
const { launch } = await import(`${modules}/chrome-launcher/dist/index.js`);

const chrome = await launch({ chromeFlags: ['--headless', '--no-sandbox', '--disable-gpu'] });
const onlyCategories = ['performance', 'accessibility', 'best-practices', 'seo'];
try {
  for await (const line of createInterface({ input: process.stdin })) {
    const [device, url] = line.split(' ');
    const config = device === 'desktop' ? desktopConfig : undefined;
    const { lhr } = await lighthouse(url, { port: chrome.port, onlyCategories, logLevel: 'error' }, config);
    const failed = Object.values(lhr.audits).filter((audit) => audit.score === 0).map((audit) => audit.title);
    const scores = Object.fromEntries(Object.entries(lhr.categories).map(([name, { score }]) => [name, score ?? 0]));
    console.log(JSON.stringify({ scores, failed, error: lhr.runtimeError?.message }));
  }
} finally {
  chrome.kill();
}
