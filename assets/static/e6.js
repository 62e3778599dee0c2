// Keeps an open page current: hears of each new answer and shows it; asks by itself where it cannot listen.
"use strict";

const least = 2000;
// A page whose stream says nothing for this long is fetched all the same: the stream may be dead, and the page gets old.
const quiet = 5 * 60000;
const main = () => document.querySelector("main");
// When the page was made, and when it was last fetched.
let made = Math.min(Date.now(), Date.parse(document.lastModified));
let fetched = Date.now();
let work = Promise.resolve();

// What the server cannot know, in the page's language.
const language = document.documentElement.lang;
const words = document.querySelector("#words").dataset;

// Minutes that a time is ahead of UTC, by what its text ends with.
function offset(text) {
  const [, sign, hours, minutes] = text.match(/([+-])(\d\d):(\d\d)$/) ?? [0, "+", 0, 0];
  return Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes));
}

// After the time of a game the reader's, where the clocks there show another.
function decorate(root) {
  for (const time of root.querySelectorAll(".reason time, .below section time")) {
    const at = new Date(time.dateTime);
    if (offset(time.dateTime) === -at.getTimezoneOffset()) continue;
    const there = offset(time.dateTime) * 60000;
    const day = (shift) => Math.floor((at.getTime() + shift) / 86400000);
    const weekday = day(there) === day(-at.getTimezoneOffset() * 60000) ? undefined : "long";
    const here = at.toLocaleTimeString(language, { weekday, hour: "numeric", minute: "2-digit", hour12: true, timeZoneName: "short" });
    time.append(` (${here} ${words.where})`);
  }
}

// The age as of when the page was made, and the time since then.
function age() {
  const ago = new Intl.RelativeTimeFormat(language);
  for (const span of document.querySelectorAll(".age")) {
    const minutes = Math.floor(Number(span.dataset.seconds) / 60 + (Date.now() - made) / 60000);
    const hours = Math.floor(minutes / 60);
    span.textContent = minutes < 1 ? words.moments : hours < 1 ? ago.format(-minutes, "minute") : ago.format(-hours, "hour");
  }
}

// Whether this site can be heard at all. A page that cannot ask is not wrong yet, but it is getting older.
function contact(lost) {
  const note = document.querySelector("#contact");
  const text = lost ? words.lost : "";
  if (note.textContent !== text) note.textContent = text;
}

// What is worth interrupting somebody for: another word, or one more error. Not each inning.
function news(old, fresh) {
  const text = (root, part) => root.querySelector(part).textContent;
  const changed = (part) => text(old, part) !== text(fresh, part);
  const worth = changed(".verdict") || (fresh.dataset.verdict === "yes" && changed(".reason"));
  return worth && `${text(fresh, ".verdict")}. ${text(fresh, ".reason")}`;
}

// Makes the old tree equal to the fresh one. What has not changed stays: focus, opened details, a drawing that has moved.
function renew(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const kind = (node) => node.nodeName + (node.getAttribute?.("class") ?? "");
  if (kind(old) !== kind(fresh) || !old.attributes) return old.replaceWith(fresh);
  for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  const rest = [...old.childNodes];
  for (const child of [...fresh.childNodes]) {
    const at = rest.findIndex((node) => kind(node) === kind(child));
    if (at < 0) rest.length ? rest[0].before(child) : old.append(child);
    else {
      for (const node of rest.splice(0, at)) node.remove();
      renew(rest.shift(), child);
    }
  }
  for (const node of rest) node.remove();
}

function show(page, since) {
  const [old, fresh] = [main(), page.querySelector("main")];
  if (!fresh) return;
  const said = news(old, fresh);
  if (said) document.querySelector("#news").textContent = said;
  document.title = page.title;
  document.documentElement.dataset.refresh = page.documentElement.dataset.refresh;
  decorate(fresh);
  // The ground is the state: the page's class, the browser's frame and the icon.
  document.documentElement.className = page.documentElement.className;
  for (const part of ["meta[name=theme-color]", "link[type='image/svg+xml']"]) {
    document.querySelectorAll(part).forEach((node) => node.remove());
    document.head.append(...page.querySelectorAll(part));
  }
  renew(old, fresh);
  made = Date.now() - since;
  age();
}

// Milliseconds from when a response was made until it was sent, by the server's clock.
function since({ headers }) {
  const [sent, modified] = ["date", "last-modified"].map((name) => Date.parse(headers.get(name)));
  return Math.max(0, sent - modified) || 0;
}

async function load() {
  fetched = Date.now();
  try {
    const response = await fetch(location.pathname, { headers: { accept: "text/html" }, cache: "no-cache" });
    if (response.ok) show(new DOMParser().parseFromString(await response.text(), "text/html"), since(response));
    contact(!response.ok);
  } catch {
    // What is shown says how old it is, and the next try comes by itself.
    contact(true);
  }
}

// One after the other: an answer that came while another was fetched may be on the page already.
function refresh(unless = () => false) {
  work = work.then(() => unless() || load());
  return work;
}

// A page that nobody sees waits until somebody does, but for another word: that is in its title.
let word;
const events = new EventSource("/events");
events.addEventListener("answer", ({ data, lastEventId }) => {
  const { answer } = JSON.parse(data);
  const changed = answer !== word;
  word = answer;
  if (changed || !document.hidden) refresh(() => main().dataset.version === lastEventId);
});
// A stream ends now and then, and the browser opens it again by itself. Where it cannot, a look at the page tells whether
// the site is gone or only the stream.
let failures = 0;
events.addEventListener("open", () => {
  failures = 0;
  contact(false);
});
events.addEventListener("error", () => ++failures === 2 && refresh());

function later() {
  const wait = Math.max(least, Number(document.documentElement.dataset.refresh) * 1000 || 60000);
  setTimeout(async () => {
    const current = events.readyState === EventSource.OPEN && Date.now() - fetched < quiet;
    if (!document.hidden && !current) await refresh();
    later();
  }, wait);
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
addEventListener("offline", () => contact(true));
addEventListener("online", () => refresh());
decorate(document);
age();
setInterval(age, 15000);
later();
