// Keeps an open page current: asks again as often as the answer can change, and only while somebody looks.
"use strict";

const least = 2000;
let shown = Date.now();

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

async function refresh() {
  try {
    const response = await fetch(location.pathname, { headers: { accept: "text/html" } });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const main = document.querySelector("main");
    const fresh = page.querySelector("main");
    if (!main || !fresh) return;
    document.title = page.title;
    document.documentElement.dataset.refresh = page.documentElement.dataset.refresh;
    main.replaceWith(fresh);
    shown = Date.now();
    decorate(fresh);
  } catch {
    // Offline: what is shown says how old it is, and the next try comes by itself.
  }
}

function later() {
  const wait = Math.max(least, Number(document.documentElement.dataset.refresh) * 1000 || 60000);
  setTimeout(async () => {
    if (!document.hidden) await refresh();
    later();
  }, wait);
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
decorate(document);
setInterval(age, 15000);
later();
