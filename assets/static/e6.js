// Keeps an open page current: asks again as often as the answer can change, and only while somebody looks.
"use strict";

const least = 2000;

function decorate(root) {
  for (const time of root.querySelectorAll("time[data-clock]")) {
    const at = new Date(time.dateTime);
    const here = at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit", timeZoneName: "short" });
    if (!time.textContent.includes(here)) time.title = `${here} where you are`;
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
    if (main.innerHTML !== fresh.innerHTML) {
      main.replaceWith(fresh);
      decorate(fresh);
    }
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
later();
