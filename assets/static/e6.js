// Keeps an open page current: hears of each new answer and shows it; asks by itself where it cannot listen.
"use strict";

const least = 2000;
const main = () => document.querySelector("main");
let shown = Date.now();
let work = Promise.resolve();

// The ballpark's time, and the reader's where that is another.
function decorate(root) {
  for (const time of root.querySelectorAll("time[data-clock]")) {
    const at = new Date(time.dateTime);
    const here = at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit", timeZoneName: "short" });
    if (!time.textContent.includes(here)) time.append(` (${here} where you are)`);
  }
}

// The age as the server said it, and the time since then, in the server's words.
function age() {
  for (const span of document.querySelectorAll(".age")) {
    const minutes = Math.floor(Number(span.dataset.seconds) / 60 + (Date.now() - shown) / 60000);
    const [count, unit] = minutes < 60 ? [minutes, "minute"] : [Math.floor(minutes / 60), "hour"];
    span.textContent = count < 1 ? "less than a minute ago" : `${count} ${unit}${count === 1 ? "" : "s"} ago`;
  }
}

// What is worth interrupting somebody for: another word, or one more error. Not each inning.
function news(old, fresh) {
  const text = (root, part) => root.querySelector(part).textContent;
  const changed = (part) => text(old, part) !== text(fresh, part);
  const worth = changed(".verdict") || (fresh.dataset.verdict === "yes" && changed(".reason"));
  return worth && `${text(fresh, ".verdict")}. ${text(fresh, ".reason")}`;
}

// A season that has not changed stays where it is, with whatever is focused or opened in it.
function renew(old, fresh) {
  const [kept, same] = [old, fresh].map((root) => root.querySelector(".season"));
  if (kept && same) same.querySelector("details").open = kept.querySelector("details").open;
  if (!kept?.isEqualNode(same)) return old.replaceWith(fresh);
  const nodes = [...fresh.childNodes];
  const at = nodes.indexOf(same);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  old.className = fresh.className;
  for (const node of [...old.childNodes]) if (node !== kept) node.remove();
  kept.before(...nodes.slice(0, at));
  kept.after(...nodes.slice(at + 1));
}

function show(page) {
  const [old, fresh] = [main(), page.querySelector("main")];
  if (!fresh) return;
  // The ball flies once, when it happens.
  if (fresh.dataset.verdict === "yes" && old.dataset.verdict !== "yes") fresh.querySelector(".throw").src += "#play";
  const said = news(old, fresh);
  if (said) document.querySelector("#news").textContent = said;
  document.title = page.title;
  document.documentElement.dataset.refresh = page.documentElement.dataset.refresh;
  renew(old, fresh);
  shown = Date.now();
  decorate(main());
}

async function load() {
  try {
    const response = await fetch(location.pathname, { headers: { accept: "text/html" }, cache: "no-cache" });
    if (response.ok) show(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // Offline: what is shown says how old it is, and the next try comes by itself.
  }
}

// One after the other: an answer that came while another was fetched may be on the page already.
function refresh(unless = () => false) {
  work = work.then(() => unless() || load());
  return work;
}

const events = new EventSource("/events");
events.addEventListener("answer", ({ data, lastEventId }) => {
  const changed = JSON.parse(data).answer !== main().querySelector(".verdict").textContent;
  if (changed || !document.hidden) refresh(() => main().dataset.version === lastEventId);
});

function later() {
  const wait = Math.max(least, Number(document.documentElement.dataset.refresh) * 1000 || 60000);
  setTimeout(async () => {
    if (!document.hidden && events.readyState !== EventSource.OPEN) await refresh();
    later();
  }, wait);
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
decorate(document);
setInterval(age, 15000);
later();
